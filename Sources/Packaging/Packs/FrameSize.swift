// SPDX-License-Identifier: Apache-2.0
internal import Platform

/// Finds how much of a pack's stream a frame should hold. Whoever needs one file fetches the frames that it lies in, so small
/// ones are better; but what lies in another frame cannot be referred to, and of similar files that are far apart only
/// large ones make a short pack.
///
/// Tried out with quick compression, which sees most of what lies far apart.
struct FrameSize {
    static let smallest = 16 << 20
    /// What readers accept.
    static let largest = 64 << 20
    /// Quick compression gains less by large frames than the slow one; measured, up to five times less.
    private static let worthwhile = 0.01
    private static let quick = 3

    private let level: Int
    private var block: [UInt8] = []
    /// Compressed bytes with frames of 16, 32 and 64 MiB.
    private var totals = [0, 0, 0]

    /// `level` is what the pack will be compressed with.
    init(level: Int) { self.level = level }

    /// Who compresses quickly does not look for short packs.
    var isWorthTrying: Bool { level > Self.quick }

    mutating func append(_ bytes: [UInt8]) throws(PackagingError) {
        guard isWorthTrying else { return }
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.largest - block.count)
            block.append(contentsOf: part)
            rest = rest.dropFirst(part.count)
            if block.count == Self.largest { try measure() }
        }
    }

    /// The smallest that costs little.
    mutating func best() throws(PackagingError) -> Int {
        if !block.isEmpty { try measure() }
        let limit = Double(totals[2]) * (1 + Self.worthwhile)
        let index = totals.firstIndex { Double($0) <= limit } ?? 0
        return Self.smallest << index
    }

    private mutating func measure() throws(PackagingError) {
        let pieces = totals.indices.flatMap { index in
            stride(from: 0, to: block.count, by: Self.smallest << index).map { (index, $0) }
        }
        let sizes = try inParallel(pieces.count, threads: pieces.count) { [block] number throws(PackagingError) in
            let (index, start) = pieces[number]
            let piece = block[start..<min(start + Self.smallest << index, block.count)]
            return try Zstd.compress(Array(piece), level: Self.quick, isLong: true).count
        }
        for ((index, _), size) in zip(pieces, sizes) { totals[index] += size }
        block = []
    }
}
