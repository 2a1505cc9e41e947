// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import GRDB
import SystemPackage

/// One step of the state database's history. Once released, a migration is never changed; a new one follows it.
struct StateMigration: Sendable {
    let name: String
    let migrate: @Sendable (Database) throws -> Void
}

/// The agent's SQLite database: everything that must outlive the process except the journals, on which recovery depends alone.
struct StateDatabase: Sendable {
    let writer: any DatabaseWriter

    /// In the order in which they are applied. A part that has tables of its own adds its migration here.
    static let migrations: [StateMigration] = [.accountsAndHistory, .outbox]

    /// Opens or makes the file; its folder must exist.
    static func open(_ file: FilePath) throws -> StateDatabase {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            // A run that was answered with 202 must not be forgotten by a power cut.
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        return try StateDatabase(DatabaseQueue(path: file.string, configuration: configuration))
    }

    /// A database that lives as long as the value.
    static func inMemory() throws -> StateDatabase { try StateDatabase(DatabaseQueue()) }

    private init(_ writer: any DatabaseWriter) throws {
        self.writer = writer
        var migrator = DatabaseMigrator()
        for migration in Self.migrations {
            migrator.registerMigration(migration.name) { try migration.migrate($0) }
        }
        try migrator.migrate(writer)
    }
}

extension StateMigration {
    static let accountsAndHistory = StateMigration(name: "accounts-and-history") { database in
        try database.execute(
            sql: """
                CREATE TABLE identity (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
                CREATE TABLE account (
                    name TEXT PRIMARY KEY, role TEXT NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL,
                    cost INTEGER NOT NULL, mustChange INTEGER NOT NULL, createdAt REAL NOT NULL) STRICT;
                CREATE TABLE token (
                    hash TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account(name) ON DELETE CASCADE,
                    mustChange INTEGER NOT NULL, expiresAt REAL NOT NULL) STRICT;
                CREATE TABLE applicationToken (
                    hash TEXT PRIMARY KEY, installation TEXT NOT NULL, createdAt REAL NOT NULL) STRICT;
                CREATE TABLE session (
                    id TEXT PRIMARY KEY, installation TEXT NOT NULL, ticketHash TEXT NOT NULL UNIQUE,
                    session TEXT NOT NULL) STRICT;
                CREATE TABLE noticeCounter (installation TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
                CREATE TABLE run (
                    id TEXT PRIMARY KEY, installation TEXT NOT NULL, requestedAt REAL NOT NULL,
                    run TEXT NOT NULL) STRICT;
                CREATE INDEX runByInstallation ON run(installation, requestedAt);
                CREATE TABLE schedule (
                    run TEXT PRIMARY KEY, installation TEXT NOT NULL, at REAL NOT NULL) STRICT;
                CREATE TABLE audit (
                    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, actor TEXT NOT NULL,
                    action TEXT NOT NULL, subject TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
                """)
    }
}
