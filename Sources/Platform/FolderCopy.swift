// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// What ``Folder/copyTree(_:as:in:check:)`` did.
public struct TreeCopy: Sendable {
    public struct Lost: Sendable, Hashable {
        /// Relative to what was copied; empty for itself.
        public var path: FilePath
        public var parts: Set<FileMetadata.Part>
    }

    /// What the original had while it was copied. A copy that has something else is of an original that changed meanwhile.
    public var content = TreeContent()
    /// What the copy has not got of its original; at most a hundred are named.
    public var lost: [Lost] = []
    /// Devices, sockets and pipes: they are nothing without the program that made them. Relative to what was copied; at
    /// most a hundred are named.
    public var leftOut: [FilePath] = []

    public init() {}

    public var bytes: Int64 { content.bytes }
    public var count: Int { content.count }

    fileprivate mutating func note(lost parts: Set<FileMetadata.Part>, at path: @autoclosure () -> FilePath) {
        if !parts.isEmpty, lost.count < maximumNamedEntries { lost.append(Lost(path: path(), parts: parts)) }
    }
}

extension Folder {
    /// Copies a file, symlink or folder with everything in it, by descriptor, as ``copyFile(_:as:in:)`` copies each file;
    /// files that share an inode share one in the copy, and each folder gets its mode and times after all that is in it.
    /// Nobody but this account can look into the copy of a folder before it is whole. Not durable until synced.
    ///
    /// `check` is asked before each entry. What vanishes meanwhile is left out; what is exchanged meanwhile for something
    /// of another kind is an error. `exists` when something is at the other end; `mountPoint` where something is mounted inside, or
    /// at it; `tooLarge` when folders lie in each other deeper than ``maximumFolderDepth``, or when a million files are open-ended
    /// hard links. After an error what has been copied stays: the caller removes it.
    public func copyTree(
        _ name: FilePath.Component, as other: FilePath.Component, in folder: any Folder,
        check: () throws(FileError) -> Void = { () throws(FileError) in }
    ) throws(FileError) -> TreeCopy {
        guard let found = try attributes(of: name) else {
            throw FileError(.notFound, operation: "copy", path: path.appending(name))
        }
        var copying = Copying(device: found.device)
        let level = Copying.Level(source: self, target: folder, path: FilePath(), depth: 0)
        try copying.copy(name, found, as: other, at: FilePath(), level, check)
        return copying.result
    }
}

private struct Copying {
    /// A folder and what becomes its copy.
    struct Level {
        var source: any Folder
        var target: any Folder
        /// Relative to what is copied.
        var path: FilePath
        var depth: Int
    }

    /// The first copy of a file with several names.
    private struct Linked {
        var folder: FilePath
        var name: FilePath.Component
        /// Names that are still to be met.
        var left: UInt64
    }

    let device: UInt64
    var result = TreeCopy()
    private var linked: [UInt64: Linked] = [:]
    /// The copy of the folder that the walk began with.
    private var top: (folder: any Folder, inode: UInt64)?

    init(device: UInt64) { self.device = device }

    /// `path` is relative to what is copied.
    mutating func copy(
        _ name: FilePath.Component, _ found: FileAttributes, as other: FilePath.Component,
        at path: @autoclosure () -> FilePath, _ level: Level, _ check: () throws(FileError) -> Void
    ) throws(FileError) {
        try check()
        try found.refuseOtherDevice(than: device, operation: "copy", level.source.path.appending(name))
        result.content.add(found)
        switch found.kind {
        case .file: try copyFile(name, found, as: other, at: path(), level)
        case .symlink: try copyLink(name, as: other, at: path(), level)
        case .directory: try copyFolder(name, as: other, at: path(), level, check)
        case .other: if result.leftOut.count < maximumNamedEntries { result.leftOut.append(path()) }
        }
    }

    private mutating func copyFile(
        _ name: FilePath.Component, _ found: FileAttributes, as other: FilePath.Component,
        at path: @autoclosure () -> FilePath, _ level: Level
    ) throws(FileError) {
        if let first = linked[found.inode], let folder = try top?.folder.folder(at: first.folder) {
            try folder.hardLink(first.name, as: other, in: level.target)
            linked[found.inode]?.left -= 1
            if first.left == 1 { linked[found.inode] = nil }
            return
        }
        let copied = try level.source.copyFile(name, as: other, in: level.target)
        result.note(lost: copied.lost, at: path())
        guard found.links > 1, level.depth > 0 else { return }
        guard linked.count < maximumLinkedFiles else {
            throw FileError(.tooLarge, operation: "keep the hard links of", path: level.source.path.appending(name))
        }
        linked[found.inode] = Linked(folder: level.path, name: other, left: found.links - 1)
    }

    private mutating func copyLink(
        _ name: FilePath.Component, as other: FilePath.Component, at path: @autoclosure () -> FilePath, _ level: Level
    ) throws(FileError) {
        let metadata = try level.source.metadata(of: name)
        guard metadata.kind == .symlink else {
            throw FileError(.notSupported, operation: "copy as a link", path: level.source.path.appending(name))
        }
        try level.target.makeLink(other, to: try level.source.destination(ofLink: name))
        // Below the top nobody else can reach the copy. At the top, another account that may write there could put
        // somebody's file in the new link's place, and be given it.
        if level.depth == 0 {
            let (folder, link) = (try level.target.attributes(), try level.target.attributes(of: other))
            guard folder.owner == link?.owner, folder.permissions & 0o022 == 0 else { return }
        }
        result.note(lost: try level.target.set(metadata, of: other), at: path())
    }

    private mutating func copyFolder(
        _ name: FilePath.Component, as other: FilePath.Component, at path: FilePath, _ level: Level,
        _ check: () throws(FileError) -> Void
    ) throws(FileError) {
        let source = try level.source.enter(name, depth: level.depth, device: device, operation: "copy")
        let metadata = try source.metadata()
        let listing = try source.list()
        let target = try level.target.makeFolder(other, permissions: 0o700)
        if top == nil { top = (target, try inode(ofNew: target)) }
        let inner = Level(source: source, target: target, path: path, depth: level.depth + 1)
        // The copy itself, where it is made inside its original.
        for index in listing.indices where listing.attributes[index].inode != top?.inode {
            let child = listing.component(index)
            do throws(FileError) {
                try copy(child, listing.attributes[index], as: child, at: path.appending(child), inner, check)
            } catch {
                guard error.code == .notFound, try source.attributes(of: child) == nil else { throw error }
            }
        }
        result.note(lost: try target.set(metadata), at: path)
    }

    /// Somebody who may write to the folder above could have put a folder of others in the new one's place, to be given it.
    private func inode(ofNew folder: any Folder) throws(FileError) -> UInt64 {
        guard try folder.list().isEmpty else { throw FileError(.exists, operation: "copy to", path: folder.path) }
        return try folder.attributes().inode
    }
}
