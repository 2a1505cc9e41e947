// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The account that this process works as.
public struct Account: Sendable, Hashable {
    public static let root: UInt32 = 0

    public var user: UInt32
    /// All groups that it is in.
    public var groups: Set<UInt32>

    public init(user: UInt32, groups: Set<UInt32>) {
        self.user = user
        self.groups = groups
    }

    public static var current: Account {
        let count = max(0, getgroups(0, nil))
        var groups = [gid_t](repeating: 0, count: Int(count))
        let filled = max(0, getgroups(count, &groups))
        return Account(user: geteuid(), groups: Set(groups.prefix(Int(filled)) + [getegid()]))
    }

    /// What a file that this account makes cannot have of another's owner and group: only root gives files away, and
    /// everybody else may put their own into their groups.
    public func cannotGive(owner: UInt32, group: UInt32) -> Set<FileMetadata.Part> {
        if user == Self.root { return [] }
        var parts: Set<FileMetadata.Part> = []
        if owner != user { parts.insert(.owner) }
        if !groups.contains(group) { parts.insert(.group) }
        return parts
    }
}
