// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import Platform

/// The tokens that application servers get in their environment, one installation each.
struct ApplicationTokens: Sendable {
    let database: any DatabaseWriter
    let clock: any WallClock

    /// A new token for the next start of an application. The one before stays valid: an application that an agent of a
    /// moment ago started, and that this one adopted, still uses it.
    func issue(for installation: String) async throws -> String {
        let token = Secret.token()
        let (hash, now) = (Secret.hash(token), clock.now.timeIntervalSince1970)
        try await database.write { database in
            try database.execute(
                sql: "INSERT INTO applicationToken (hash, installation, createdAt) VALUES (?, ?, ?)",
                arguments: [hash, installation, now])
            try database.execute(
                sql: """
                    DELETE FROM applicationToken WHERE installation = ?1 AND rowid NOT IN (
                        SELECT rowid FROM applicationToken WHERE installation = ?1 ORDER BY rowid DESC LIMIT 2)
                    """, arguments: [installation])
        }
        return token
    }

    /// The installation whose application server holds this token.
    func installation(token: String) async throws -> String? {
        let hash = Secret.hash(token)
        return try await database.read { database in
            try String.fetchOne(
                database, sql: "SELECT installation FROM applicationToken WHERE hash = ?", arguments: [hash])
        }
    }
}
