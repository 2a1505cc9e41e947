// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import GRDB
import Platform
import TestSupport
import Testing

@testable import Agent

@Suite("Runs and a database that is full", .timeLimit(.minutes(2)))
struct RunHubTests {
    private let clock = ManualClock()
    private let database: any DatabaseWriter

    init() throws { database = try StateDatabase.inMemory().writer }

    private var history: RunHistory { RunHistory(database: database) }

    private func run(_ outcome: UpdateOutcome?, _ id: String = "run-1") -> UpdateRun {
        var run = UpdateRun(
            id: id, installation: "om-business", product: "om-business", from: "1.0", to: "2.0", order: UpdateOrder(),
            requestedBy: "admin")
        // More than the pages that the database has left over.
        run.kept = (0..<200).map { "preferences/\($0)-of-a-customer-with-many-files" }
        run.steps = [StepRecord(step: .requested, startedAt: clock.now)]
        run.outcome = outcome
        return run
    }

    private func setFull(_ isFull: Bool) async throws {
        try await database.write { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            try database.execute(sql: "PRAGMA max_page_count = \(isFull ? pages : 1 << 20)")
        }
    }

    @Test("the end of a run is known at once, said not to be stored, and stored as soon as there is room again")
    func full() async throws {
        let hub = RunHub(history: history, clock: clock, logger: TestAgent.quiet)
        try await setFull(true)
        #expect(await !hub.runChanged(run(nil)))
        #expect(await !hub.runChanged(run(.updated)))
        #expect(try await hub.runs(of: "om-business").map(\.outcome) == [.updated])
        #expect(try await hub.runs(of: "om-finance").isEmpty)
        #expect(try await history.runs(of: "om-business").isEmpty)
        // It goes on trying, with growing pauses; each try is over when it sleeps again.
        #expect(await clock.advanceToNextWake() == 1)
        #expect(await clock.advanceToNextWake() == 2)
        await clock.waitForSleepers()
        try await setFull(false)
        #expect(await clock.advanceToNextWake() == 4)
        try await eventually { try await history.run("run-1", of: "om-business") != nil }
        #expect(try await history.run("run-1", of: "om-business")?.outcome == .updated)
        #expect(try await hub.runs(of: "om-business").map(\.outcome) == [.updated])
    }

    @Test("what the hub has no room to keep is not said to be stored")
    func tooMany() async throws {
        let hub = RunHub(history: history, clock: clock, logger: TestAgent.quiet)
        try await setFull(true)
        for number in 0...RunHub.maximumUnsaved { #expect(await !hub.runChanged(run(.updated, "run-\(number)"))) }
        #expect(try await hub.runs(of: "om-business").count == RunHub.maximumUnsaved)
    }

    @Test("a run that was stored while it went on is the newest one in the history, not the stored one")
    func overlay() async throws {
        let hub = RunHub(history: history, clock: clock, logger: TestAgent.quiet)
        #expect(await hub.runChanged(run(nil)))
        try await database.write { try $0.execute(sql: "PRAGMA query_only = 1") }
        #expect(await !hub.runChanged(run(.rolledBack)))
        #expect(try await history.runs(of: "om-business").map(\.outcome) == [nil])
        #expect(try await hub.runs(of: "om-business").map(\.outcome) == [.rolledBack])
        #expect(try await hub.run("run-1", of: "om-business")?.outcome == .rolledBack)
        #expect(try await hub.run("run-1", of: "om-finance") == nil)
    }
}
