// SPDX-License-Identifier: Apache-2.0
import Platform
import ServiceLifecycle
import Synchronization
import SystemPackage

/// A file that one fetch fills while any number of readers follow, each at its own pace.
///
/// The last byte is held back until the content has been found to be what its name says: nobody ever gets all of
/// something else as if it were whole. What came before is served as it comes; workstations check it themselves.
final class GrowingFile: Sendable {
    let path: FilePath
    let length: Int64

    private struct State {
        /// What may be read: all when verified, and all but the last byte before.
        var end: Int64
        var isVerified = false
        var failure: (any Error)?
        var waiting: [Int: Waiting] = [:]
        var nextNumber = 0

        func isReady(for offset: Int64) -> Bool { end > offset || isVerified || failure != nil }
    }

    private struct Waiting {
        var offset: Int64
        var continuation: CheckedContinuation<Void, Never>
    }

    private let state: Mutex<State>

    /// - Parameter received: what an earlier fetch has left.
    init(path: FilePath, length: Int64, received: Int64 = 0) {
        self.path = path
        self.length = length
        state = Mutex(State(end: max(0, min(received, length - 1))))
    }

    // MARK: For the one who fetches

    func grow(to received: Int64) { wake { $0.end = max($0.end, min(received, self.length - 1)) } }

    func verify() {
        wake { state in
            state.end = self.length
            state.isVerified = true
        }
    }

    /// Readers are broken off, and those who wait for the first byte get the reason.
    func fail(_ failure: any Error) { wake { $0.failure = failure } }

    private func wake(_ change: (inout State) -> Void) {
        let ready = state.withLock { state in
            change(&state)
            let ready = state.waiting.filter { state.isReady(for: $1.offset) }
            for number in ready.keys { state.waiting[number] = nil }
            return ready.values.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
    }

    // MARK: For those who read

    /// Waits for the first byte of all. Throws the reason when there will be none.
    func begin() async throws { _ = try await end(beyond: 0) }

    /// Waits for a byte at `offset`; where what may be read ends, beyond that. Throws the reason when it never comes,
    /// and `CancellationError` when the agent is told to stop: it does not wait for the vendor.
    func end(beyond offset: Int64) async throws -> Int64 {
        while true {
            let (end, isVerified, failure) = state.withLock { ($0.end, $0.isVerified, $0.failure) }
            if end > offset || isVerified { return end }
            if let failure { throw failure }
            try await wait(for: offset)
        }
    }

    private func wait(for offset: Int64) async throws {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        try await withTaskCancellationOrGracefulShutdownHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard !state.isReady(for: offset), !Self.isEnding else { return false }
                    state.waiting[number] = Waiting(offset: offset, continuation: continuation)
                    return true
                }
                if !mustWait { continuation.resume() }
            }
            if Self.isEnding { throw CancellationError() }
        } onCancelOrGracefulShutdown: {
            self.state.withLock { $0.waiting.removeValue(forKey: number) }?.continuation.resume()
        }
    }

    private static var isEnding: Bool { Task.isCancelled || Task.isShuttingDownGracefully }
}
