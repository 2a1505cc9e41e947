// SPDX-License-Identifier: Apache-2.0
internal import Dispatch

/// A queue of its own for an actor that writes small files durably: a sync may take a tenth of a second, and the
/// cooperative pool has one thread per core.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(_ label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
