// SPDX-License-Identifier: Apache-2.0
public import Platform
import Synchronization
public import TUF

/// Takes no more bytes per second than it is allowed, over all fetches that go through it together: the company's line has
/// other users.
public final class ThrottledFetcher: Fetcher {
    private let fetcher: any Fetcher
    private let bytesPerSecond: Double
    private let clock: any WallClock
    /// Monotonic seconds up to which the line is taken.
    private let taken = Mutex(0.0)

    /// - Parameter bytesPerSecond: above 0.
    public init(_ fetcher: any Fetcher, bytesPerSecond: Int64, clock: any WallClock) {
        self.fetcher = fetcher
        self.bytesPerSecond = Double(max(1, bytesPerSecond))
        self.clock = clock
    }

    public func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        try await fetcher.fetch(request) { chunk in
            try await receive(chunk)
            let pause = reserve(chunk.count)
            if pause > 0 { try await clock.sleep(seconds: pause) }
        }
    }

    /// Seconds to wait after these bytes. A line that was idle owes nothing: bursts are not saved up.
    private func reserve(_ count: Int) -> Double {
        let now = clock.monotonicSeconds
        return taken.withLock { taken in
            taken = max(taken, now) + Double(count) / bytesPerSecond
            return taken - now
        }
    }
}
