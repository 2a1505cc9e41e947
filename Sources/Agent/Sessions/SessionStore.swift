// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import GRDB

/// The open sessions of one installation on disk: workstations keep working while an agent is replaced, and their
/// tickets must open the next one too.
struct SessionStore: Sendable {
    let database: any DatabaseWriter
    let installation: String

    struct Stored: Sendable {
        var session: Session
        var ticketHash: String
    }

    func load() async throws -> [Stored] {
        let installation = installation
        return try await database.read { database in
            try Row.fetchAll(
                database, sql: "SELECT ticketHash, session FROM session WHERE installation = ? ORDER BY rowid",
                arguments: [installation]
            ).map { row in
                let text: String = row["session"]
                return Stored(
                    session: try APIJSON.decode(Session.self, from: Data(text.utf8)), ticketHash: row["ticketHash"])
            }
        }
    }

    func save(_ session: Session, ticketHash: String) async throws {
        let text = String(decoding: try APIJSON.encode(session), as: UTF8.self)
        let installation = installation
        try await database.write { database in
            try database.execute(
                sql: """
                    INSERT INTO session (id, installation, ticketHash, session) VALUES (?, ?, ?, ?)
                    ON CONFLICT(id) DO UPDATE SET session = excluded.session
                    """, arguments: [session.id, installation, ticketHash, text])
        }
    }

    func remove(_ session: String) async throws {
        try await database.write { try $0.execute(sql: "DELETE FROM session WHERE id = ?", arguments: [session]) }
    }

    /// The number of the last notice; 0 when there was none.
    func lastNotice() async throws -> Int {
        let installation = installation
        return try await database.read { database in
            try Int.fetchOne(
                database, sql: "SELECT value FROM noticeCounter WHERE installation = ?", arguments: [installation]) ?? 0
        }
    }

    /// The next notice's number, above `last`; it never goes back, so that `Last-Event-ID` means the same after a
    /// restart.
    func nextNotice(after last: Int) async throws -> Int {
        let installation = installation
        return try await database.write { database in
            try Int.fetchOne(
                database,
                sql: """
                    INSERT INTO noticeCounter (installation, value) VALUES (?, ? + 1)
                    ON CONFLICT(installation) DO UPDATE SET value = max(value + 1, excluded.value) RETURNING value
                    """, arguments: [installation, last]) ?? last + 1
        }
    }
}
