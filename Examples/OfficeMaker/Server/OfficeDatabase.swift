// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import OfficeMaker
import Platform
import SystemPackage

/// The data file: people, records and, from schema 2 on, who changed what.
struct OfficeDatabase: Sendable {
    let edition: Edition
    let schema: Int
    let pool: DatabasePool

    /// Opens the file, makes it, or migrates it to this version's schema. A file that a newer version has written is
    /// refused untouched.
    static func open(folder: FilePath, edition: Edition, version: String, schema: Int) throws -> OfficeDatabase {
        let file = folder.appending("om-\(edition.rawValue).sqlite")
        do {
            try POSIXFileSystem().makeDirectories(folder, permissions: 0o750)
            let pool = try DatabasePool(path: file.string)
            let migrator = migrator(edition: edition, schema: schema)
            guard try !pool.read({ try migrator.hasBeenSuperseded($0) }) else {
                try pool.close()
                throw StartError(
                    "The data in \(file) were written by a newer version than \(version). They were not touched. "
                        + "Install the newer version, or put back data from before it.")
            }
            try migrator.migrate(pool)
            return OfficeDatabase(edition: edition, schema: schema, pool: pool)
        } catch let error as StartError {
            throw error
        } catch {
            throw StartError("The data file \(file) cannot be opened: \(error)")
        }
    }

    private static func migrator(edition: Edition, schema: Int) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("schema 1") { database in
            try database.create(table: "person") { table in
                table.primaryKey("name", .text)
                table.column("salt", .blob).notNull()
                table.column("hash", .blob).notNull()
                table.column("cost", .integer).notNull()
                table.column("isAdministrator", .boolean).notNull()
            }
            for kind in edition.kinds {
                try database.create(table: kind.name) { table in
                    table.autoIncrementedPrimaryKey("id")
                    for field in kind.fields(schema: 1) {
                        let column = table.column(field.name, field.content == .number ? .integer : .text)
                        if field.isRequired { column.notNull() }
                    }
                }
            }
        }
        guard schema >= 2 else { return migrator }
        migrator.registerMigration("schema 2") { database in
            for kind in edition.kinds {
                try database.alter(table: kind.name) { table in
                    for field in kind.fields where field.since == 2 {
                        table.add(column: field.name, field.content == .number ? .integer : .text)
                    }
                }
            }
            try database.create(table: "change") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("at", .datetime).notNull()
                table.column("person", .text).notNull()
                table.column("record", .text).notNull()
                table.column("action", .text).notNull()
            }
        }
        return migrator
    }

    func check() async throws {
        _ = try await pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM person") }
    }

    func backUp(to file: FilePath) throws {
        let copy = try DatabaseQueue(path: file.string)
        try pool.backup(to: copy)
        // One file, complete by itself.
        try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
        try copy.close()
    }

    /// After this the data file alone is complete, so that copying it is a snapshot.
    func close() throws {
        try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        try pool.close()
    }

    // MARK: - Records

    func records(_ kind: RecordKind) async throws -> [OfficeRecord] {
        try await pool.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM \"\(kind.name)\" ORDER BY id").map(Self.record)
        }
    }

    private static func record(_ row: Row) -> OfficeRecord {
        Dictionary(
            uniqueKeysWithValues: row.map { name, value in
                switch value.storage {
                case .int64(let number): (name, FieldValue.number(number))
                case .string(let text): (name, .text(text))
                default: (name, .none)
                }
            })
    }

    /// Adds a record, or changes the fields given of the one with `id`; `nil` when there is none.
    func save(_ fields: OfficeRecord, id: Int64?, kind: RecordKind, by person: String) async throws -> OfficeRecord? {
        let names = kind.fields(schema: schema).map(\.name).filter { fields[$0] != nil }
        let values = names.map { fields[$0]?.database }
        let schema = schema
        return try await pool.write { database in
            let columns = names.map { "\"\($0)\"" }
            if let id {
                let assignments = columns.map { "\($0) = ?" }.joined(separator: ", ")
                try database.execute(
                    sql: "UPDATE \"\(kind.name)\" SET \(assignments) WHERE id = ?",
                    arguments: StatementArguments(values + [id.databaseValue]))
            } else {
                let marks = columns.map { _ in "?" }.joined(separator: ", ")
                try database.execute(
                    sql: "INSERT INTO \"\(kind.name)\" (\(columns.joined(separator: ", "))) VALUES (\(marks))",
                    arguments: StatementArguments(values))
            }
            let saved = id ?? database.lastInsertedRowID
            guard
                let row = try Row.fetchOne(
                    database, sql: "SELECT * FROM \"\(kind.name)\" WHERE id = ?", arguments: [saved])
            else { return nil }
            try Self.note("\(kind.name)/\(saved)", id == nil ? "added" : "changed", person, schema, database)
            return Self.record(row)
        }
    }

    /// False when there was none.
    func remove(id: Int64, kind: RecordKind, by person: String) async throws -> Bool {
        let schema = schema
        return try await pool.write { database in
            try database.execute(sql: "DELETE FROM \"\(kind.name)\" WHERE id = ?", arguments: [id])
            guard database.changesCount > 0 else { return false }
            try Self.note("\(kind.name)/\(id)", "removed", person, schema, database)
            return true
        }
    }

    private static func note(
        _ record: String, _ action: String, _ person: String, _ schema: Int, _ database: Database
    ) throws {
        guard schema >= 2 else { return }
        try database.execute(
            sql: "INSERT INTO change (at, person, record, action) VALUES (?, ?, ?, ?)",
            arguments: [Date(), person, record, action])
    }
}

extension FieldValue {
    var database: DatabaseValue {
        switch self {
        case .text(let text): text.databaseValue
        case .number(let number): number.databaseValue
        case .none: .null
        }
    }
}
