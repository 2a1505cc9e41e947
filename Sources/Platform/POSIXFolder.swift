// SPDX-License-Identifier: Apache-2.0
internal import CPlatform
internal import Glibc
internal import SystemPackage

/// A folder of ``POSIXFileSystem``.
final class POSIXFolder: Folder {
    let path: FilePath
    private let open: Descriptor

    init(_ open: Descriptor, at path: FilePath) {
        self.open = open
        self.path = path
    }

    var descriptor: Int32 { open.number }

    private func place(_ name: FilePath.Component) -> FilePath { path.appending(name) }

    // MARK: - Looking

    func attributes() throws(FileError) -> FileAttributes {
        var found = cplatform_file()
        _ = try uninterrupted { cplatform_stat(descriptor, "", &found) }.get("look at", path)
        return FileAttributes(found)
    }

    func attributes(of name: FilePath.Component) throws(FileError) -> FileAttributes? {
        var found = cplatform_file()
        switch name.withPlatformString({ name in uninterrupted { cplatform_stat(descriptor, name, &found) } }) {
        case .success: return FileAttributes(found)
        case .failure(ENOENT): return nil
        case .failure(let number): throw FileError(errno: number, operation: "look at", path: place(name))
        }
    }

    func list() throws(FileError) -> FolderListing {
        let names = try names()
        var listing = FolderListing()
        listing.reserve(names.starts.count)
        var found = cplatform_file()
        for start in names.starts {
            let (result, length) = names.bytes.withUnsafeBufferPointer { bytes -> (SystemResult<Int32>, Int) in
                guard let name = bytes.baseAddress?.advanced(by: start) else { return (.failure(ENOENT), 0) }
                return (uninterrupted { cplatform_stat(descriptor, name, &found) }, strlen(name))
            }
            switch result {
            case .success:
                names.bytes.withUnsafeBytes { listing.append($0[start..<start + length], FileAttributes(found)) }
            case .failure(ENOENT): continue
            case .failure(let number): throw FileError(errno: number, operation: "look into", path: path)
            }
        }
        return listing
    }

