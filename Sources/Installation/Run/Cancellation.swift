// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import Replacement
internal import Synchronization

/// Carries a task's cancellation to blocking work, which runs on a thread that belongs to no task.
final class CancellationFlag: Sendable {
    private let cancelled = Atomic(false)

    func cancel() { cancelled.store(true, ordering: .relaxed) }

    /// Between two files, or two reads: work that was cancelled never looks as if it were done.
    func check() throws(CancellationError) {
        if cancelled.load(ordering: .relaxed) { throw CancellationError() }
    }
}

/// Runs blocking work off the cooperative pool; throws `CancellationError` when the work heeds the flag.
func blocking<Value: Sendable>(
    _ work: @escaping @Sendable (CancellationFlag) throws -> Value
) async throws -> Value {
    let flag = CancellationFlag()
    return try await withTaskCancellationHandler {
        try await BlockingWork.run { try work(flag) }
    } onCancel: {
        flag.cancel()
    }
}

extension CancellationFlag {
    /// The same question as `Replacement` asks it.
    var asked: CancellationCheck {
        { () throws(ReplacementError) in
            do { try self.check() } catch { throw ReplacementError(.cancelled, path: "") }
        }
    }
}
