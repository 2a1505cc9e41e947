// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Agent

@Suite struct AuditTests {
    private func log() async throws -> (AuditLog, StateDatabase) {
        let database = try StateDatabase.inMemory()
        let clock = ManualClock()
        let log = AuditLog(database: database.writer, clock: clock)
        for number in 1...5 {
            try await log.record(actor: "anna", action: "login", subject: "\(number)")
            clock.advance(by: 1.2345)
        }
        return (log, database)
    }

    @Test("lines are chained by their hashes and read back newest first")
    func chained() async throws {
        let (log, _) = try await log()
        #expect(try await log.firstBrokenLine() == nil)
        let entries = try await log.entries(limit: 3)
        #expect(entries.map(\.subject) == ["5", "4", "3"])
    }

    @Test(
        "a line that is changed or removed afterwards shows",
        arguments: [
            "UPDATE audit SET actor = 'eve' WHERE number = 3",
            "UPDATE audit SET at = '2020-01-01T00:00:00.000Z' WHERE number = 3",
            "DELETE FROM audit WHERE number = 3",
            "UPDATE audit SET actor = 'ann', action = 'alogin' WHERE number = 3",
        ])
    func tampered(_ change: String) async throws {
        let (log, database) = try await log()
        try await database.writer.write { try $0.execute(sql: change) }
        #expect(try await log.firstBrokenLine() == 3)
    }
}
