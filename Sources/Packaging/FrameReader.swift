// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// The uncompressed stream of a pack, or of some of its frames, a frame at a time. Memory is one frame, at most 16 MiB, and
/// its compressed form.
struct FrameReader {
    private let file: any OpenFile
    private let place: String
    private let frames: [Frame]
    private let map: FrameMap
    /// Where each frame that is here starts in the file.
    private let offsets: [Int: Int64]
    private var current: (frame: Int, bytes: [UInt8])?

    /// A whole pack.
    init(_ pack: PackReference, file path: FilePath, fileSystem: any FileSystem) throws(PackagingError) {
        try self.init(pack, Array(pack.frames.indices), length: pack.length, path, fileSystem)
    }

    /// What was fetched of one.
    init(
        _ pack: PackReference, ranges: PackRanges, file path: FilePath, fileSystem: any FileSystem
    ) throws(PackagingError) {
        try self.init(pack, ranges.frames, length: ranges.bytes, path, fileSystem)
    }

    private init(
        _ pack: PackReference, _ indexes: [Int], length: Int64, _ path: FilePath, _ fileSystem: any FileSystem
    ) throws(PackagingError) {
        let file = try PackagingError.files { () throws(FileError) in try fileSystem.openForReading(path) }
        let size = try PackagingError.files { () throws(FileError) in try file.attributes().size }
        guard size == length else {
            throw PackagingError(.tampered, "The pack has \(size) bytes, not \(length).", at: path.string)
        }
        self.file = file
        place = path.string
        frames = pack.frames
        map = FrameMap(pack)
        var (offsets, position): ([Int: Int64], Int64) = ([:], 0)
        for index in indexes {
            offsets[index] = position
            position += pack.frames[index].length
        }
        self.offsets = offsets
    }

    /// At least one byte from `position` of the stream on, and at most `count`, which is above 0.
    mutating func read(at position: Int64, atMost count: Int64) throws(PackagingError) -> ArraySlice<UInt8> {
        guard let frame = map.frames(of: position..<(position + 1)).first, frame < frames.count else {
            throw PackagingError(.tampered, "The pack has less content than the tree has files.", at: place)
        }
        let bytes: [UInt8]
        if let current, current.frame == frame { bytes = current.bytes } else { bytes = try decompress(frame) }
        let start = Int(position - map.start(of: frame))
        return bytes[start...].prefix(Int(min(count, Int64(bytes.count))))
    }

    private mutating func decompress(_ index: Int) throws(PackagingError) -> [UInt8] {
        guard let offset = offsets[index] else {
            throw PackagingError(.tampered, "A part of the pack that is needed was not fetched.", at: place)
        }
        let frame = frames[index]
        // The one before is let go of first: two frames would be twice the memory.
        current = nil
        var compressed: [UInt8] = []
        while Int64(compressed.count) < frame.length {
            let part = try PackagingError.files { () throws(FileError) in
                try file.read(at: offset + Int64(compressed.count), count: Int(frame.length) - compressed.count)
            }
            guard !part.isEmpty else { throw PackagingError(.tampered, "The pack is cut off.", at: place) }
            compressed += part
        }
        do {
            let bytes = try Zstd.decompress(compressed, expecting: Int(frame.uncompressedLength))
            current = (index, bytes)
            return bytes
        } catch {
            throw PackagingError(error.code, error.reason, at: place)
        }
    }
}
