// SPDX-License-Identifier: Apache-2.0

/// What kind of thing is at a path; symlinks are never followed.
public enum FileKind: Sendable, Hashable {
    case file
    case directory
    case symlink
    /// A device, socket or pipe.
    case other
}

/// What the file system says of a file, folder or symlink.
public struct FileAttributes: Sendable, Hashable {
    public var kind: FileKind
    /// A folder at which something is mounted, a bind mount included; `false` where the system cannot tell.
    public var isMountPoint: Bool
    /// `chattr +i` or `+a`: not even its owner may change or remove it.
    public var isImmutable: Bool
    /// The low twelve bits of the mode.
    public var permissions: UInt16
    public var owner: UInt32
    public var group: UInt32
    /// Bytes.
    public var size: Int64
    /// Bytes that the content takes up on the disk: fewer than ``size`` in a file with holes.
    public var allocated: Int64
    /// When the content last changed, in nanoseconds since 1970. Programs set it as they like.
    public var modified: Int64
    /// When anything of it last changed, in nanoseconds since 1970. Only the system sets it, from its own clock.
    public var changed: Int64
    /// When it was made, in nanoseconds since 1970; `0` where the file system does not keep it.
    public var born: Int64
    public var inode: UInt64
    public var device: UInt64
    /// Number of hard links.
    public var links: UInt64

    public init(
        kind: FileKind, size: Int64, permissions: UInt16, modified: Int64, inode: UInt64, device: UInt64,
        links: UInt64, isMountPoint: Bool = false, isImmutable: Bool = false, owner: UInt32 = 0, group: UInt32 = 0,
        allocated: Int64? = nil, changed: Int64? = nil, born: Int64 = 0
    ) {
        self.kind = kind
        self.size = size
        self.permissions = permissions
        self.modified = modified
        self.inode = inode
        self.device = device
        self.links = links
        self.isMountPoint = isMountPoint
        self.isImmutable = isImmutable
        self.owner = owner
        self.group = group
        self.allocated = allocated ?? size
        self.changed = changed ?? modified
        self.born = born
    }
}
