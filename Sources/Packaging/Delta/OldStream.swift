// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// The old tree's content as one stream, read in place through a cache of 4 MiB.
struct OldStream: DeltaSource, Sendable {
    /// Copies of code are short and lie here and there: larger blocks would read ten times as much as is used.
    private static let blockBits: Int64 = 13
    private static let slots = 512

    private let fileSystem: any FileSystem
    private let folder: FilePath
    private let files: [DeltaContents.Old]
    private let length: Int64
    private var open: (index: Int, file: any OpenFile)?
    private let cache = LargeMemory(count: slots << Int(blockBits))
    /// Which block of the stream is in each slot of the cache.
    private var numbers = [Int64](repeating: -1, count: slots)

    init(_ contents: DeltaContents, in folder: FilePath, fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
        self.folder = folder
        files = contents.old
        length = contents.oldBytes
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
            let start = Int(position - number << Self.blockBits)
            let block = try block(number)
            let part = block.dropFirst(start).prefix(buffer.count - filled)
            guard !part.isEmpty else {
                throw DeltaFormat.tampered("The delta refers to something behind the old tree.")
            }
            UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyMemory(from: .init(rebasing: part))
            filled += part.count
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

    private mutating func block(_ number: Int64) throws(PackagingError) -> UnsafeMutableRawBufferPointer {
        let slot = Int(number) % Self.slots
        let start = number << Self.blockBits
        let count = Int(max(0, min(1 << Self.blockBits, length - start)))
        let place = cache.bytes[(slot << Int(Self.blockBits))...].prefix(count)
        let block = UnsafeMutableRawBufferPointer(rebasing: place)
        guard numbers[slot] != number else { return block }
        numbers[slot] = -1
        var filled = 0
        while filled < count, let more = try fill(.init(rebasing: block[filled...]), at: start + Int64(filled)) {
            filled += more
        }
        numbers[slot] = number
        return block
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
