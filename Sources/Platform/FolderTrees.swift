// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// Folders inside folders that a walk goes down: each costs a descriptor and some stack, and a stranger decides how
/// deep it is.
public let maximumFolderDepth = 256

extension Folder {
    /// What is at a path inside this folder: each folder on the way is opened, never a symlink followed. `nil` when
    /// it, or a folder on the way, is not there or is no folder.
    public func find(_ path: FilePath) throws(FileError) -> (folder: any Folder, name: FilePath.Component)? {
        guard let name = path.lastComponent else { return nil }
        guard let folder = try folder(at: path.removingLastComponent()) else { return nil }
        return (folder, name)
    }

    /// The folder at a path inside this one, itself for an empty path; see ``find(_:)``.
    public func folder(at path: FilePath) throws(FileError) -> (any Folder)? {
        var folder: any Folder = self
        for name in path.components {
            do {
                folder = try folder.folder(name)
            } catch  where [.notFound, .notDirectory, .isSymlink].contains(error.code) {
                return nil
            }
        }
        return folder
    }

    /// `nil` when nothing is there; see ``find(_:)``.
    public func attributes(at path: FilePath) throws(FileError) -> FileAttributes? {
        guard let (folder, name) = try find(path) else { return path.isEmpty ? try attributes() : nil }
        return try folder.attributes(of: name)
    }

    /// Removes a file, a symlink (never what it points at) or a folder with everything in it. What cannot be removed is
    /// answered, the rest goes all the same; at most a hundred are named. Absent is fine, also halfway.
    ///
    /// What is mounted inside is somebody's, not the folder's: it stays, as `mountPoint`.
    public func removeTree(_ name: FilePath.Component) -> [FileError] {
        var walk = Removal(top: self)
        walk.remove(name, in: self, device: nil, depth: 0)
        while let (name, device) = walk.moved.popLast() { walk.remove(name, in: self, device: device, depth: 0) }
        return walk.failures
    }
}

/// One removal of a tree, which goes on where something cannot be removed.
private struct Removal {
    let top: any Folder
    var failures: [FileError] = []
    /// Folders that were too deep and lie in ``top`` now, each with the device that the removal began on.
    var moved: [(name: FilePath.Component, device: UInt64)] = []

    private mutating func note(_ error: FileError) {
        if failures.count < 100 { failures.append(error) }
    }

    /// `device` is that of the folder that the removal began with.
    mutating func remove(_ name: FilePath.Component, in parent: any Folder, device: UInt64?, depth: Int) {
        do throws(FileError) {
            guard let found = try parent.attributes(of: name) else { return }
            guard found.kind == .directory else { return try parent.remove(name) }
            let device = device ?? found.device
            guard !found.isMountPoint, found.device == device else {
                throw FileError(.mountPoint, operation: "remove", path: parent.path.appending(name))
            }
            if depth >= maximumFolderDepth { return try moveUp(name, in: parent, device: device) }
            // A folder that its owner may not write to is theirs all the same.
            let folder = try parent.ownFolder(name)
            guard try folder.attributes().device == device else {
                throw FileError(.mountPoint, operation: "remove", path: parent.path.appending(name))
            }
            let before = failures.count
            empty(folder, device: device, depth: depth)
            // Why it is not empty has been said.
            if failures.count == before { try parent.remove(name) }
        } catch {
            note(error)
        }
    }

    private mutating func empty(_ folder: any Folder, device: UInt64, depth: Int) {
        do throws(FileError) {
            let listing = try folder.list()
            for index in listing.indices {
                remove(listing.component(index), in: folder, device: device, depth: depth + 1)
            }
        } catch {
            note(error)
        }
    }

    /// Deeper than descriptors and stack should have to reach: it goes up, and is removed from there afterwards.
    private mutating func moveUp(
        _ name: FilePath.Component, in parent: any Folder, device: UInt64
    ) throws(FileError) {
        let temporary = FilePath.Component("\(UInt64.random(in: 0 ... .max)).deep") ?? name
        try parent.rename(name, to: temporary, in: top)
        moved.append((temporary, device))
    }
}
