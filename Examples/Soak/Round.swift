// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Stage
import SystemPackage

/// What a scene goes through from one round to the next.
struct Standing: Sendable {
    var live: SoakRelease
    /// The number of the next release.
    var next: Int
    var settled: Set<SaidLine> = []
    var foreign: Set<String> = []

    static let preferences = "the customer's own\n"
}

/// One order under faults, to the rest after it.
struct Round: Sendable {
    enum End: Sendable {
        case fine
        case lost([String])
        case stuck(String)
    }

    /// Seconds until everything must have come to rest once nothing goes wrong any more: more than the longest run has, with
    /// all attempts to go back and the agent's own pauses.
    static let patience: Double = 90

    let scene: SoakScene
    let plan: RoundPlan
    let to: SoakRelease
    private(set) var standing: Standing
    /// What took effect, in words.
    private(set) var struck: [String] = []
    private(set) var outcome: String?
    private(set) var seconds: Double = 0

    init(_ scene: SoakScene, _ plan: RoundPlan, to: SoakRelease, _ standing: Standing) {
        self.scene = scene
        self.plan = plan
        self.to = to
        self.standing = standing
    }

    /// The release's folder is published by then.
    mutating func play() async throws -> End {
        try await scene.setExchange(plan.hasExchange)
        let lastRun = try await scene.history().first?.id
        let name = "foreign-\(to.number)"
        let files = scene.stage.fileSystem
        try files.replace(scene.live.appending(name), with: Array(name.utf8), permissions: 0o644)
        try files.remove(scene.saying.appending("stopping"))
        for moment in plan.faults where moment.at < 0 { try await strike(moment.fault) }
        if let unrest = try await rest() { return .stuck("before the order: " + unrest) }
        try await orderUnderFaults()
        try await scene.calm()
        if let unrest = try await rest() {
            let damage = await scene.damage()
            return damage.isEmpty ? .stuck(unrest) : .lost(damage)
        }
        // Said first, looked for afterwards: the application goes on writing.
        let said = await scene.said()
        let found = try await scene.observe(foreign: [name], after: lastRun)
        outcome = found.outcome
        let expectation = Expectation(
            from: standing.live, to: to, settled: standing.settled, said: said, preferences: Standing.preferences,
            foreign: [name], hadFaults: !struck.isEmpty)
        let complaints = expectation.complaints(found)
        guard complaints.isEmpty, let live = expectation.version(found) else { return .lost(complaints) }
        standing.settled = expectation.settled(after: found)
        standing.live = live
        try await scene.tidyUp()
        return .fine
    }

    private mutating func strike(_ fault: Fault) async throws {
        if try await scene.strike(fault) { struck.append(fault.description) }
    }

    private mutating func orderUnderFaults() async throws {
        let start = ContinuousClock.now
        for moment in plan.faults where moment.at == 0 { try await strike(moment.fault) }
        let order = try await scene.order(to.version, graceSeconds: plan.graceSeconds)
        for moment in plan.faults where moment.at > 0 {
            while ContinuousClock.now - start < .seconds(moment.at), order.isRunning {
                try await Task.sleep(for: .milliseconds(5))
            }
            // It was over sooner.
            guard order.isRunning else { break }
            try await strike(moment.fault)
        }
        // An order whose agent was killed waits for it; one that hears nothing any more is not what is looked at here.
        while order.isRunning, ContinuousClock.now - start < .seconds(60) {
            try await Task.sleep(for: .milliseconds(20))
        }
        if order.isRunning { try await order.kill() }
        seconds = (ContinuousClock.now - start) / .seconds(1)
        struck += await scene.hits().map { "\($0.replacing(" ", with: " failed with "))" }
    }

    /// `nil` as soon as everything has come to rest, else what was missing last.
    private func rest() async throws -> String? {
        let start = ContinuousClock.now
        var (unrest, quiet, restarts): (String?, Int, Int) = (nil, 0, 0)
        while ContinuousClock.now - start < .seconds(Self.patience) {
            // A service manager would start it again, and not for ever.
            if await !scene.isAgentRunning, restarts < 5 {
                restarts += 1
                do { try await scene.startAgent(within: 30) } catch { unrest = "the agent does not start: \(error)" }
            }
            unrest = await scene.unrest()
            // It will not come up on such data.
            if unrest != nil, await !scene.damage().isEmpty { return unrest }
            quiet = unrest == nil ? quiet + 1 : 0
            // Twice: an agent that has just started may not have looked at its journal yet.
            if quiet == 2 { return nil }
            try await Task.sleep(for: .milliseconds(200))
        }
        return unrest ?? "it does not stay at rest"
    }
}
