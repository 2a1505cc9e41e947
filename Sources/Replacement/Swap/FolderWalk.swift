// SPDX-License-Identifier: Apache-2.0
internal import Platform

/// An entry that a walk comes by.
struct WalkedEntry {
    /// Relative to where the walk began, as bytes.
    var path: [UInt8]
    var attributes: FileAttributes
    /// A folder that is not gone into: it is on another device, or too deep.
    var isClosed: Bool
}

extension Folder {
    /// Visits everything in this folder: the names in a folder ascending, what a folder holds right after it.
    func walk(_ visit: (WalkedEntry) throws(FileError) -> Void) throws(FileError) {
        try walk(below: [], device: try attributes().device, depth: 0, visit)
    }

    private func walk(
        below prefix: [UInt8], device: UInt64, depth: Int, _ visit: (WalkedEntry) throws(FileError) -> Void
    ) throws(FileError) {
        let listing = try list()
        for index in listing.indices {
            let found = listing.attributes[index]
            let isFolder = found.kind == .directory
            let isClosed = isFolder && (found.isMountPoint || found.device != device || depth >= maximumFolderDepth)
            let path = prefix + listing.name(index)
            try visit(WalkedEntry(path: path, attributes: found, isClosed: isClosed))
            guard isFolder, !isClosed else { continue }
            let inside = try folder(listing.component(index))
            try inside.walk(below: path + [UInt8(ascii: "/")], device: device, depth: depth + 1, visit)
        }
    }

    /// The bytes on the disk that deleting this folder frees. What has another name elsewhere (kept files that are
    /// written once are hard-linked) frees nothing.
    func bytesToFree() throws(FileError) -> Int64 {
        var sum: Int64 = 0
        try walk { entry throws(FileError) in
            if entry.attributes.kind == .directory || entry.attributes.links == 1 { sum += entry.attributes.allocated }
        }
        return sum
    }
}
