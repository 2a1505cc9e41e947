// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// The uncompressed stream of a pack, or of some of its frames, a frame at a time. Memory is one frame, at most 64 MiB, and
/// its compressed form.
struct FrameReader {
    private let file: any OpenFile
    private let place: String
    private let frames: [Frame]
    private let map: FrameMap
    /// Where each frame that is here starts in the file.
    private let offsets: [Int: Int64]
    /// The frame in ``content``.
    private var current: Int?
    private var content: [UInt8] = []
    private var compressed: [UInt8] = []

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
        if current != frame { try decompress(frame) }
        let start = Int(position - map.start(of: frame))
        return content[start...].prefix(Int(min(count, Int64(content.count))))
    }

    private mutating func decompress(_ index: Int) throws(PackagingError) {
        guard let offset = offsets[index] else {
            throw PackagingError(.tampered, "A part of the pack that is needed was not fetched.", at: place)
        }
        let frame = frames[index]
        current = nil
        // The frames of a pack are of one size but for the last: the memory is used again.
        Self.resize(&compressed, to: Int(frame.length))
        Self.resize(&content, to: Int(frame.uncompressedLength))
        var read = 0
        try compressed.withUnsafeMutableRaw { (bytes: UnsafeMutableRawBufferPointer) throws(PackagingError) in
            read = try PackagingError.files { () throws(FileError) in try file.read(at: offset, into: bytes) }
        }
        guard read == compressed.count else { throw PackagingError(.tampered, "The pack is cut off.", at: place) }
        do {
            try Zstd.decompress(compressed, into: &content)
            current = index
        } catch {
            throw PackagingError(error.code, error.reason, at: place)
        }
    }

    private static func resize(_ bytes: inout [UInt8], to count: Int) {
        if bytes.count > count {
            bytes.removeLast(bytes.count - count)
        } else if bytes.count < count {
            // The one before is let go of first: two would be twice the memory.
            bytes = []
            bytes = [UInt8](repeating: 0, count: count)
        }
    }
}

extension [UInt8] {
    /// As `withUnsafeMutableBytes`, for what throws errors of this library.
    fileprivate mutating func withUnsafeMutableRaw(
        _ body: (UnsafeMutableRawBufferPointer) throws(PackagingError) -> Void
    ) throws(PackagingError) {
        var failure: PackagingError?
        withUnsafeMutableBytes { bytes in
            do throws(PackagingError) { try body(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
