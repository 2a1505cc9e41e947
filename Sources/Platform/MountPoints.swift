// SPDX-License-Identifier: Apache-2.0
internal import Glibc
public import SystemPackage

extension POSIXFileSystem {
    public func mountPoints(below folder: FilePath) throws(FileError) -> [FilePath] {
        // The table names folders without symlinks in them.
        guard let real = folder.withPlatformString({ realpath($0, nil) }) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw FileError(errno: errno, operation: "look for mount points in", path: folder.string)
        }
        defer { free(real) }
        let table = try read("/proc/self/mountinfo", limit: 64 << 20)
        return mounts(in: table, below: FilePath(platformString: real))
    }
}

/// The mount points of a `mountinfo` table (proc(5)) inside a folder that is given without symlinks.
func mounts(in table: [UInt8], below folder: FilePath) -> [FilePath] {
    table.split(separator: UInt8(ascii: "\n")).compactMap { line in
        let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
        guard fields.count > 5 else { return nil }
        let place = FilePath(String(decoding: unescaped(fields[4]), as: UTF8.self))
        return place != folder && place.starts(with: folder) ? place : nil
    }
}

/// Space, tab, newline and backslash are written as `\` and three octal digits.
private func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var rest = field
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "\\"), rest.count >= 3,
            let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
        {
            result.append(value)
            rest = rest.dropFirst(3)
        } else {
            result.append(byte)
        }
    }
    return result
}
