// SPDX-License-Identifier: Apache-2.0
internal import Platform

/// zstd's prefix of a segment: the content of the segment before, with absolute operands, and behind it the prediction.
///
/// Two of them take turns. While segment *n* is decompressed from one into the first half of the other, where it is part of
/// the next prefix at once, the second half of that one gets the prediction of segment *n* + 1.
///
/// ``DeltaApplier`` says who may use which half when; no half is written while somebody else uses it.
final class SegmentBuffer: Sendable {
    private let memory = LargeMemory(count: 2 * DeltaFormat.segmentBytes)

    /// The first `count` bytes of the first half.
    func content(_ count: Int) -> UnsafeMutableRawBufferPointer { .init(rebasing: memory.bytes[..<count]) }

    /// The first `count` bytes of the second half.
    func prediction(_ count: Int) -> UnsafeMutableRawBufferPointer {
        .init(rebasing: memory.bytes[DeltaFormat.segmentBytes...].prefix(count))
    }

    /// Only the last segment of a group is shorter than a half, and nothing leans on that: what is before the prediction is
    /// complete, or not used.
    func prefix(hasPrevious: Bool, predicted: Int) -> UnsafeRawBufferPointer {
        let start = hasPrevious ? 0 : DeltaFormat.segmentBytes
        return .init(rebasing: memory.bytes[start..<(DeltaFormat.segmentBytes + predicted)])
    }
}

/// A segment that is to be made.
struct PlannedSegment: Sendable {
    let index: Int
    let prediction: DeltaPrediction
    /// Cut to the segment.
    let copies: [DeltaCopy]
    /// Bytes that the copies predict.
    let predicted: Int
    /// Where its frames lie in the delta.
    let frames: [Range<Int64>]

    /// Takes its frames from `input`, where they come next.
    init(_ index: Int, of prediction: DeltaPrediction, from input: inout DeltaInput) throws(PackagingError) {
        self.index = index
        self.prediction = prediction
        copies = prediction.copies(inSegment: index)
        predicted = copies.reduce(0) { $0 + Int($1.length) }
        var frames: [Range<Int64>] = []
        for count in prediction.group.segments[index].frames { frames.append(try input.skip(count)) }
        self.frames = frames
    }

    var length: Int { prediction.group.segmentLength(index) }
    var mode: DeltaMode { prediction.group.segments[index].mode }
    /// In the group.
    var position: Int64 { Int64(index) * Int64(DeltaFormat.segmentBytes) }
}