    /// One after the other, each with the zero at its end; where they start, ascending by name.
    private func names() throws(FileError) -> (bytes: [CChar], starts: [Int]) {
        // A description of its own: the position in it must be nobody else's.
        let again = try uninterrupted { openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
            .get("list the folder", path)
        guard let stream = fdopendir(again) else {
            let number = errno
            Glibc.close(again)
            throw FileError(errno: number, operation: "list the folder", path: path)
        }
        defer { closedir(stream) }
        var (bytes, starts): ([CChar], [Int]) = ([], [])
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    guard strcmp(name, ".") != 0, strcmp(name, "..") != 0 else { return }
                    starts.append(bytes.count)
                    bytes.append(contentsOf: UnsafeBufferPointer(start: name, count: strlen(name) + 1))
                }
            }
        }
        guard errno == 0 else { throw FileError(errno: errno, operation: "list the folder", path: path) }
        bytes.withUnsafeBufferPointer { bytes in
            guard let first = bytes.baseAddress else { return }
            starts.sort { strcmp(first.advanced(by: $0), first.advanced(by: $1)) < 0 }
        }
        return (bytes, starts)
    }

    func folder(_ name: FilePath.Component) throws(FileError) -> any Folder {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK
        return POSIXFolder(try openEntry(name, flags, operation: "open the folder"), at: place(name))
    }

    func ownFolder(_ name: FilePath.Component) throws(FileError) -> any Folder {
        let (entry, place) = (try named(name), place(name))
        let found = try attributes(of: entry, at: place)
        guard found.kind == .directory else {
            throw FileError(errno: found.kind == .symlink ? ELOOP : ENOTDIR, operation: "open the folder", path: place)
        }
        if found.permissions & 0o700 != 0o700 {
            // Only its owner and root may; for others it may be open as it is.
            _ = chmod(entry.name, mode_t(found.permissions & 0o777 | 0o700))
        }
        let flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC
        let opened = uninterrupted { openat(entry.number, ".", flags) }
        return POSIXFolder(Descriptor(try opened.get("open the folder", place)), at: place)
    }

    private func attributes(of open: Descriptor, at path: FilePath) throws(FileError) -> FileAttributes {
        var found = cplatform_file()
        _ = try uninterrupted { cplatform_stat(open.number, "", &found) }.get("look at", path)
        return FileAttributes(found)
    }

    func openForReading(_ name: FilePath.Component) throws(FileError) -> any OpenFile {
        POSIXFile(try openEntry(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, operation: "open"), at: place(name))
    }

    private func openEntry(
        _ name: FilePath.Component, _ flags: Int32, _ mode: mode_t = 0, operation: String
    ) throws(FileError) -> Descriptor {
        let result = name.withPlatformString { name in
            uninterrupted { openat(descriptor, name, flags | O_CLOEXEC, mode) }
        }
        return Descriptor(try result.get(operation, place(name)))
    }

    func destination(ofLink name: FilePath.Component) throws(FileError) -> FilePath {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let result = name.withPlatformString { name in
            uninterrupted { readlinkat(descriptor, name, &buffer, buffer.count - 1) }
        }
        buffer[try result.get("read the link", place(name))] = 0
        return FilePath(platformString: buffer)
    }

    func leadsToFolder(_ name: FilePath.Component) throws(FileError) -> Bool {
        var found = stat()
        switch name.withPlatformString({ name in uninterrupted { fstatat(descriptor, name, &found, 0) } }) {
        case .success: return found.st_mode & S_IFMT == S_IFDIR
        case .failure(ENOENT), .failure(ENOTDIR), .failure(ELOOP): return false
        case .failure(let number): throw FileError(errno: number, operation: "follow the link", path: place(name))
        }
    }

    // MARK: - Metadata

    /// Names an entry whatever its mode, without following it.
    private func named(_ name: FilePath.Component) throws(FileError) -> Descriptor {
        let result = name.withPlatformString { name in uninterrupted { cplatform_open_path(descriptor, name, 0) } }
        return Descriptor(try result.get("look at", place(name)))
    }

    func metadata() throws(FileError) -> FileMetadata { try FileMetadata(of: open, at: path) }

    func metadata(of name: FilePath.Component) throws(FileError) -> FileMetadata {
        try FileMetadata(of: try named(name), at: place(name))
    }

    func metadata(of name: FilePath.Component, if attributes: FileAttributes) throws(FileError) -> FileMetadata? {
        let entry = try named(name)
        let metadata = try FileMetadata(of: entry, at: place(name))
        let found = try self.attributes(of: entry, at: place(name))
        let isSame =
            found.inode == attributes.inode && found.device == attributes.device && found.changed == attributes.changed
        return isSame ? metadata : nil
    }

    func set(_ metadata: FileMetadata) throws(FileError) -> Set<FileMetadata.Part> {
        try metadata.set(on: open, at: path)
    }

    func set(_ metadata: FileMetadata, of name: FilePath.Component) throws(FileError) -> Set<FileMetadata.Part> {
        try metadata.set(on: try named(name), at: place(name))
    }

    func setPermissions(_ permissions: UInt16) throws(FileError) {
        _ = try uninterrupted { fchmod(descriptor, mode_t(permissions)) }.get("set the permissions of", path)
    }

    func setPermissions(_ permissions: UInt16, of name: FilePath.Component) throws(FileError) {
        let entry = try named(name)
        _ = try uninterrupted { chmod(entry.name, mode_t(permissions)) }.get("set the permissions of", place(name))
    }

    // MARK: - Making

    func create(_ name: FilePath.Component, permissions: UInt16) throws(FileError) -> any OpenFile {
        let flags = O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW
        let made = try openEntry(name, flags, mode_t(permissions), operation: "create")
        // The process's umask must not decide.
        _ = try uninterrupted { fchmod(made.number, mode_t(permissions)) }.get("create", place(name))
        return POSIXFile(made, at: place(name))
    }

    func makeFolder(_ name: FilePath.Component, permissions: UInt16) throws(FileError) -> any Folder {
        let result = name.withPlatformString { name in
            uninterrupted { mkdirat(descriptor, name, mode_t(permissions)) }
        }
        _ = try result.get("make the folder", place(name))
        let made = try folder(name)
        try made.setPermissions(permissions)
        return made
    }

    func makeLink(_ name: FilePath.Component, to destination: FilePath) throws(FileError) {
        let result = name.withPlatformString { name in
            destination.withPlatformString { target in uninterrupted { symlinkat(target, descriptor, name) } }
        }
        _ = try result.get("make the link", place(name))
    }

    func hardLink(
        _ name: FilePath.Component, as other: FilePath.Component, in folder: any Folder
    ) throws(FileError) {
        let result = name.withPlatformString { from in
            other.withPlatformString { to in uninterrupted { linkat(descriptor, from, folder.descriptor, to, 0) } }
        }
        _ = try result.get("link \(place(name).readable) as", folder.path.appending(other))
    }

    func copyFile(
        _ name: FilePath.Component, as other: FilePath.Component, in folder: any Folder
    ) throws(FileError) -> CopiedFile {
        let (source, destination) = (place(name), folder.path.appending(other))
        let from = try openEntry(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, operation: "copy")
        let before = try FileMetadata(of: from, at: source)
        guard before.kind == .file else {
            throw FileError(.notSupported, operation: "copy as a file", path: source)
        }
        let made = other.withPlatformString { name in
            uninterrupted {
                openat(folder.descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            }
        }
        let to = Descriptor(try made.get("copy to", destination))
        do {
            try copyContent(from: from, to: to, source: source, destination: destination)
            // The system takes set-user-id and capabilities away before it lets others write: what was read after that is copied
            // without them.
            var metadata = try FileMetadata(of: from, at: source)
            metadata.accessed = before.accessed
            let lost = try metadata.set(on: to, at: destination)
            return CopiedFile(attributes: try attributes(of: to, at: destination), lost: lost)
        } catch {
            _ = other.withPlatformString { unlinkat(folder.descriptor, $0, 0) }
            throw error
        }
    }

    // MARK: - Moving and removing

    func rename(
        _ name: FilePath.Component, to other: FilePath.Component, in folder: any Folder
    ) throws(FileError) {
        let destination = folder.path.appending(other)
        let result = name.withPlatformString { from in
            other.withPlatformString { to in
                uninterrupted { cplatform_rename_noreplace_at(descriptor, from, folder.descriptor, to) }
            }
        }
        // EINVAL: a file system without RENAME_NOREPLACE. Callers hold the installation's lock, so looking first will do.
        if case .failure(EINVAL) = result {
            guard try folder.attributes(of: other) == nil else {
                throw FileError(.exists, operation: "rename \(place(name).readable) to", path: destination)
            }
            return try rename(name, over: other, in: folder)
        }
        _ = try result.get("rename \(place(name).readable) to", destination)
    }

    func rename(
        _ name: FilePath.Component, over other: FilePath.Component, in folder: any Folder
    ) throws(FileError) {
        let result = name.withPlatformString { from in
            other.withPlatformString { to in uninterrupted { renameat(descriptor, from, folder.descriptor, to) } }
        }
        _ = try result.get("rename \(place(name).readable) to", folder.path.appending(other))
    }

    func exchange(
        _ name: FilePath.Component, with other: FilePath.Component, in folder: any Folder
    ) throws(FileError) {
        let result = name.withPlatformString { first in
            other.withPlatformString { second in
                uninterrupted { cplatform_rename_exchange_at(descriptor, first, folder.descriptor, second) }
            }
        }
        let operation = "exchange \(place(name).readable) with"
        if case .failure(EINVAL) = result {
            throw FileError(.notSupported, operation: operation, path: folder.path.appending(other))
        }
        _ = try result.get(operation, folder.path.appending(other))
    }

    func remove(_ name: FilePath.Component) throws(FileError) {
        let result = name.withPlatformString { name in
            var result = uninterrupted { unlinkat(descriptor, name, 0) }
            if case .failure(EISDIR) = result {
                result = uninterrupted { unlinkat(descriptor, name, AT_REMOVEDIR) }
            }
            return result
        }
        switch result {
        case .success, .failure(ENOENT): return
        case .failure: _ = try result.get("remove", place(name))
        }
    }

    func sync() throws(FileError) {
        let result = uninterrupted { fsync(descriptor) }
        // EINVAL: a file system on which folders cannot be synced has nothing to sync.
        if case .failure(EINVAL) = result { return }
        _ = try result.get("sync the folder", path)
    }
}
