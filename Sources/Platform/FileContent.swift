// SPDX-License-Identifier: Apache-2.0
internal import CPlatform
internal import Glibc
internal import SystemPackage

/// Copies a file's content: shared where the file system can, else its data and not its holes.
func copyContent(
    from: Descriptor, to: Descriptor, source: FilePath, destination: FilePath
) throws(FileError) {
    if cplatform_reflink(from.number, to.number) == 0 { return }
    let operation = "copy \(source.readable) to"
    var found = cplatform_file()
    _ = try uninterrupted { cplatform_stat(from.number, "", &found) }.get("copy", source)
    let size = off_t(found.size)
    var offset: off_t = 0
    while offset < size {
        switch uninterrupted({ cplatform_seek_data(from.number, offset) }) {
        case .failure(ENXIO): offset = size
        case .success(let start) where start < size:
            let end = uninterrupted { cplatform_seek_hole(from.number, start) }
            let limit = if case .success(let hole) = end, hole > start { min(hole, size) } else { size }
            offset = try copyRange(start..<limit, from, to, source, destination)
        // A file system that knows nothing of holes.
        case .success, .failure: offset = try copyRange(offset..<size, from, to, source, destination)
        }
    }
    // A hole at the end has no data that would have made the file so long.
    _ = try uninterrupted { ftruncate(to.number, size) }.get(operation, destination)
}

/// Answers where it ended: early when the file has become shorter.
private func copyRange(
    _ range: Range<off_t>, _ from: Descriptor, _ to: Descriptor, _ source: FilePath, _ destination: FilePath
) throws(FileError) -> off_t {
    let operation = "copy \(source.readable) to"
    var offset = range.lowerBound
    copying: while offset < range.upperBound {
        let wanted = min(Int(range.upperBound - offset), 64 << 20)
        switch uninterrupted({ cplatform_copy_range(from.number, offset, to.number, offset, wanted) }) {
        // Some file systems answer 0 at once though there is content; the plain way below finds the true end.
        case .success(0): break copying
        case .success(let count): offset += off_t(count)
        case .failure(EXDEV), .failure(EINVAL), .failure(ENOSYS), .failure(EOPNOTSUPP), .failure(EPERM): break copying
        case .failure(let number): throw FileError(errno: number, operation: operation, path: destination)
        }
    }
    var buffer = [UInt8](repeating: 0, count: offset < range.upperBound ? 1 << 20 : 0)
    while offset < range.upperBound {
        let wanted = min(buffer.count, Int(range.upperBound - offset))
        let count = try uninterrupted { pread(from.number, &buffer, wanted, offset) }.get("copy", source)
        if count == 0 { return range.upperBound }
        var written = 0
        while written < count {
            written += try buffer[written..<count].withUnsafeBytes { bytes in
                uninterrupted { pwrite(to.number, bytes.baseAddress, bytes.count, offset + off_t(written)) }
            }.get(operation, destination)
        }
        offset += off_t(count)
    }
    return offset
}
