// SPDX-License-Identifier: Apache-2.0

/// zstd's prefix of a segment: the content of the segment before, with absolute operands, and behind it the prediction.
///
/// Two of them take turns. While segment *n* is decompressed from one into the first half of the other, where it is part of
/// the next prefix at once, the second half of that one gets the prediction of segment *n* + 1.
///
/// @unchecked: ``DeltaApplier`` says who may use which half when; no half is written while somebody else uses it.
final class SegmentBuffer: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer

    /// Pages that are never touched take no memory.
    init() { memory = .allocate(byteCount: 2 * DeltaFormat.segmentBytes, alignment: 64) }

    deinit { memory.deallocate() }

    /// The first `count` bytes of the first half.
    func content(_ count: Int) -> UnsafeMutableRawBufferPointer { .init(rebasing: memory[..<count]) }

    /// The first `count` bytes of the second half.
    func prediction(_ count: Int) -> UnsafeMutableRawBufferPointer {
        .init(rebasing: memory[DeltaFormat.segmentBytes...].prefix(count))
    }

    /// Only the last segment of a group is shorter than a half, and nothing leans on that: what is before the prediction is
    /// complete, or not used.
    func prefix(hasPrevious: Bool, predicted: Int) -> UnsafeRawBufferPointer {
        let start = hasPrevious ? 0 : DeltaFormat.segmentBytes
        return .init(rebasing: memory[start..<(DeltaFormat.segmentBytes + predicted)])
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

    init(_ index: Int, of prediction: DeltaPrediction) {
        self.index = index
        self.prediction = prediction
        copies = prediction.copies(inSegment: index)
        predicted = copies.reduce(0) { $0 + Int($1.length) }
    }

    var length: Int { prediction.group.segmentLength(index) }
    var coding: DeltaSegment { prediction.group.segments[index] }
    /// In the group.
    var position: Int64 { Int64(index) * Int64(DeltaFormat.segmentBytes) }
}
