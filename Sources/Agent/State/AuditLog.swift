// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Crypto
import Foundation
import GRDB
import Platform

/// Who did what, when. Each line carries the hash of the one before it, so that a line changed or removed afterwards
/// shows: the chain no longer fits.
struct AuditLog: Sendable {
    let database: any DatabaseWriter
    let clock: any WallClock

    static let firstHash = String(repeating: "0", count: 64)

    func record(actor: String, action: String, subject: String) async throws {
        let now = clock.now
        try await database.write {
            try Self.record(in: $0, at: now, actor: actor, action: action, subject: subject)
        }
    }

    /// Adds a line within a write transaction: with what it tells of, or not at all. Write transactions come one after
    /// the other, also between processes, so that no two lines follow the same one.
    static func record(in database: Database, at: Date, actor: String, action: String, subject: String) throws {
        // Whole milliseconds: what is hashed is what is read back.
        let at = Date(timeIntervalSince1970: (at.timeIntervalSince1970 * 1000).rounded(.down) / 1000)
        let text = at.formatted(Self.style)
        let previous =
            try String.fetchOne(database, sql: "SELECT hash FROM audit ORDER BY number DESC LIMIT 1") ?? Self.firstHash
        let hash = Self.hash(previous: previous, at: text, actor: actor, action: action, subject: subject)
        try database.execute(
            sql: "INSERT INTO audit (at, actor, action, subject, hash) VALUES (?, ?, ?, ?, ?)",
            arguments: [text, actor, action, subject, hash])
    }

    /// The newest lines, newest first.
    func entries(limit: Int) async throws -> [AuditEntry] {
        try await database.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM audit ORDER BY number DESC LIMIT ?", arguments: [limit]).map
            {
                AuditEntry(
                    at: try Date($0["at"] as String, strategy: Self.style), actor: $0["actor"], action: $0["action"],
                    subject: $0["subject"], hash: $0["hash"])
            }
        }
    }

    /// The number of the first line that does not fit the chain; `nil` when all do.
    func firstBrokenLine() async throws -> Int? {
        try await database.read { database in
            var (previous, expected) = (Self.firstHash, 1)
            let lines = try Row.fetchCursor(database, sql: "SELECT * FROM audit ORDER BY number")
            while let line = try lines.next() {
                let hash = Self.hash(
                    previous: previous, at: line["at"], actor: line["actor"], action: line["action"],
                    subject: line["subject"])
                guard line["number"] == expected, line["hash"] == hash else { return expected }
                (previous, expected) = (hash, expected + 1)
            }
            return nil
        }
    }

    /// SHA-256 over the previous line's hash and this line. Lengths are part of it, so that text cannot move from one
    /// field to the next.
    static func hash(previous: String, at: String, actor: String, action: String, subject: String) -> String {
        var hash = SHA256()
        for field in [previous, at, actor, action, subject] {
            hash.update(data: Data("\(field.utf8.count):\(field)".utf8))
        }
        return Secret.hex(hash.finalize())
    }

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}
