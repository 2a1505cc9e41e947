// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Synchronization

/// Runs `work` for 0..<count on up to `threads` threads, lower numbers first; the results in their order. May be called
/// from within `work`.
package func inParallel<Value: Sendable, Failure: Error>(
    _ count: Int, threads: Int, _ work: @Sendable (Int) throws(Failure) -> Value
) throws(Failure) -> [Value] {
    let next = Mutex(0)
    let results = Mutex<[Result<Value, Failure>?]>(Array(repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, count))) { _ in
        while true {
            let index = next.withLock { next in
                defer { next += 1 }
                return next
            }
            guard index < count else { return }
            let result: Result<Value, Failure>
            do throws(Failure) { result = .success(try work(index)) } catch { result = .failure(error) }
            results.withLock { $0[index] = result }
            if case .failure = result { next.withLock { $0 = count } }
        }
    }
    var values: [Value] = []
    values.reserveCapacity(count)
    for result in results.withLock({ $0 }) {
        // What was not begun comes after what failed, or before it on another thread: the failure is thrown either way.
        if let result { values.append(try result.get()) }
    }
    return values
}
