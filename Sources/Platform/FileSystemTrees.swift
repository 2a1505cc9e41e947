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

    /// Removes a file, a symlink (never what it points at) or a folder with everything in it.
    /// Absent is fine, also halfway: it can be called again after a crash at any point.
    ///
    /// What is mounted inside is somebody's, not the folder's: there it stops and throws `mountPoint`.
    public func removeTree(_ path: FilePath) throws(FileError) {
        guard let found = try attributes(of: path) else { return }
        try removeTree(path, found, device: found.device)
    }

    private func removeTree(_ path: FilePath, _ found: FileAttributes, device: UInt64) throws(FileError) {
        guard found.kind == .directory else { return try remove(path) }
        guard !found.isMountPoint, found.device == device else {
            throw FileError(.mountPoint, operation: "remove", path: path.string)
        }
        if found.permissions & 0o700 != 0o700 { try setPermissions(found.permissions | 0o700, of: path) }
        for name in try entries(of: path) {
            let inside = path.appending(name)
            if let found = try attributes(of: inside) { try removeTree(inside, found, device: device) }
        }
        try remove(path)
    }

    /// Where a chain of symlinks at `path` itself ends; symlinks in the folders above are left to the system. Nothing
    /// need be there. `isSymlink` when there is no end to it.
    public func followingLinks(_ path: FilePath) throws(FileError) -> FilePath {
        var place = path
        for _ in 0..<40 {
            guard try attributes(of: place)?.kind == .symlink else { return place }
            place = place.removingLastComponent().pushing(FilePath(try destination(ofLink: place)))
        }
        throw FileError(.isSymlink, operation: "follow the link", path: path.string)
    }

    /// Copies a file, symlink or folder with everything in it; `exists` when something is at `destination`.
    /// Devices, sockets and pipes are refused. Not durable until synced.
    public func copyTree(_ source: FilePath, to destination: FilePath) throws(FileError) {
        guard let found = try attributes(of: source) else {
            throw FileError(.notFound, operation: "copy", path: source.string)
        }
        switch found.kind {
        case .file: try copyFile(source, to: destination)
        case .symlink: try makeLink(at: destination, to: try self.destination(ofLink: source))
        case .directory:
            try makeDirectory(destination, permissions: found.permissions | 0o700)
            for name in try entries(of: source) {
                try copyTree(source.appending(name), to: destination.appending(name))
            }
            if found.permissions & 0o700 != 0o700 { try setPermissions(found.permissions, of: destination) }
        case .other: throw FileError(.notSupported, operation: "copy", path: source.string)
        }
    }
}
