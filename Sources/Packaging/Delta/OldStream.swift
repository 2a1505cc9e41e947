// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// The old tree's content as one stream, read in place through a cache of 8 MiB.
struct OldStream: DeltaSource, Sendable {
    private static let blockBits: Int64 = 18
    private static let slots = 32

    private let fileSystem: any FileSystem
    private let folder: FilePath
    private let files: [DeltaContents.Old]
    private let length: Int64
    private var open: (index: Int, file: any OpenFile)?
    private var blocks: [(number: Int64, bytes: [UInt8])]

    init(_ contents: DeltaContents, in folder: FilePath, fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
        self.folder = folder
        files = contents.old
        length = contents.oldBytes
        blocks = Array(repeating: (-1, []), count: Self.slots)
    }

    mutating func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(PackagingError) {
        var filled = 0
        while filled < buffer.count {
            let position = offset + Int64(filled)
            let isWhole = buffer.count - filled >= 1 << Self.blockBits
            if isWhole, let count = try fill(.init(rebasing: buffer[filled...]), at: position) {
                filled += count
                continue
            }
            let number = position >> Self.blockBits
            let slot = Int(number) % Self.slots
            if blocks[slot].number != number { try load(number, into: slot) }
            let start = Int(position - number << Self.blockBits)
            let copied = blocks[slot].bytes.withUnsafeBytes { block in
                let count = min(block.count - start, buffer.count - filled)
                guard count > 0, let to = buffer.baseAddress, let from = block.baseAddress else { return 0 }
                (to + filled).copyMemory(from: from + start, byteCount: count)
                return count
            }
            guard copied > 0 else { throw DeltaFormat.tampered("The delta refers to something behind the old tree.") }
            filled += copied
        }
    }

    /// What one file has from `position` on, past the cache; `nil` behind the stream's end.
    private mutating func fill(
        _ buffer: UnsafeMutableRawBufferPointer, at position: Int64
    ) throws(PackagingError) -> Int? {
        let index = files.partitioningIndex { $0.start + $0.size > position }
        guard index < files.count else { return nil }
        let file = files[index]
        let count = Int(min(file.start + file.size - position, Int64(buffer.count)))
        try read(index, at: position - file.start, into: .init(rebasing: buffer[..<count]))
        return count
    }

    private mutating func load(_ number: Int64, into slot: Int) throws(PackagingError) {
        let start = number << Self.blockBits
        let count = Int(max(0, min(1 << Self.blockBits, length - start)))
        // Out of self for a while, so that it can be changed beside it; nobody else has it, so it is not copied.
        var bytes: [UInt8] = []
        swap(&bytes, &blocks[slot].bytes)
        blocks[slot].number = -1
        if bytes.count != count { bytes = [UInt8](repeating: 0, count: count) }
        try bytes.withUnsafeMutableRaw { (bytes: UnsafeMutableRawBufferPointer) throws(PackagingError) in
            var filled = 0
            while filled < count,
                let more = try fill(.init(rebasing: bytes[filled...]), at: start + Int64(filled))
            {
                filled += more
            }
        }
        blocks[slot] = (number, bytes)
    }

    private mutating func read(
        _ index: Int, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(PackagingError) {
        let path = files[index].path
        let count = try PackagingError.files { () throws(FileError) in
            if open?.index != index {
                try open?.file.close()
                open = (index, try fileSystem.openForReading(folder.appending(path)))
            }
            return try open?.file.read(at: offset, into: buffer) ?? 0
        }
        guard count == buffer.count else {
            throw PackagingError(.tampered, "It is shorter than the tree that the delta starts from says.", at: path)
        }
    }
}
