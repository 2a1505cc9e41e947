// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import SystemPackage

/// Who holds a lock file's `flock`.
struct LockHolders {
    private let device: dev_t
    private let inode: ino_t

    /// `nil` when nobody holds it: then there is no need to look at anybody's files.
    init?(_ file: FilePath) {
        guard lockIsHeld(file) else { return nil }
        var status = stat()
        guard file.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
        (device, inode) = (status.st_dev, status.st_ino)
    }

    /// Having the file open is not enough: a back-up that reads it has it open too.
    func include(_ pid: pid_t) -> Bool {
        processDescriptors(pid).contains { number in
            var status = stat()
            guard stat("/proc/\(pid)/fd/\(number)", &status) == 0, status.st_ino == inode, status.st_dev == device,
                let text = try? POSIXFileSystem().read(processFile(pid, "fdinfo/\(number)"), limit: 1 << 16)
            else { return false }
            return String(decoding: text, as: UTF8.self).contains("FLOCK")
        }
    }
}

/// Whether anybody holds the file's `flock`; one that cannot be asked counts as held.
func lockIsHeld(_ lockFile: FilePath) -> Bool {
    let descriptor: Descriptor
    do throws(FileError) {
        descriptor = try openDescriptor(lockFile, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
    } catch {
        return error.code != .notFound
    }
    // Shared: two who ask at once do not take each other for a holder.
    guard case .success = uninterrupted({ flock(descriptor.number, LOCK_SH | LOCK_NB) }) else { return true }
    unlock(descriptor)
    return false
}
