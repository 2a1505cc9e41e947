// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// What a release has at a path: all that this target knows of releases.
public struct ReleaseEntry: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// `permissions` are the mode's low nine bits.
        case file(size: Int64, sha256: String, permissions: UInt16)
        case directory(permissions: UInt16)
        case symlink(destination: String)
    }

    /// Relative to the application folder, without `.` and `..`.
    public var path: FilePath
    public var kind: Kind

    public init(path: FilePath, kind: Kind) {
        self.path = path
        self.kind = kind
    }
}
