// SPDX-License-Identifier: Apache-2.0
internal import Platform

/// What a pass of ``CarryOver`` left in the staged folder, so that the next one copies only what changed. Compact: it
/// holds what was listed, folder by folder.
public struct KeptIndex: Sendable {
    /// Nothing is known of the staged folder.
    public static let none = KeptIndex(top: nil)

    let top: KeptFolder?
}

/// One folder of the customer's, as it was when a pass looked at it.
struct KeptFolder: Sendable {
    struct Marks: OptionSet, Sendable {
        var rawValue: UInt8

        /// What it was may change without showing: it was copied in the tick of the clock in which it last changed.
        static let unsure = Marks(rawValue: 1)
        /// It is the live file itself.
        static let linked = Marks(rawValue: 2)
        /// The release's own lies beside it.
        static let displaced = Marks(rawValue: 4)
        /// It is copied without ``KeptFolder/lost``.
        static let lossy = Marks(rawValue: 8)
    }

    /// Looked at before it was listed.
    var own: FileAttributes
    /// Whether a later change of the folder itself must show in ``own``.
    var isOwnSure: Bool
    var ownLost: Set<FileMetadata.Part> = []
    /// Kept entries and folders that lead to some; devices, sockets and pipes among them.
    var listing = FolderListing()
    /// One for each entry.
    var marks: [Marks] = []
    var lost: [Int: Set<FileMetadata.Part>] = [:]
    /// Indices of the folders in ``listing``.
    var directories: [UInt32] = []
    /// One for each of ``directories``.
    var folders: [KeptFolder] = []
    /// Kept files and symlinks.
    var fileCount = 0
    /// Whether there is more to say of it than its files' names.
    var isNotable = false
    /// Whether every change of what is in it shows in the folder's own times: all its files are the live ones themselves.
    var isSealed = true

    init(own: FileAttributes, isOwnSure: Bool) {
        (self.own, self.isOwnSure) = (own, isOwnSure)
    }

    /// For so many entries: arrays that grow take twice their room for a moment.
    mutating func reserve(_ count: Int) {
        listing.reserve(count)
        marks.reserveCapacity(count)
    }

    mutating func append(
        _ name: some Collection<UInt8>, _ attributes: FileAttributes, _ marks: Marks = [],
        lost: Set<FileMetadata.Part> = [], folder: KeptFolder? = nil
    ) {
        if !lost.isEmpty { self.lost[listing.count] = lost }
        if let folder {
            directories.append(UInt32(listing.count))
            folders.append(folder)
        }
        if attributes.kind == .file || attributes.kind == .symlink { fileCount += 1 }
        if attributes.kind == .other || attributes.isImmutable || !marks.isDisjoint(with: [.displaced, .lossy]) {
            isNotable = true
        }
        if marks.contains(.unsure) || (attributes.kind == .file && !marks.contains(.linked)) { isSealed = false }
        listing.append(name, attributes)
        self.marks.append(marks)
    }

    /// The folder that is entry `index` of the listing.
    func folder(at index: Int) -> KeptFolder? {
        var (low, high) = (0, directories.count)
        while low < high {
            let middle = (low + high) / 2
            if directories[middle] < UInt32(index) { low = middle + 1 } else { high = middle }
        }
        return low < directories.count && directories[low] == UInt32(index) ? folders[low] : nil
    }

    func folder(named name: some Collection<UInt8>) -> KeptFolder? {
        listing.index(of: name).flatMap { folder(at: $0) }
    }

    /// Whether entry `index`, which has these attributes now, need not be copied again. Of folders: whether it is one.
    func isUnchanged(_ index: Int, _ now: FileAttributes) -> Bool {
        let before = listing.attributes[index]
        guard before.kind == now.kind else { return false }
        if before.kind == .directory { return true }
        // The staged name holds the inode, so no other file can have its number.
        if marks[index].contains(.linked) { return before.inode == now.inode }
        return !marks[index].contains(.unsure) && now.isUnchanged(since: before)
    }
}

extension FileAttributes {
    /// Whether it is the very same, as far as the file system tells.
    func isUnchanged(since earlier: FileAttributes) -> Bool {
        changed == earlier.changed && modified == earlier.modified && size == earlier.size && inode == earlier.inode
            && kind == earlier.kind && permissions == earlier.permissions && owner == earlier.owner
            && group == earlier.group
    }

    /// Whether it may change once more without showing it, when it was read from some time on, until another if that is
    /// known: the clocks of file systems are coarse. Times that programs set as they like have no part in this.
    func mayChangeUnseen(readFrom start: Int64, until end: Int64? = nil) -> Bool {
        guard changed >= start - tick else { return false }
        return end.map { changed <= $0 + tick } ?? true
    }

    /// Nanoseconds between two moments that the file system tells apart for certain. A time that is no multiple of 10 ms
    /// was taken from a kernel's clock, which ticks at least a hundred times a second; others may be of a file system
    /// that stores two seconds, the coarsest that is in use.
    private var tick: Int64 { changed % 10_000_000 == 0 ? 2_000_000_000 : 50_000_000 }
}
