// SPDX-License-Identifier: Apache-2.0
#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Time as it reaches every part that needs it: through an initialiser.
/// The real one is ``SystemWallClock``; tests use `ManualClock`, which moves only when told to.
public protocol WallClock: Sendable {
    var now: Date { get }
    /// Seconds of a clock that never jumps; only differences mean something.
    var monotonicSeconds: Double { get }
    /// Throws `CancellationError` when the task is cancelled.
    func sleep(seconds: Double) async throws
}

public struct SystemWallClock: WallClock {
    private static let started = ContinuousClock.now

    public init() {}

    public var now: Date { Date() }

    public var monotonicSeconds: Double {
        let (seconds, attoseconds) = (ContinuousClock.now - Self.started).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    public func sleep(seconds: Double) async throws {
        try await Task.sleep(for: .seconds(max(0, seconds)))
    }
}
