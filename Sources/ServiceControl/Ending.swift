// SPDX-License-Identifier: Apache-2.0
import Platform

/// Ends everything of an application: each process is asked once, what is left when the patience is over is forced.
struct Ending: Sendable {
    struct Outcome: Sendable {
        /// What runs on although it was killed.
        var left: [RunningProcess]
        var isLockFree: Bool
        /// Something had to be killed.
        var forced: Bool

        static let nothing = Outcome(left: [], isLockFree: true, forced: false)

        var isOver: Bool { left.isEmpty && isLockFree }

        /// `nil` when it is over; else it names up to five of those that are left.
        func error(_ code: ServiceError.Code, _ program: String) -> ServiceError? {
            if isOver { return nil }
            let names = left.prefix(Self.maximumNames).map(\.description).joined(separator: ", ")
            let more = left.count > Self.maximumNames ? " and \(left.count - Self.maximumNames) more" : ""
            let reason =
                left.isEmpty
                ? "somebody holds its lock whom this account cannot see" : "\(names)\(more) run on although killed"
            return ServiceError(code, reason: "\(program) does not stop: \(reason).", place: program)
        }

        private static let maximumNames = 5
    }

    /// Seconds for what was killed to be gone: a process that waits for a stuck disk is not.
    static let forcePatience = 10.0
    /// And how often it has to be found still there: a machine that slept, or is very busy, kills late.
    static let forceRounds = 10
    static let shortestPause = 0.002
    static let longestPause = 0.05

    var setup: ProcessSetup
    var clock: any WallClock

    func end(_ handle: any ProcessHandle, patience: Double) async -> Outcome {
        let began = clock.monotonicSeconds
        var forced = false
        var rounds = 0
        var pause = Self.shortestPause
        while true {
            let mayAsk = clock.monotonicSeconds - began < patience
            let left = await BlockingWork.run { mayAsk ? handle.terminate() : handle.kill() }
            forced = forced || (!mayAsk && !left.isEmpty)
            rounds += mayAsk ? 0 : 1
            if left.isEmpty && !handle.isRunning {
                let setup = setup
                let outcome = Outcome(
                    left: [], isLockFree: await BlockingWork.run { setup.isLockFree }, forced: forced)
                if outcome.isOver { return outcome }
            }
            let waited = clock.monotonicSeconds - began
            if waited >= patience + Self.forcePatience, rounds >= Self.forceRounds {
                return Outcome(left: left, isLockFree: false, forced: forced)
            }
            if mayAsk, handle.isRunning {
                // Nothing is looked at in vain while the first process is at it.
                _ = await Self.ends(handle, within: patience - waited, clock)
                continue
            }
            try? await clock.sleep(seconds: pause)
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// Whether the first process ended in that time.
    static func ends(_ handle: any ProcessHandle, within seconds: Double, _ clock: any WallClock) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { (try? await handle.wait()) != nil }
            group.addTask {
                try? await clock.sleep(seconds: seconds)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
    }
}
