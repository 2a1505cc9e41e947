// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

extension FileSystem {
    public func exists(_ path: FilePath) throws(FileError) -> Bool {
        try attributes(of: path) != nil
    }

    /// Whatever is below a folder and is none itself, relative to it with `/`, sorted. Symlinks are not followed.
    public func files(below folder: FilePath) throws(FileError) -> [String] {
        var found: [String] = []
        var queue = [""]
        while let parent = queue.popLast() {
            for name in try entries(of: parent.isEmpty ? folder : folder.appending(parent)) {
                let path = parent.isEmpty ? name : "\(parent)/\(name)"
                let isFolder = try attributes(of: folder.appending(path))?.kind == .directory
                if isFolder { queue.append(path) } else { found.append(path) }
            }
        }
        return found.sorted()
    }

    /// Makes the folder and those above it that are missing. A symlink to a folder counts as one.
    public func makeDirectories(_ path: FilePath, permissions: UInt16 = 0o755) throws(FileError) {
        if path.isEmpty { return }
        do {
            try makeDirectoryUnlessThere(path, permissions: permissions)
        } catch  where error.code == .notFound {
            let above = path.removingLastComponent()
            guard !above.isEmpty, above != path else { throw error }
            try makeDirectories(above, permissions: permissions)
            // Once: some file systems (`/proc`) say the same of a place whose folder is there.
            try makeDirectoryUnlessThere(path, permissions: permissions)
        }
    }

    private func makeDirectoryUnlessThere(_ path: FilePath, permissions: UInt16) throws(FileError) {
        do {
            try makeDirectory(path, permissions: permissions)
        } catch  where error.code == .exists {
            // `path/.` is looked up through a symlink at `path` itself.
            guard try attributes(of: FilePath(path.string + "/."))?.kind == .directory else {
                throw FileError(.notDirectory, operation: "make the folder", path: path.string)
            }
        }
    }

    /// Removes a file, a symlink (never what it points at) or a folder with everything in it; throws what could not be
    /// removed first, after all else is gone. Absent is fine, also halfway: it can be called again after a crash.
    ///
    /// What is mounted inside is somebody's, not the folder's: it stays, and `mountPoint` is thrown.
    public func removeTree(_ path: FilePath) throws(FileError) {
        guard let name = path.lastComponent, try exists(path) else { return }
        if let failure = try folder(following: path.parent).removeTree(name).first { throw failure }
    }

    /// Where a chain of symlinks at `path` itself ends, itself when there is none; nothing need be there. `isSymlink` when
    /// there is no end to it.
    public func followingLinks(_ path: FilePath) throws(FileError) -> FilePath {
        guard try attributes(of: path)?.kind == .symlink else { return path }
        var place = FilePath(root: path.root, [])
        var rest = Array(path.components.reversed())
        var links = 0
        while let name = rest.popLast() {
            // `..` is the folder above the one that was reached, not the one that was named.
            switch name.kind {
            case .currentDirectory: continue
            case .parentDirectory: place.removeLastComponent()
            case .regular:
                let next = place.appending(name)
                guard try attributes(of: next)?.kind == .symlink else {
                    place = next
                    continue
                }
                links += 1
                guard links <= 40 else { throw FileError(.isSymlink, operation: "follow the link", path: path) }
                let destination = FilePath(try destination(ofLink: next))
                if destination.isAbsolute { place = FilePath(root: destination.root, []) }
                rest += destination.components.reversed()
            }
        }
        return place
    }

    /// Opens a folder to work in it by descriptor, also where `path` is a symlink to one.
    public func folder(following path: FilePath) throws(FileError) -> any Folder {
        do {
            return try folder(path)
        } catch  where [.isSymlink, .notDirectory].contains(error.code) {
            // `path/.` is looked up through a symlink at `path` itself.
            return try folder(path.appending("."))
        }
    }

    public func folder(withoutLinks path: FilePath) throws(FileError) -> any Folder { try folder(stepwise: path) }

    /// One folder after the other, for systems that cannot do it in one call; each has to be readable.
    func folder(stepwise path: FilePath) throws(FileError) -> any Folder {
        guard let root = path.root else { throw FileError(.notSupported, operation: "open the folder", path: path) }
        var folder = try folder(FilePath(root: root, []))
        for name in path.lexicallyNormalized().components {
            do {
                folder = try folder.folder(name)
            } catch  where error.code == .notDirectory {
                guard try folder.attributes(of: name)?.kind == .symlink else { throw error }
                throw FileError(.isSymlink, operation: "open the folder", path: folder.path.appending(name))
            }
        }
        return folder
    }

    /// ``Folder/copyTree(_:as:in:check:)`` between two paths, whose last names are never followed. Devices, sockets and pipes
    /// are refused, after all else is copied.
    public func copyTree(_ source: FilePath, to destination: FilePath) throws(FileError) {
        guard let name = source.lastComponent, let other = destination.lastComponent else {
            throw FileError(.notSupported, operation: "copy \(source.readable) to", path: destination)
        }
        let copy = try folder(following: source.parent)
            .copyTree(name, as: other, in: try folder(following: destination.parent))
        if let special = copy.leftOut.first {
            throw FileError(.notSupported, operation: "copy", path: source.pushing(special))
        }
    }
}
