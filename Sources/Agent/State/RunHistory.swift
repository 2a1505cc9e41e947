// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import GRDB

/// Every run that was ever ordered here, and the orders that wait for their time.
struct RunHistory: Sendable {
    let database: any DatabaseWriter

    func save(_ run: UpdateRun) async throws {
        let text = String(decoding: try APIJSON.encode(run), as: UTF8.self)
        let requested = (run.steps.first?.startedAt ?? run.order.at ?? Date()).timeIntervalSince1970
        try await database.write { database in
            try database.execute(
                sql: """
                    INSERT INTO run (id, installation, requestedAt, run) VALUES (?, ?, ?, ?)
                    ON CONFLICT(id) DO UPDATE SET run = excluded.run
                    """, arguments: [run.id, run.installation, requested, text])
        }
    }

    /// Newest first.
    func runs(of installation: String, limit: Int = 200) async throws -> [UpdateRun] {
        try await database.read { database in
            try String.fetchAll(
                database,
                sql: "SELECT run FROM run WHERE installation = ? ORDER BY requestedAt DESC, rowid DESC LIMIT ?",
                arguments: [installation, limit]
            ).map { try APIJSON.decode(UpdateRun.self, from: Data($0.utf8)) }
        }
    }

    func run(_ id: String, of installation: String) async throws -> UpdateRun? {
        try await database.read { database in
            try String.fetchOne(
                database, sql: "SELECT run FROM run WHERE id = ? AND installation = ?", arguments: [id, installation]
            ).map { try APIJSON.decode(UpdateRun.self, from: Data($0.utf8)) }
        }
    }

    /// Runs without an outcome, the oldest first.
    func unfinished(of installation: String) async throws -> [UpdateRun] {
        try await database.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT run FROM run WHERE installation = ? AND json_extract(run, '$.outcome') IS NULL
                    ORDER BY requestedAt, rowid
                    """, arguments: [installation]
            ).map { try APIJSON.decode(UpdateRun.self, from: Data($0.utf8)) }
        }
    }

    // MARK: Orders for later

    func schedule(_ run: UpdateRun, at: Date) async throws {
        try await save(run)
        try await database.write { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO schedule (run, installation, at) VALUES (?, ?, ?)",
                arguments: [run.id, run.installation, at.timeIntervalSince1970])
        }
    }

    func unschedule(_ run: String) async throws {
        try await database.write { try $0.execute(sql: "DELETE FROM schedule WHERE run = ?", arguments: [run]) }
    }

    /// The order that waits for its time, the earliest first.
    func scheduled(for installation: String) async throws -> UpdateRun? {
        try await database.read { database in
            try String.fetchOne(
                database,
                sql: """
                    SELECT run.run FROM schedule JOIN run ON run.id = schedule.run
                    WHERE schedule.installation = ? AND json_extract(run.run, '$.outcome') IS NULL
                    ORDER BY schedule.at LIMIT 1
                    """, arguments: [installation]
            ).map { try APIJSON.decode(UpdateRun.self, from: Data($0.utf8)) }
        }
    }
}
