// SPDX-License-Identifier: Apache-2.0
import OfficeMaker
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import om_server

@Suite struct OfficeDatabaseTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func open(_ version: String, schema: Int, _ edition: Edition = .business) throws -> OfficeDatabase {
        try OfficeDatabase.open(folder: folder.path, edition: edition, version: version, schema: schema)
    }

    @Test("Version 2 migrates the data of version 1 and keeps every record", arguments: Edition.allCases)
    func migration(edition: Edition) async throws {
        let kind = try #require(edition.kinds.first)
        let required = kind.fields.filter(\.isRequired).reduce(into: OfficeRecord()) { $0[$1.name] = .text("x") }
        let old = try open("1.0", schema: 1, edition)
        _ = try await old.save(required, id: nil, kind: kind, by: "anna")
        try old.close()
        let new = try open("2.0", schema: 2, edition)
        let field = try #require(kind.fields.first { $0.since == 2 })
        let before = try await new.records(kind)
        #expect(before.count == 1 && before.first?[field.name] == FieldValue.none)
        let changed = try await new.save([field.name: .text("y")], id: 1, kind: kind, by: "anna")
        #expect(changed?[field.name] == .text("y"))
        try new.close()
    }

    @Test("Data of a newer version are refused, and not touched")
    func newer() throws {
        try open("2.0", schema: 2).close()
        let file = folder.path.appending("om-business.sqlite")
        let before = try POSIXFileSystem().read(file, limit: .max)
        #expect { try open("1.0", schema: 1) } throws: {
            ($0 as? StartError)?.sentence.contains("newer version") == true
        }
        #expect(try POSIXFileSystem().read(file, limit: .max) == before)
    }

    @Test("A backup is one complete file, also while people work")
    func backup() async throws {
        let database = try open("1.0", schema: 1)
        let kind = try #require(Edition.business.kind(named: "customers"))
        _ = try await database.save(["name": .text("Rossi")], id: nil, kind: kind, by: "anna")
        let copies = folder.path.appending("copies")
        try POSIXFileSystem().makeDirectories(copies)
        try database.backUp(to: copies.appending("om-business.sqlite"))
        try database.close()
        #expect(try POSIXFileSystem().entries(of: copies) == ["om-business.sqlite"])
        let copy = try OfficeDatabase.open(folder: copies, edition: .business, version: "1.0", schema: 1)
        #expect(try await copy.records(kind).map { $0["name"] } == [.text("Rossi")])
        try copy.close()
    }

    @Test("People log in with their own password only; without a list, passwords are made and kept private")
    func people() async throws {
        let database = try open("1.0", schema: 1)
        let people = People(database: database, cost: 16)
        try await people.seed(file: nil, folder: folder.path)
        let file = folder.path.appending("first-passwords.txt")
        #expect(try POSIXFileSystem().attributes(of: file)?.permissions == 0o600)
        let lines = String(decoding: try POSIXFileSystem().read(file, limit: 1000), as: UTF8.self).split(
            separator: "\n")
        #expect(lines.count == 4)
        let password = try #require(lines.first?.split(separator: " ").last.map(String.init))
        #expect(
            try await people.authenticate("admin", password: password) == Person(name: "admin", isAdministrator: true))
        #expect(try await people.authenticate("anna", password: password) == nil)
        #expect(try await people.authenticate("nobody", password: password) == nil)
        try database.close()
    }

    @Test("The folder's version decides the schema; a folder without one is refused")
    func version() throws {
        let files = POSIXFileSystem()
        #expect(throws: StartError.self) { try OwnFolder(path: folder.path) }
        for (text, schema) in [("1.9\n", 1), ("2.0", 2), ("3.1", 2)] {
            try files.replace(folder.path.appending("VERSION"), with: Array(text.utf8), permissions: 0o644)
            #expect(try OwnFolder(path: folder.path).schema == schema)
        }
        try files.replace(folder.path.appending("VERSION"), with: Array("new".utf8), permissions: 0o644)
        #expect(throws: StartError.self) { try OwnFolder(path: folder.path) }
    }

    @Test("Preferences survive being changed and read")
    func preferences() throws {
        let files = POSIXFileSystem()
        try files.replace(folder.path.appending("VERSION"), with: Array("1.0".utf8), permissions: 0o644)
        let own = try OwnFolder(path: folder.path)
        try own.prepare(edition: .staff)
        var settings = try own.settings()
        settings["company"] = "Rossi: “S.p.A.” # Torino"
        try own.save(settings: settings)
        try own.prepare(edition: .staff)
        #expect(try own.settings() == settings)
    }
}
