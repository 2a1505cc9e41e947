// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Synchronization

/// Predicts a segment on a thread of its own, while the one before is decompressed.
final class SegmentPredictor: Sendable {
    private let source: Mutex<OldStream>
    private let failure = Mutex<PackagingError?>(nil)
    private let queue = DispatchQueue(label: "delta.prediction")

    init(source: OldStream) { self.source = Mutex(source) }

    /// The second half of `buffer` is the predictor's until ``finish()``.
    func start(_ segment: PlannedSegment, into buffer: SegmentBuffer) {
        queue.async { [self] in
            do throws(PackagingError) {
                try source.withLock { (source: inout OldStream) throws(PackagingError) in
                    _ = try segment.prediction.predict(
                        segment.copies, at: segment.range.lowerBound, from: &source,
                        into: buffer.prediction(segment.predicted))
                }
            } catch {
                failure.withLock { $0 = error }
            }
        }
    }

    /// Waits for what was started last.
    func finish() throws(PackagingError) {
        queue.sync {}
        if let failure = failure.withLock({ $0 }) { throw failure }
    }
}
