// SPDX-License-Identifier: Apache-2.0

/// Where the addresses of an old image went in the new one, as the copies show it.
struct AddressMap {
    private struct Piece {
        var start: Int64
        var end: Int64
        var shift: Int64
    }

    /// Copies shorter than this are as likely a coincidence as a move.
    static let shortest: Int64 = 32
    private static let bucketBits: Int64 = 12

    let low: Int64
    let high: Int64
    private var pieces: [Piece] = []
    /// For each 4 KiB of address space, how many pieces start before it; one more at the end.
    private var buckets: [Int32] = []

    init(_ image: DeltaImage, copies: [DeltaCopy]) {
        low = image.old.low
        high = image.old.high
        collect(image, copies)
        resolveOverlaps()
        guard !pieces.isEmpty else { return }
        buckets.reserveCapacity(Int((high - low) >> Self.bucketBits) + 2)
        var next = 0
        var address = low
        while address < high {
            while next < pieces.count, pieces[next].start < address { next += 1 }
            buckets.append(Int32(next))
            address += 1 << Self.bucketBits
        }
        buckets.append(Int32(pieces.count))
    }

    var isEmpty: Bool { pieces.isEmpty }

    /// How far what was at `address` moved; what is not in any copy moves along with what is before it.
    /// `address` is at least `low` and below `high`, and the map is not empty.
    @inline(__always)
    func shift(_ address: Int64) -> Int64 {
        let bucket = Int((address &- low) >> Self.bucketBits)
        var first = Int(buckets[bucket])
        var end = Int(buckets[bucket + 1])
        // The first piece that starts behind the address.
        while first < end {
            let middle = (first + end) / 2
            if pieces[middle].start <= address { first = middle + 1 } else { end = middle }
        }
        return pieces[max(first - 1, 0)].shift
    }

    private mutating func collect(_ image: DeltaImage, _ copies: [DeltaCopy]) {
        guard let first = image.new.ranges.first, let last = image.new.ranges.last else { return }
        let start = copies.partitioningIndex { $0.new + $0.length > first.offset }
        for copy in copies[start...] where copy.length >= Self.shortest {
            guard copy.new < last.end else { return }
            let ranges = image.old.ranges
            for from in ranges[ranges.partitioningIndex({ $0.end > copy.old })...] where from.address > 0 {
                guard from.offset < copy.old + copy.length else { break }
                let start = max(from.offset, copy.old)
                let length = min(from.end, copy.old + copy.length) - start
                let place = copy.new + (start - copy.old)
                guard length >= Self.shortest, let to = image.new.ranges.range(at: place), to.address > 0 else {
                    continue
                }
                let old = start - from.offset + from.address
                guard old >= low, old < high else { continue }
                pieces.append(Piece(start: old, end: old + length, shift: place - to.offset + to.address - old))
            }
        }
    }

    /// Where two copies show the same old address, the longer one is believed.
    private mutating func resolveOverlaps() {
        pieces.sort { ($0.start, $0.end, $0.shift) < ($1.start, $1.end, $1.shift) }
        var kept: [Piece] = []
        for var piece in pieces {
            if let last = kept.last, last.end > piece.start {
                if piece.end - piece.start > last.end - last.start {
                    kept[kept.count - 1].end = piece.start
                } else {
                    piece.start = last.end
                    guard piece.start < piece.end else { continue }
                }
            }
            kept.append(piece)
        }
        pieces = kept
    }
}

extension RandomAccessCollection {
    /// Where the first element is for which `predicate` holds, given that it holds for all behind it.
    package func partitioningIndex(_ predicate: (Element) -> Bool) -> Index {
        var low = startIndex
        var count = self.count
        while count > 0 {
            let half = count / 2
            let middle = index(low, offsetBy: half)
            if predicate(self[middle]) {
                count = half
            } else {
                low = index(after: middle)
                count -= half + 1
            }
        }
        return low
    }
}

extension [DeltaImage.Range] {
    func range(at offset: Int64) -> DeltaImage.Range? {
        let index = partitioningIndex { $0.end > offset }
        return index < endIndex && self[index].offset <= offset ? self[index] : nil
    }
}
