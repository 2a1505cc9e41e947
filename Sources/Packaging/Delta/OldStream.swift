// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// The old tree's content as one stream, read in place through a cache of 8 MiB.
struct OldStream: DeltaSource {
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
            let number = position >> Self.blockBits
            let slot = Int(number) % Self.slots
            if blocks[slot].number != number { blocks[slot] = (number, try load(number)) }
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

    private mutating func load(_ number: Int64) throws(PackagingError) -> [UInt8] {
        var position = number << Self.blockBits
        let end = min(position + 1 << Self.blockBits, length)
        var block: [UInt8] = []
        var index = files.partitioningIndex { $0.start + $0.size > position }
        while position < end, index < files.count {
            let file = files[index]
            let count = Int(min(file.start + file.size, end) - position)
            let bytes = try part(of: index, at: position - file.start, count: count)
            if block.isEmpty { block = bytes } else { block += bytes }
            position += Int64(count)
            index += 1
        }
        return block
    }

    private mutating func part(of index: Int, at offset: Int64, count: Int) throws(PackagingError) -> [UInt8] {
        let path = files[index].path
        let bytes = try PackagingError.files { () throws(FileError) in
            if open?.index != index {
                try open?.file.close()
                open = (index, try fileSystem.openForReading(folder.appending(path)))
            }
            return try open?.file.read(at: offset, count: count) ?? []
        }
        guard bytes.count == count else {
            throw PackagingError(.tampered, "It is shorter than the tree that the delta starts from says.", at: path)
        }
        return bytes
    }
}
