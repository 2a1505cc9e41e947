// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// A delta's file, from its start to its end.
struct DeltaInput {
    private let file: any OpenFile
    private let length: Int64
    private var position: Int64 = 0

    init(_ path: FilePath, fileSystem: any FileSystem) throws(PackagingError) {
        file = try PackagingError.files { () throws(FileError) in try fileSystem.openForReading(path) }
        let file = file
        length = try PackagingError.files { () throws(FileError) in try file.attributes().size }
        let magic = try next(DeltaFormat.magic.count)
        guard magic.dropLast() == DeltaFormat.magic.dropLast() else {
            throw DeltaFormat.tampered("This is not a delta.")
        }
        guard magic == DeltaFormat.magic else {
            throw PackagingError(.unsupported, "The delta's format is a newer one, \(magic.last ?? 0).")
        }
    }

    /// The control of the next group, uncompressed.
    mutating func nextControl() throws(PackagingError) -> [UInt8] {
        let sizes = try next(8)
        func number(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(sizes[offset + $1]) << (8 * $1) } }
        guard number(0) <= DeltaFormat.controlBytes, number(4) <= DeltaFormat.controlBytes + (1 << 20) else {
            throw DeltaFormat.tampered("The delta's control is too long.")
        }
        return try Zstd.decompress(try next(number(4)), expecting: number(0))
    }

    private mutating func next(_ count: Int) throws(PackagingError) -> [UInt8] {
        let place = try skip(count)
        let bytes = try PackagingError.files { () throws(FileError) in
            try file.read(at: place.lowerBound, count: count)
        }
        guard bytes.count == count else { throw DeltaFormat.tampered("The delta is cut off.") }
        return bytes
    }

    /// Where the next `count` bytes lie; they are read later.
    mutating func skip(_ count: Int) throws(PackagingError) -> Range<Int64> {
        guard Int64(count) <= length - position else { throw DeltaFormat.tampered("The delta is cut off.") }
        defer { position += Int64(count) }
        return position..<(position + Int64(count))
    }

    /// The start of `memory`, which is large enough.
    func read(_ place: Range<Int64>, into memory: LargeMemory) throws(PackagingError) -> UnsafeRawBufferPointer {
        let bytes = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<place.count])
        let count = try PackagingError.files { () throws(FileError) in
            try file.read(at: place.lowerBound, into: bytes)
        }
        guard count == place.count else { throw DeltaFormat.tampered("The delta is cut off.") }
        return UnsafeRawBufferPointer(bytes)
    }

    func checkEnd() throws(PackagingError) {
        guard position == length else { throw DeltaFormat.tampered("Something follows the delta's end.") }
    }
}
