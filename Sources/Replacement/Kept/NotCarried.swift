// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Something of the customer's that a copy cannot have, or not whole.
public struct NotCarried: Sendable, Hashable {
    public enum What: Sendable, Hashable {
        /// A device, socket or pipe: nothing without the program that made it.
        case special
        /// `chattr +i` or `+a`: it is copied, the mark is not.
        case immutableMark
        /// It is copied without this.
        case part(FileMetadata.Part)
    }

    /// Relative to the application folder.
    public var path: FilePath
    public var what: What

    public init(path: FilePath, what: What) {
        self.path = path
        self.what = what
    }
}
