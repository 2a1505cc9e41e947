// SPDX-License-Identifier: Apache-2.0
internal import Platform

/// zstd's prefix of a segment: the content before it, with absolute operands, up to the middle; behind that the prediction.
///
/// Two of them take turns. While segment *n* is decompressed from one into the first half of the other, where it is part of
/// the next prefix at once, the second half of that one gets the prediction of segment *n* + 1.
///
/// ``DeltaApplier`` says who may use which half when; no half is written while somebody else uses it.
final class SegmentBuffer: Sendable {
    private static let middle = DeltaFormat.historyBytes
    private let memory = LargeMemory(count: middle + DeltaFormat.segmentBytes)

    /// The last `count` bytes of the first half.
    func content(_ count: Int) -> UnsafeMutableRawBufferPointer { part(Self.middle - count, count) }

    /// The first `count` bytes of the second half.
    func prediction(_ count: Int) -> UnsafeMutableRawBufferPointer { part(Self.middle, count) }

    func prefix(history: Int, predicted: Int) -> UnsafeRawBufferPointer {
        .init(part(Self.middle - history, history + predicted))
    }

    /// Puts what `other` has at the end of its first half before the content here, so that there are `history` bytes in all.
    func complete(_ history: Int, before content: Int, from other: SegmentBuffer) {
        guard history > content else { return }
        let missing = history - content
        part(Self.middle - history, missing).copyMemory(from: .init(other.content(missing)))
    }

    private func part(_ start: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
        .init(rebasing: memory.bytes[start..<(start + count)])
    }
}

/// A segment that is to be made.
struct PlannedSegment: Sendable {
    /// Of the group's new content.
    let range: Range<Int64>
    let mode: DeltaMode
    let prediction: DeltaPrediction
    /// Cut to the segment.
    let copies: [DeltaCopy]
    /// Bytes that the copies predict.
    let predicted: Int
    /// Where its frames lie in the delta.
    let frames: [Range<Int64>]

    /// Takes its frames from `input`, where they come next.
    init(_ index: Int, of prediction: DeltaPrediction, from input: inout DeltaInput) throws(PackagingError) {
        let segment = prediction.group.segments[index]
        range = segment.range
        mode = segment.mode
        self.prediction = prediction
        copies = prediction.copies(in: range)
        predicted = copies.reduce(0) { $0 + Int($1.length) }
        var frames: [Range<Int64>] = []
        for count in segment.frames { frames.append(try input.skip(count)) }
        self.frames = frames
    }

    var length: Int { range.count }
    /// How many bytes of the group's content before it are part of its prefix.
    var history: Int { Int(min(range.lowerBound, Int64(DeltaFormat.historyBytes))) }
}
