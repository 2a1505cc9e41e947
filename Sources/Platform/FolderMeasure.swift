// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// How many things of each kind a file, symlink or folder is with everything in it. A whole copy has the same.
public struct TreeContent: Codable, Sendable, Hashable {
    public var files = 0
    public var folders = 0
    public var symlinks = 0
    /// Sum of the files' sizes; each hard link counts.
    public var bytes: Int64 = 0

    public init() {}

    /// Devices, sockets and pipes are not counted: no copy has them.
    public var count: Int { files + folders + symlinks }

    mutating func add(_ found: FileAttributes) {
        switch found.kind {
        case .file:
            files += 1
            bytes += found.size
        case .directory: folders += 1
        case .symlink: symlinks += 1
        case .other: break
        }
    }
}

/// What ``Folder/measureTree(_:check:)`` found.
public struct TreeMeasure: Sendable {
    public var content = TreeContent()
    /// Bytes on the disk: holes count nothing, a file with several names once.
    public var allocated: Int64 = 0
    /// Devices, sockets and pipes, which a copy leaves out; relative to what was measured, at most a hundred.
    public var leftOut: [FilePath] = []

    public init() {}
}

/// A walk's list of names that a stranger could make as long as they like.
let maximumNamedEntries = 100
/// Files with several names that a walk remembers.
let maximumLinkedFiles = 1 << 20

extension Folder {
    /// Measures a file, symlink or folder with everything in it; nothing where there is nothing. `check` is asked before each
    /// entry. `mountPoint` where something is mounted inside, or at it; `tooLarge` when folders lie in each other deeper than
    /// ``maximumFolderDepth``.
    public func measureTree(
        _ name: FilePath.Component, check: () throws(FileError) -> Void = { () throws(FileError) in }
    ) throws(FileError) -> TreeMeasure {
        var walk = Measuring()
        guard let found = try attributes(of: name) else { return walk.measure }
        try walk.measure(name, found, in: self, at: FilePath(), depth: 0, device: found.device, check)
        return walk.measure
    }

    /// Opens a folder to go down into. What is mounted there, now or since it was listed, is somebody else's.
    func enter(
        _ name: FilePath.Component, depth: Int, device: UInt64, operation: String
    ) throws(FileError) -> any Folder {
        guard depth < maximumFolderDepth else {
            throw FileError(.tooLarge, operation: "\(operation) folders as deep as", path: path.appending(name))
        }
        let folder = try self.folder(name)
        try folder.attributes().refuseOtherDevice(than: device, operation: operation, folder.path)
        return folder
    }
}

extension FileAttributes {
    func refuseOtherDevice(
        than device: UInt64, operation: String, _ path: @autoclosure () -> FilePath
    ) throws(FileError) {
        guard self.device == device, !isMountPoint else {
            throw FileError(.mountPoint, operation: operation, path: path())
        }
    }
}

private struct Measuring {
    var measure = TreeMeasure()
    private var seen: Set<UInt64> = []

    mutating func measure(
        _ name: FilePath.Component, _ found: FileAttributes, in parent: any Folder, at path: FilePath, depth: Int,
        device: UInt64, _ check: () throws(FileError) -> Void
    ) throws(FileError) {
        try check()
        try found.refuseOtherDevice(than: device, operation: "measure", parent.path.appending(name))
        measure.content.add(found)
        switch found.kind {
        case .file where found.links > 1:
            // Beyond the limit it counts again: rather too much than too little.
            if seen.count < maximumLinkedFiles, !seen.insert(found.inode).inserted { return }
            measure.allocated += found.allocated
        case .file, .symlink: measure.allocated += found.allocated
        case .other:
            if measure.leftOut.count < maximumNamedEntries { measure.leftOut.append(path) }
        case .directory:
            measure.allocated += found.allocated
            let folder: any Folder
            let listing: FolderListing
            do throws(FileError) {
                folder = try parent.enter(name, depth: depth, device: device, operation: "measure")
                listing = try folder.list()
            } catch {
                // What goes away meanwhile takes no space.
                if error.code == .notFound, depth > 0 { return }
                throw error
            }
            for index in listing.indices {
                let child = listing.component(index)
                try measure(
                    child, listing.attributes[index], in: folder, at: path.appending(child), depth: depth + 1,
                    device: device, check)
            }
        }
    }
}
