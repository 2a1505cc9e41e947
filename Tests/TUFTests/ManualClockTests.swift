// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@Suite("The clock that tests move", .timeLimit(.minutes(1)))
struct ManualClockTests {
    @Test("It stands still until it is told to move; then both its clocks move alike")
    func stands() {
        let clock = ManualClock(now: Date(timeIntervalSince1970: 1000))
        #expect(clock.now == Date(timeIntervalSince1970: 1000))
        clock.advance(by: 2.5)
        #expect(clock.now == Date(timeIntervalSince1970: 1002.5))
        #expect(clock.monotonicSeconds == 2.5)
        clock.set(now: Date(timeIntervalSince1970: 5))
        #expect(clock.now == Date(timeIntervalSince1970: 5))
        #expect(clock.monotonicSeconds == 2.5)
    }

    @Test("Sleepers wake when their time has come, not before")
    func sleepers() async throws {
        let clock = ManualClock()
        async let short: Void = clock.sleep(seconds: 1)
        async let long: Void = clock.sleep(seconds: 10)
        await clock.waitForSleepers(2)
        clock.advance(by: 1)
        try await short
        #expect(clock.sleeperCount == 1)
        #expect(await clock.advanceToNextWake() == 9)
        try await long
        #expect(clock.sleeperCount == 0)
    }

    @Test("Many small steps wake what one large one does")
    func smallSteps() async throws {
        let clock = ManualClock()
        async let sleep: Void = clock.sleep(seconds: 1)
        await clock.waitForSleepers()
        for _ in 0..<10 { clock.advance(by: 0.1) }
        try await sleep
    }

    @Test("A cancelled sleep throws at once, whether it has begun or not")
    func cancellation() async {
        let clock = ManualClock()
        let begun = Task { try await clock.sleep(seconds: 1) }
        await clock.waitForSleepers()
        begun.cancel()
        await #expect(throws: CancellationError.self) { try await begun.value }
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await clock.sleep(seconds: 1)
        }
        await #expect(throws: CancellationError.self) { try await early.value }
        #expect(clock.sleeperCount == 0)
    }

    @Test("A sleep of no time does not wait for the clock")
    func noTime() async throws {
        try await ManualClock().sleep(seconds: 0)
        try await ManualClock().sleep(seconds: -1)
    }
}
