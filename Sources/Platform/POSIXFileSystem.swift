// SPDX-License-Identifier: Apache-2.0
internal import CPlatform
internal import Glibc
public import SystemPackage

/// The machine's own file system. Every call is repeated when a signal interrupts it.
public struct POSIXFileSystem: FileSystem {
    public init() {}

    public func attributes(of path: FilePath) throws(FileError) -> FileAttributes? {
        var found = cplatform_file()
        switch path.withPlatformString({ name in uninterrupted { cplatform_stat(AT_FDCWD, name, &found) } }) {
        case .success: return FileAttributes(found)
        case .failure(ENOENT), .failure(ENOTDIR): return nil
        case .failure(let number): throw FileError(errno: number, operation: "look at", path: path)
        }
    }

    public func folder(_ path: FilePath) throws(FileError) -> any Folder {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK
        return POSIXFolder(try openDescriptor(path, flags, operation: "open the folder"), at: path)
    }

    public func folder(withoutLinks path: FilePath) throws(FileError) -> any Folder {
        let flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK
        let result = path.withPlatformString { path in uninterrupted { cplatform_open_without_links(path, flags) } }
        if case .failure(ENOSYS) = result { return try folder(stepwise: path) }
        return POSIXFolder(Descriptor(try result.get("open the folder", path)), at: path)
    }

