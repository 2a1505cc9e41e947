// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import GRDB

extension StateMigration {
    static let outbox = StateMigration(name: "outbox") { database in
        try database.execute(
            sql: """
                CREATE TABLE outbox (
                    id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, recipient TEXT NOT NULL COLLATE NOCASE,
                    sender TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, language TEXT NOT NULL,
                    createdAt REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, nextAttemptAt REAL NOT NULL,
                    state TEXT NOT NULL DEFAULT 'waiting', lastFailure TEXT, UNIQUE (run, recipient)) STRICT;
                CREATE INDEX outboxWaiting ON outbox(nextAttemptAt) WHERE state = 'waiting';
                """)
    }
}

/// A mail that waits in the outbox, as a row of the database.
struct OutboxEntry: Sendable {
    enum State: String, Sendable {
        case waiting
        case sent
        case givenUp
    }

    var id: Int64
    var run: String
    var recipient: String
    var sender: String
    var subject: String
    var body: String
    var language: Language
    var createdAt: Date
    var attempts: Int
    var nextAttemptAt: Date
    var state: State
    /// Why the last attempt failed, for the administrator.
    var lastFailure: String?
}

/// The outbox's table. One row per run and recipient: writing it twice changes nothing.
struct OutboxStore: Sendable {
    let database: any DatabaseWriter

    /// A mail about a run, before there is a row for each recipient.
    struct Promise: Sendable {
        var run: String
        var recipients: [MailAddress]
        var sender: MailAddress
        var text: MailText
        var language: Language
        var createdAt: Date
    }

    func add(_ mail: Promise) async throws {
        try await database.write { database in
            for recipient in mail.recipients {
                try database.execute(
                    sql: """
                        INSERT INTO outbox (run, recipient, sender, subject, body, language, createdAt, nextAttemptAt)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, recipient) DO NOTHING
                        """,
                    arguments: [
                        mail.run, recipient.description, mail.sender.description, mail.text.subject,
                        mail.text.body, mail.language.rawValue, mail.createdAt.timeIntervalSince1970,
                        mail.createdAt.timeIntervalSince1970,
                    ])
            }
        }
    }

    /// The waiting mail whose time is earliest, and whether there is one.
    func next() async throws -> OutboxEntry? {
        try await database.read { database in
            try Row.fetchOne(
                database, sql: "SELECT * FROM outbox WHERE state = 'waiting' ORDER BY nextAttemptAt, id LIMIT 1"
            ).map(Self.entry)
        }
    }

    /// Every mail about a run, in the order in which they were written.
    func entries(run: String) async throws -> [OutboxEntry] {
        try await database.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM outbox WHERE run = ? ORDER BY id", arguments: [run])
                .map(Self.entry)
        }
    }

    func markSent(_ id: Int64) async throws {
        try await database.write { database in
            try database.execute(
                sql: "UPDATE outbox SET state = 'sent', attempts = attempts + 1, lastFailure = NULL WHERE id = ?",
                arguments: [id])
        }
    }

    func markFailed(_ id: Int64, reason: String, nextAttemptAt: Date?) async throws {
        try await database.write { database in
            try database.execute(
                sql: """
                    UPDATE outbox SET attempts = attempts + 1, lastFailure = ?, state = ?,
                        nextAttemptAt = coalesce(?, nextAttemptAt) WHERE id = ?
                    """,
                arguments: [
                    reason, nextAttemptAt == nil ? "givenUp" : "waiting", nextAttemptAt?.timeIntervalSince1970, id,
                ])
        }
    }

    private static func entry(_ row: Row) -> OutboxEntry {
        OutboxEntry(
            id: row["id"], run: row["run"], recipient: row["recipient"], sender: row["sender"],
            subject: row["subject"], body: row["body"], language: Language(rawValue: row["language"]) ?? .english,
            createdAt: Date(timeIntervalSince1970: row["createdAt"]), attempts: row["attempts"],
            nextAttemptAt: Date(timeIntervalSince1970: row["nextAttemptAt"]),
            state: OutboxEntry.State(rawValue: row["state"]) ?? .waiting, lastFailure: row["lastFailure"])
    }
}
