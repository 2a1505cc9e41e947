// SPDX-License-Identifier: Apache-2.0
public import Foundation
public import Platform
import Synchronization

/// A clock that moves only when told to. Whoever sleeps on it wakes when it has been advanced far enough.
///
/// A test that drives a sleeping part first waits until that part sleeps (``waitForSleepers(_:)``), then advances:
/// so nothing depends on how fast the machine is.
public final class ManualClock: WallClock {
    private struct Sleeper {
        var id: UInt64
        var wake: Double
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct Watcher {
        var count: Int
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now: Date
        var monotonic: Double = 0
        var nextID: UInt64 = 0
        var sleepers: [Sleeper] = []
        var watchers: [Watcher] = []
        /// Sleeps that were cancelled before they were registered.
        var cancelled: Set<UInt64> = []
    }

    private let state: Mutex<State>

    /// 2026-01-01T00:00:00Z unless told otherwise.
    public init(now: Date = Date(timeIntervalSince1970: 1_767_225_600)) {
        state = Mutex(State(now: now))
    }

    public var now: Date { state.withLock { $0.now } }
    public var monotonicSeconds: Double { state.withLock { $0.monotonic } }
    /// How many tasks sleep at the moment.
    public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Both clocks go on; sleepers whose time has come wake, the earliest first.
    public func advance(by seconds: Double) {
        precondition(seconds >= 0, "use set(now:) for a wall clock that is put back")
        let due = state.withLock { state in
            state.now += seconds
            state.monotonic += seconds
            return Self.takeDue(&state)
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// The wall clock is put to another time, as an administrator does; nobody wakes.
    public func set(now: Date) {
        state.withLock { $0.now = now }
    }

    /// Returns as soon as at least `count` tasks sleep.
    public func waitForSleepers(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let enough = state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.watchers.append(Watcher(count: count, continuation: continuation))
                return false
            }
            if enough { continuation.resume() }
        }
    }

    /// Waits until somebody sleeps and advances exactly to the earliest wake-up; returns the seconds advanced.
    @discardableResult
    public func advanceToNextWake() async -> Double {
        await waitForSleepers()
        let seconds = state.withLock { state in
            max(0, (state.sleepers.map(\.wake).min() ?? state.monotonic) - state.monotonic)
        }
        advance(by: seconds)
        return seconds
    }

    public func sleep(seconds: Double) async throws {
        try Task.checkCancellation()
        guard seconds > 0 else { return await Task.yield() }
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        defer { state.withLock { _ = $0.cancelled.remove(id) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { register($0, id: id, seconds: seconds) }
        } onCancel: {
            cancel(id)
        }
    }

    private func register(_ continuation: CheckedContinuation<Void, any Error>, id: UInt64, seconds: Double) {
        let watchers: [Watcher]? = state.withLock { state in
            if state.cancelled.contains(id) { return nil }
            let sleeper = Sleeper(id: id, wake: state.monotonic + seconds, continuation: continuation)
            state.sleepers.append(sleeper)
            let satisfied = state.watchers.filter { $0.count <= state.sleepers.count }
            state.watchers.removeAll { $0.count <= state.sleepers.count }
            return satisfied
        }
        guard let watchers else { return continuation.resume(throwing: CancellationError()) }
        for watcher in watchers { watcher.continuation.resume() }
    }

    private func cancel(_ id: UInt64) {
        let sleeper: Sleeper? = state.withLock { state in
            guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                state.cancelled.insert(id)
                return nil
            }
            return state.sleepers.remove(at: index)
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }

    private static func takeDue(_ state: inout State) -> [Sleeper] {
        // A tiny allowance: ten advances of 0.1 must wake a sleep of 1.
        let reached = state.monotonic + 1e-9
        let due = state.sleepers.filter { $0.wake <= reached }.sorted { ($0.wake, $0.id) < ($1.wake, $1.id) }
        state.sleepers.removeAll { $0.wake <= reached }
        return due
    }
}
