// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Platform
internal import Synchronization

/// Bytes that move, told at most a few times a second, from any thread. Only the newest figure matters.
final class ProgressMeter: Sendable {
    struct Bytes: Sendable {
        var done: Int64
        var total: Int64
    }

    private static let interval = 0.25

    let changes: AsyncStream<Bytes>
    private let continuation: AsyncStream<Bytes>.Continuation
    private let clock: any WallClock
    private let next = Mutex(-Double.infinity)

    init(clock: any WallClock) {
        self.clock = clock
        (changes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func report(_ done: Int64, _ total: Int64) {
        let now = clock.monotonicSeconds
        let isDue = next.withLock { next in
            guard now >= next else { return false }
            next = now + Self.interval
            return true
        }
        if isDue || done == total { continuation.yield(Bytes(done: done, total: total)) }
    }

    func finish() { continuation.finish() }
}

/// Hands every change of a run to the observer, in order, without the run waiting for it: while the service is down,
/// somebody else's database is not worth a millisecond.
struct RunPublisher: Sendable {
    private let continuation: AsyncStream<UpdateRun>.Continuation
    private let delivery: Task<Bool, Never>

    init(_ observer: any RunObserver) {
        let (stream, continuation) = AsyncStream<UpdateRun>.makeStream()
        self.continuation = continuation
        delivery = Task {
            var isStored = true
            for await run in stream { isStored = await observer.runChanged(run) }
            return isStored
        }
    }

    func publish(_ run: UpdateRun) { continuation.yield(run) }

    /// Returns when everything was delivered: whether the newest state is stored for good.
    func finish() async -> Bool {
        continuation.finish()
        return await delivery.value
    }
}
