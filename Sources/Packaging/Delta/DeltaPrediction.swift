// SPDX-License-Identifier: Apache-2.0

/// Where old bytes come from.
package protocol DeltaSource {
    /// Fills `buffer` from `offset` of the old stream; all of it is inside.
    mutating func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(PackagingError)
}

/// What a group predicts of its segments. Both the maker and the reader of a delta make it, from the same numbers.
package struct DeltaPrediction: Sendable {
    private struct Place: Sendable {
        var range: DeltaImage.Range
        var image: Int
    }

    package let group: DeltaGroup
    private let maps: [AddressMap]
    private let old: [Place]
    private let new: [Place]

    package init(_ group: DeltaGroup) {
        self.group = group
        maps = group.images.map { AddressMap($0, copies: group.copies) }
        func places(_ side: (DeltaImage) -> DeltaImage.Side) -> [Place] {
            group.images.enumerated().flatMap { index, image in
                side(image).ranges.filter { $0.length > 0 }.map { Place(range: $0, image: index) }
            }.sorted { ($0.range.offset, $0.image) < ($1.range.offset, $1.image) }
        }
        old = places(\.old)
        new = places(\.new)
    }

    /// The copies that lie in a segment, cut to it; `new` counts from the segment's start.
    package func copies(in segment: Range<Int64>) -> [DeltaCopy] {
        let (start, end) = (segment.lowerBound, segment.upperBound)
        var result: [DeltaCopy] = []
        for copy in group.copies[group.copies.partitioningIndex({ $0.new + $0.length > start })...] {
            guard copy.new < end else { break }
            let skipped = max(start - copy.new, 0)
            let length = min(copy.new + copy.length, end) - copy.new - skipped
            result.append(DeltaCopy(new: copy.new + skipped - start, old: copy.old + skipped, length: length))
        }
        return result
    }

    /// Puts the prediction for `copies`, one after the other, into `buffer`; the bytes that it has. Their segment begins at
    /// `start`.
    package func predict(
        _ copies: [DeltaCopy], at start: Int64, from source: inout some DeltaSource,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(PackagingError) -> Int {
        var filled = 0
        for copy in copies {
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<(filled + Int(copy.length))])
            try source.read(at: copy.old, into: piece)
            correctAddresses(in: piece, old: copy.old, new: start + copy.new)
            rewrite(piece, at: start + copy.new, toAbsolute: true)
            filled += piece.count
        }
        return filled
    }

    /// Makes operands absolute, or relative again, in bytes that lie at `offset` of the group's new content.
    package func rewrite(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int64, toAbsolute: Bool) {
        let end = offset + Int64(bytes.count)
        for place in new[new.partitioningIndex({ $0.range.end > offset })...] {
            guard place.range.offset < end else { return }
            guard place.range.kind.isCode else { continue }
            let from = max(place.range.offset, offset)
            let to = min(place.range.end, end)
            guard from < to else { continue }
            let image = group.images[place.image].new
            X86Operands.rewrite(
                UnsafeMutableRawBufferPointer(rebasing: bytes[Int(from - offset)..<Int(to - offset)]),
                at: place.range.address - image.low + (from - place.range.offset), span: image.high - image.low,
                toAbsolute: toAbsolute)
        }
    }

    private func correctAddresses(in bytes: UnsafeMutableRawBufferPointer, old offset: Int64, new: Int64) {
        let end = offset + Int64(bytes.count)
        for place in old[old.partitioningIndex({ $0.range.end > offset })...] {
            guard place.range.offset < end else { return }
            let from = max(place.range.offset, offset)
            let to = min(place.range.end, end)
            guard from < to, let target = newPlace(at: new + (from - offset)), target.image == place.image else {
                continue
            }
            let address = place.range.address + (from - place.range.offset)
            let moved = target.range.address + (new + (from - offset) - target.range.offset) - address
            AddressPrediction(
                map: maps[place.image], rangeAddress: place.range.address,
                rangeShift: target.range.address - place.range.address, kind: place.range.kind
            ).apply(
                to: UnsafeMutableRawBufferPointer(rebasing: bytes[Int(from - offset)..<Int(to - offset)]), at: address,
                shift: moved)
        }
    }

    private func newPlace(at offset: Int64) -> Place? {
        let index = new.partitioningIndex { $0.range.end > offset }
        return index < new.endIndex && new[index].range.offset <= offset ? new[index] : nil
    }
}
