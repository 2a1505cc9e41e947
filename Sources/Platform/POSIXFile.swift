// SPDX-License-Identifier: Apache-2.0
internal import CPlatform
internal import Glibc
public import SystemPackage
internal import Synchronization

/// An open file of ``POSIXFileSystem``.
final class POSIXFile: OpenFile {
    private let descriptor: Mutex<Descriptor?>
    private let path: FilePath

    init(_ descriptor: Descriptor, at path: FilePath) {
        self.descriptor = Mutex(descriptor)
        self.path = path
    }

    private func descriptor(_ operation: String) throws(FileError) -> Descriptor {
        guard let open = descriptor.withLock({ $0 }) else {
            throw FileError(errno: EBADF, operation: operation, path: path.string)
        }
        return open
    }

    func read(at offset: Int64, count: Int) throws(FileError) -> [UInt8] {
        guard count > 0 else { return [] }
        var result: Result<Int, FileError> = .success(0)
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(FileError) {
                filled = try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
            } catch {
                result = .failure(error)
            }
        }
        _ = try result.get()
        return bytes
    }

    func read(at offset: Int64, into memory: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        let open = try descriptor("read")
        var filled = 0
        while filled < memory.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: memory[filled...])
            let got = try uninterrupted { pread(open.number, rest.baseAddress, rest.count, off_t(offset) + filled) }
                .get("read", path)
            if got == 0 { break }
            filled += got
        }
        return filled
    }

    func write(_ bytes: ArraySlice<UInt8>) throws(FileError) {
        let open = try descriptor("write")
        _ = try bytes.withUnsafeBytes { writeAll($0, to: open.number) }.get("write", path)
    }

    func write(contentsOf bytes: UnsafeRawBufferPointer) throws(FileError) {
        _ = try writeAll(bytes, to: try descriptor("write").number).get("write", path)
    }

    func attributes() throws(FileError) -> FileAttributes {
        let open = try descriptor("look at")
        var found = cplatform_file()
        _ = try uninterrupted { cplatform_stat(open.number, "", &found) }.get("look at", path)
        return FileAttributes(found)
    }

    func truncate(to size: Int64) throws(FileError) {
        let open = try descriptor("shorten")
        _ = try uninterrupted { ftruncate(open.number, off_t(size)) }.get("shorten", path)
    }

    func sync() throws(FileError) {
        let open = try descriptor("sync")
        _ = try uninterrupted { fsync(open.number) }.get("sync", path)
    }

    func close() throws(FileError) {
        // The descriptor closes when its last user lets go of it, so a read on another thread never meets
        // a number that has become somebody else's.
        descriptor.withLock { $0 = nil }
    }
}

final class POSIXLock: HeldLock {
    private let descriptor: Mutex<Descriptor?>

    init(_ descriptor: Descriptor) { self.descriptor = Mutex(descriptor) }

    deinit { release() }

    func release() {
        descriptor.withLock { open in
            if let open { unlock(open) }
            open = nil
        }
    }
}

extension POSIXFileSystem {
    public func copyFile(_ source: FilePath, to destination: FilePath) throws(FileError) {
        let from = try openDescriptor(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, operation: "copy")
        var status = stat()
        _ = try uninterrupted { fstat(from.number, &status) }.get("copy", source)
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(.notSupported, operation: "copy as a file", path: source.string)
        }
        let to = try openDescriptor(
            destination, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600, operation: "copy to")
        do {
            try copyContent(from: from, to: to, source: source, destination: destination)
            try copyAttributes(of: status, to: to, destination: destination)
        } catch {
            _ = destination.withPlatformString { unlink($0) }
            throw error
        }
    }

    private func copyAttributes(of status: stat, to: Descriptor, destination: FilePath) throws(FileError) {
        // Only root may give files away; for others the copy is theirs, and must not carry set-user-id bits along.
        var permissions = status.st_mode & 0o7777
        if fchown(to.number, status.st_uid, status.st_gid) != 0 { permissions &= 0o1777 }
        _ = try uninterrupted { fchmod(to.number, permissions) }.get("set the permissions of", destination)
        let times = [status.st_atim, status.st_mtim]
        _ = try uninterrupted { futimens(to.number, times) }.get("set the time of", destination)
    }
}
