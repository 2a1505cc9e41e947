// SPDX-License-Identifier: Apache-2.0

/// What belongs to a file besides its content.
public struct FileMetadata: Sendable, Hashable {
    /// What a copy may fail to have.
    public enum Part: Sendable, Hashable, Comparable {
        case owner
        case group
        case accessList
        /// An extended attribute, by its name.
        case attribute(String)
    }

    public static let accessListName = "system.posix_acl_access"
    public static let defaultAccessListName = "system.posix_acl_default"
    /// Bound to one inode by the kernel: in another they would be wrong.
    static let boundToInode: Set<String> = ["security.ima", "security.evm"]

    public var kind: FileKind
    public var owner: UInt32
    public var group: UInt32
    /// The low twelve bits of the mode. With an access list its group bits are the list's mask.
    public var permissions: UInt16
    /// Nanoseconds since 1970.
    public var accessed: Int64
    /// Nanoseconds since 1970; `nil` leaves what is there.
    public var modified: Int64?
    /// By name, access lists among them.
    public var attributes: [String: [UInt8]]

    public init(
        kind: FileKind, owner: UInt32, group: UInt32, permissions: UInt16, accessed: Int64 = 0, modified: Int64? = nil,
        attributes: [String: [UInt8]] = [:]
    ) {
        self.kind = kind
        self.owner = owner
        self.group = group
        self.permissions = permissions
        self.accessed = accessed
        self.modified = modified
        self.attributes = attributes
    }

    /// What one class of people (4 read, 2 write, 1 execute) may do with a new version of a file.
    public static func narrowed(_ permissions: UInt16, to had: UInt16) -> UInt16 {
        let mayUse = permissions & had & 6
        let mayExecute = had & 1 != 0 || mayUse & 4 != 0
        return mayUse | (mayExecute ? permissions & 1 : 0)
    }

    /// The permissions for a copy that belongs to another owner or group: nobody may do more with it than before. Without
    /// its owner, set-user-id would give away somebody else's rights; without its group, another group would get
    /// what was that group's, so it gets what everybody has.
    func permissions(without lost: Set<Part>) -> UInt16 {
        var permissions = permissions
        if !lost.isDisjoint(with: [.owner, .group]) { permissions &= 0o1777 }
        if lost.contains(.group) || lost.contains(.accessList) {
            permissions &= ~0o070 | ((permissions & 0o007) << 3)
        }
        return permissions
    }

    /// The access list, with the owning group's entry narrowed when the group is another.
    func accessList(without lost: Set<Part>) -> [UInt8]? {
        guard let bytes = attributes[Self.accessListName] else { return nil }
        guard lost.contains(.group), var list = AccessControlList(bytes) else { return bytes }
        list.narrowOwningGroup()
        return list.bytes
    }
}

/// A POSIX access control list as it is stored: `system.posix_acl_access` and `…_default` (acl(5), version 2).
public struct AccessControlList: Sendable, Hashable {
    public struct Entry: Sendable, Hashable {
        public var tag: UInt16
        /// Read, write, execute as 4, 2, 1.
        public var permissions: UInt16
        /// Of a named user or group.
        public var id: UInt32
    }

    static let user: UInt16 = 0x01
    static let owningGroup: UInt16 = 0x04
    static let mask: UInt16 = 0x10
    static let other: UInt16 = 0x20

    public var entries: [Entry]

    /// `nil` when it is none that is known.
    public init?(_ bytes: [UInt8]) {
        func number(_ at: Int, _ length: Int) -> UInt32 {
            (0..<length).reduce(0) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) }
        }
        guard bytes.count >= 4, (bytes.count - 4).isMultiple(of: 8), number(0, 4) == 2 else { return nil }
        entries = stride(from: 4, to: bytes.count, by: 8).map {
            Entry(tag: UInt16(number($0, 2)), permissions: UInt16(number($0 + 2, 2)), id: number($0 + 4, 4))
        }
    }

    public var bytes: [UInt8] {
        func bytes(_ value: UInt32, _ length: Int) -> [UInt8] {
            (0..<length).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
        }
        return bytes(2, 4)
            + entries.flatMap { bytes(UInt32($0.tag), 2) + bytes(UInt32($0.permissions), 2) + bytes($0.id, 4) }
    }

    mutating func narrowOwningGroup() {
        let others = entries.first { $0.tag == Self.other }?.permissions ?? 0
        for index in entries.indices where entries[index].tag == Self.owningGroup {
            entries[index].permissions &= others
        }
    }

    /// What a file made with this mode in a folder gets from the folder's default list (acl(5), object creation).
    public func inherited(permissions: UInt16) -> AccessControlList {
        var list = self
        let hasMask = entries.contains { $0.tag == Self.mask }
        for index in list.entries.indices {
            let allowed: UInt16 =
                switch list.entries[index].tag {
                case Self.user: permissions >> 6 & 7
                case Self.owningGroup where !hasMask: permissions >> 3 & 7
                case Self.mask: permissions >> 3 & 7
                case Self.other: permissions & 7
                default: 7
                }
            list.entries[index].permissions &= allowed
        }
        return list
    }

    /// What a new version of a file with this list gets, whose own mode is this: nobody may read or write more than they
    /// could; who may read may execute what is made for it.
    public func replaced(permissions: UInt16) -> AccessControlList {
        var list = self
        for index in list.entries.indices {
            let had = list.entries[index].permissions
            list.entries[index].permissions =
                switch list.entries[index].tag {
                case Self.user: permissions >> 6 & 7
                case Self.owningGroup: FileMetadata.narrowed(permissions >> 3 & 7, to: had)
                case Self.other: FileMetadata.narrowed(permissions & 7, to: had)
                // Whom the customer named keeps what the customer gave.
                default: FileMetadata.narrowed(6 | permissions >> 3 & 1, to: had)
                }
        }
        return list
    }

    /// The nine permission bits that a file with this list shows.
    public var permissions: UInt16 {
        func bits(_ tag: UInt16) -> UInt16? { entries.first { $0.tag == tag }?.permissions }
        let group = bits(Self.mask) ?? bits(Self.owningGroup) ?? 0
        return (bits(Self.user) ?? 0) << 6 | group << 3 | (bits(Self.other) ?? 0)
    }
}
