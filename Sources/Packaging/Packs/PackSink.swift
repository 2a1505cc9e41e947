// SPDX-License-Identifier: Apache-2.0
internal import Platform

/// Cuts a stream into frames, compresses several at a time and writes them in order.
///
/// Content that is larger than a frame has frames of its own, up to four times as large: nobody needs a part of it, and nobody
/// who needs what lies beside it has to fetch it.
struct PackSink {
    /// Frames that are compressed together: enough that the last one of them seldom keeps a core waiting.
    private static let batch = 6

    let output: any OpenFile
    let level: Int
    let frameBytes: Int
    private var current: [UInt8] = []
    /// Of the current frame.
    private var limit: Int
    private var waiting: [[UInt8]] = []
    private var frames: [Frame] = []
    private var hash = RunningHash()

    init(output: any OpenFile, level: Int, frameBytes: Int) {
        self.output = output
        self.level = level
        self.frameBytes = frameBytes
        limit = frameBytes
    }

    /// A content of so many bytes comes next.
    mutating func begin(_ size: Int64) throws(PackagingError) {
        let isLarge = size > Int64(frameBytes)
        if isLarge || limit > frameBytes, !current.isEmpty { try cut() }
        limit = isLarge ? min(4 * frameBytes, FrameSize.largest) : frameBytes
    }

    mutating func append(_ bytes: [UInt8]) throws(PackagingError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(limit - current.count)
            current.append(contentsOf: part)
            rest = rest.dropFirst(part.count)
            if current.count == limit { try cut() }
        }
    }

    mutating func finish() throws(PackagingError) -> PackReference {
        if !current.isEmpty { try cut() }
        try flush()
        return PackReference(length: hash.count, sha256: hash.hex, frames: frames)
    }

    private mutating func cut() throws(PackagingError) {
        waiting.append(current)
        current = []
        if waiting.count == Self.batch { try flush() }
    }

    private mutating func flush() throws(PackagingError) {
        let blocks = waiting
        waiting = []
        let level = level
        let results = try inParallel(blocks.count, threads: blocks.count) { index throws(PackagingError) in
            try Zstd.compress(blocks[index], level: level)
        }
        for (block, compressed) in zip(blocks, results) {
            frames.append(
                Frame(
                    offset: hash.count, length: Int64(compressed.count), uncompressedLength: Int64(block.count)))
            hash.update(compressed)
            try PackagingError.files { () throws(FileError) in try output.write(compressed[...]) }
        }
    }
}