    public func entries(of directory: FilePath) throws(FileError) -> [String] {
        guard let stream = directory.withPlatformString({ opendir($0) }) else {
            throw FileError(errno: errno, operation: "list the folder", path: directory.string)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            guard let name else { throw FileError(.badName, operation: "list the folder", path: directory.string) }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw FileError(errno: errno, operation: "list the folder", path: directory.string) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    public func read(_ file: FilePath, limit: Int) throws(FileError) -> [UInt8] {
        // O_NONBLOCK: opening a pipe must not wait for its other end.
        let descriptor = try openDescriptor(file, O_RDONLY | O_NONBLOCK, operation: "read")
        var status = stat()
        _ = try uninterrupted { fstat(descriptor.number, &status) }.get("read", file)
        // One byte more than allowed tells a file that is too large from one that just fits.
        let ceiling = limit == .max ? limit : limit + 1
        let bytes = try readAll(descriptor.number, limit: ceiling, expecting: Int(status.st_size)).get("read", file)
        guard bytes.count <= limit else { throw FileError(.tooLarge, operation: "read", path: file.string) }
        return bytes
    }

    public func destination(ofLink link: FilePath) throws(FileError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let result = link.withPlatformString { name in uninterrupted { readlink(name, &buffer, buffer.count - 1) } }
        let count = try result.get("read the link", link)
        buffer[count] = 0
        guard let text = String(validating: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) else {
            throw FileError(.badName, operation: "read the link", path: link.string)
        }
        return text
    }

    public func openForReading(_ file: FilePath) throws(FileError) -> any OpenFile {
        POSIXFile(try openDescriptor(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK), at: file)
    }

    public func openForWriting(
        _ file: FilePath, permissions: UInt16, resume: Bool
    ) throws(FileError) -> any OpenFile {
        let flags = O_RDWR | O_APPEND | O_NOFOLLOW
        do {
            let descriptor = try openDescriptor(
                file, flags | O_CREAT | O_EXCL, mode_t(permissions), operation: "create")
            // The process's umask must not decide what a release's files may do.
            _ = try uninterrupted { fchmod(descriptor.number, mode_t(permissions)) }.get("create", file)
            return POSIXFile(descriptor, at: file)
        } catch  where error.code == .exists && resume {
            return POSIXFile(try openDescriptor(file, flags, operation: "write"), at: file)
        }
    }

    public func makeDirectory(_ path: FilePath, permissions: UInt16) throws(FileError) {
        _ = try path.withPlatformString { name in uninterrupted { mkdir(name, mode_t(permissions)) } }
            .get("make the folder", path)
        try setPermissions(permissions, of: path)
    }

    public func makeLink(at path: FilePath, to destination: String) throws(FileError) {
        _ = try path.withPlatformString { name in uninterrupted { symlink(destination, name) } }
            .get("make the link", path)
    }

    public func hardLink(_ file: FilePath, as other: FilePath) throws(FileError) {
        let result = file.withPlatformString { from in
            other.withPlatformString { to in uninterrupted { link(from, to) } }
        }
        _ = try result.get("link \(file) as", other)
    }

    public func setPermissions(_ permissions: UInt16, of path: FilePath) throws(FileError) {
        _ = try path.withPlatformString { name in uninterrupted { chmod(name, mode_t(permissions)) } }
            .get("set the permissions of", path)
    }

    public func touch(_ file: FilePath) throws(FileError) {
        _ = try file.withPlatformString { name in
            uninterrupted { utimensat(AT_FDCWD, name, nil, AT_SYMLINK_NOFOLLOW) }
        }.get("set the time of", file)
    }

    public func replace(_ file: FilePath, with bytes: [UInt8], permissions: UInt16) throws(FileError) {
        let folder = file.parent
        // A random name: what a crash leaves behind can never be in the way of the next try.
        let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
        // Most systems allow 255 bytes in a name, and the file's own may have them all.
        let name = String(decoding: (file.lastComponent?.string ?? "file").utf8.prefix(200), as: UTF8.self)
        let temporary = folder.appending(".\(name).\(suffix).tmp")
        do {
            let descriptor = try openDescriptor(
                temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode_t(permissions), operation: "write")
            _ = try uninterrupted { fchmod(descriptor.number, mode_t(permissions)) }.get("write", file)
            _ = try bytes.withUnsafeBytes { writeAll($0, to: descriptor.number) }.get("write", file)
            _ = try uninterrupted { fsync(descriptor.number) }.get("write", file)
            let result = temporary.withPlatformString { from in
                file.withPlatformString { to in uninterrupted { Glibc.rename(from, to) } }
            }
            _ = try result.get("replace", file)
        } catch {
            _ = temporary.withPlatformString { unlink($0) }
            throw FileError(error.code, operation: error.operation, path: file.string)
        }
        try syncDirectory(folder)
    }

    public func rename(_ source: FilePath, to destination: FilePath) throws(FileError) {
        let result = source.withPlatformString { from in
            destination.withPlatformString { to in
                uninterrupted { cplatform_rename_noreplace_at(AT_FDCWD, from, AT_FDCWD, to) }
            }
        }
        // EINVAL: a file system without RENAME_NOREPLACE. Callers hold the installation's lock, so looking first will do.
        if case .failure(EINVAL) = result {
            guard try attributes(of: destination) == nil else {
                throw FileError(.exists, operation: "rename \(source) to", path: destination.string)
            }
            let plain = source.withPlatformString { from in
                destination.withPlatformString { to in uninterrupted { Glibc.rename(from, to) } }
            }
            _ = try plain.get("rename \(source) to", destination)
            return
        }
        _ = try result.get("rename \(source) to", destination)
    }

    public func exchange(_ a: FilePath, with b: FilePath) throws(FileError) {
        let result = a.withPlatformString { first in
            b.withPlatformString { second in
                uninterrupted { cplatform_rename_exchange_at(AT_FDCWD, first, AT_FDCWD, second) }
            }
        }
        if case .failure(EINVAL) = result {
            throw FileError(.notSupported, operation: "exchange \(a) with", path: b.string)
        }
        _ = try result.get("exchange \(a) with", b)
    }

    public func remove(_ path: FilePath) throws(FileError) {
        var result = path.withPlatformString { name in uninterrupted { unlink(name) } }
        if case .failure(EISDIR) = result {
            result = path.withPlatformString { name in uninterrupted { rmdir(name) } }
        }
        switch result {
        case .success, .failure(ENOENT), .failure(ENOTDIR): return
        case .failure: _ = try result.get("remove", path)
        }
    }

    public func syncDirectory(_ directory: FilePath) throws(FileError) {
        let descriptor = try openDescriptor(directory, O_RDONLY | O_DIRECTORY, operation: "sync the folder")
        let result = uninterrupted { fsync(descriptor.number) }
        // EINVAL: a file system on which folders cannot be synced has nothing to sync.
        if case .failure(EINVAL) = result { return }
        _ = try result.get("sync the folder", directory)
    }

    public func syncFileSystem(containing path: FilePath) throws(FileError) {
        let descriptor = try openDescriptor(path, O_RDONLY | O_NONBLOCK, operation: "sync the file system of")
        _ = try uninterrupted { cplatform_syncfs(descriptor.number) }.get("sync the file system of", path)
    }

    public func freeBytes(at path: FilePath) throws(FileError) -> Int64 {
        let status = try usage(at: path)
        // Some container file systems report absurd totals; the product must not overflow.
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int64(clamping: bytes)
    }

    public func freeFiles(at path: FilePath) throws(FileError) -> Int64 {
        let status = try usage(at: path)
        // btrfs and some others make inodes as they go, and say that there are none.
        return status.f_files == 0 ? .max : Int64(clamping: status.f_favail)
    }

    private func usage(at path: FilePath) throws(FileError) -> statvfs {
        var status = statvfs()
        _ = try path.withPlatformString { name in uninterrupted { statvfs(name, &status) } }
            .get("ask for the free space at", path)
        return status
    }

    public func lock(_ file: FilePath) throws(FileError) -> (any HeldLock)? {
        guard let descriptor = try openLocked(file) else { return nil }
        return POSIXLock(descriptor)
    }
}

/// The lock file is never removed: a second process could then lock a new file while the first holds the old one.
func openLocked(_ file: FilePath) throws(FileError) -> Descriptor? {
    let descriptor = try openDescriptor(file, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600, operation: "lock")
    switch uninterrupted({ flock(descriptor.number, LOCK_EX | LOCK_NB) }) {
    case .success: return descriptor
    case .failure(EWOULDBLOCK): return nil
    case .failure(let number): throw FileError(errno: number, operation: "lock", path: file.string)
    }
}

/// Closing would not be enough: a child that is being spawned at this moment has a copy until it executes its program.
func unlock(_ descriptor: Descriptor) { _ = uninterrupted { flock(descriptor.number, LOCK_UN) } }

extension FileAttributes {
    init(_ found: cplatform_file) {
        let kind: FileKind =
            switch found.mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symlink
            default: .other
            }
        self.init(
            kind: kind, size: found.size, permissions: UInt16(found.mode & 0o7777), modified: found.modified,
            inode: found.inode, device: found.device, links: UInt64(found.links),
            isMountPoint: found.is_mount_point != 0, isImmutable: found.is_immutable != 0, owner: found.owner,
            group: found.group, allocated: found.allocated, changed: found.changed, born: found.born)
    }
}

extension FilePath {
    /// The folder that holds it; `.` for a bare name.
    public var parent: FilePath {
        let parent = removingLastComponent()
        return parent.isEmpty ? "." : parent
    }
}
