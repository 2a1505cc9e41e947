// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import GRDB
import Installation
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Agent

/// Accounts looked after at the machine, beside an agent that has the same database open.
@Suite struct AccountAdministrationTests {
    private let folder: TemporaryFolder
    private let database: StateDatabase
    /// What the agent has.
    private let accounts: Accounts
    private let audit: AuditLog
    private let administration: AccountAdministration

    init() throws {
        folder = try TemporaryFolder()
        let state = folder / "state"
        try POSIXFileSystem().makeDirectories(state)
        database = try StateDatabase.open(state.appending("ricambio.sqlite"))
        accounts = Accounts(
            database: database.writer, hasher: PasswordHasher(cost: 2), clock: SystemWallClock())
        audit = AuditLog(database: database.writer, clock: SystemWallClock())
        administration = AccountAdministration(
            configuration: AgentConfiguration(state: state, scryptCost: 2), person: "root")
    }

    private func code(_ work: () async throws -> Void) async -> FailureCode? {
        do { try await work() } catch { return (error as? UpdateFailure)?.code ?? (error as? Refusal)?.code }
        return nil
    }

    @Test("an account added beside the running agent logs in at once, and must change its password")
    func added() async throws {
        _ = try await accounts.makeFirstAdministrator()
        let password = try await administration.add("vera", role: .viewer)
        let answer = try await accounts.login(LoginRequest(user: "vera", password: password), address: "")
        #expect(answer.mustChangePassword && answer.role == .viewer)
        let own = LoginRequest(user: "vera", password: password, newPassword: "a password of one's own")
        #expect(try await !accounts.login(own, address: "").mustChangePassword)
        let list = try await administration.list()
        #expect(list.map(\.name) == ["admin", "vera"])
        #expect(list.map(\.role) == [.administrator, .viewer])
        #expect(list.map(\.mustChangePassword) == [true, false])
        #expect(await code { _ = try await administration.add("vera", role: .administrator) } == .accountExists)
        #expect(await code { _ = try await administration.add("VERA", role: .viewer) } == .accountExists)
        let stored = try database.writer.read { try Row.fetchAll($0, sql: "SELECT * FROM account") }
        #expect(!"\(stored)".contains(password))
    }

    @Test("a reset ends the account's tokens and its old password, and nobody else's")
    func reset() async throws {
        try await accounts.add("admin", role: .administrator, password: "password", mustChange: false)
        try await accounts.add("vera", role: .viewer, password: "password", mustChange: false)
        let admin = try await accounts.login(LoginRequest(user: "admin", password: "password"), address: "").token
        let vera = try await accounts.login(LoginRequest(user: "vera", password: "password"), address: "").token
        let password = try await administration.reset("vera")
        #expect(try await accounts.administrator(token: vera) == nil)
        #expect(try await accounts.administrator(token: admin)?.name == "admin")
        let old = LoginRequest(user: "vera", password: "password")
        #expect(await code { _ = try await accounts.login(old, address: "") } == .loginFailed)
        let new = LoginRequest(user: "vera", password: password)
        #expect(try await accounts.login(new, address: "").mustChangePassword)
        #expect(await code { _ = try await administration.reset("nobody") } == .accountUnknown)
    }

    @Test("a login that is under way with the old password does not outlive the reset")
    func race() async throws {
        try await accounts.add("admin", role: .administrator, password: "password", mustChange: false)
        var password = "password"
        for round in 0..<20 {
            let (old, chosen) = (password, "chosen \(round)")
            let login = Task {
                try? await accounts.login(
                    LoginRequest(user: "admin", password: old, newPassword: chosen), address: "\(round)"
                ).token
            }
            password = try await administration.reset("admin")
            if let token = await login.value { #expect(try await accounts.administrator(token: token) == nil) }
            // Neither the token nor the password that the login chose: only the new one opens.
            _ = try await accounts.login(LoginRequest(user: "admin", password: password), address: "\(round)")
        }
    }

    @Test("the last administrator stays, also when two are removed at the same time")
    func lastAdministrator() async throws {
        _ = try await accounts.makeFirstAdministrator()
        _ = try await administration.add("vera", role: .viewer)
        #expect(await code { try await administration.remove("admin") } == .lastAdministrator)
        _ = try await administration.add("anna", role: .administrator)
        let answers = await withTaskGroup(of: FailureCode?.self) { group in
            for name in ["admin", "anna"] { group.addTask { await code { try await administration.remove(name) } } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.contains(nil) && answers.contains(.lastAdministrator), "\(answers)")
        #expect(try await administration.list().count { $0.role == .administrator } == 1)
        try await administration.remove("vera")
        #expect(await code { try await administration.remove("vera") } == .accountUnknown)
    }

    @Test("the audit chain holds while the agent and the command write at the same time, and names who did what")
    func chain() async throws {
        _ = try await accounts.makeFirstAdministrator()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<60 { try await audit.record(actor: "admin", action: "login", subject: "\(number)") }
            }
            for name in ["a", "b", "c"] {
                group.addTask {
                    _ = try await administration.add(name, role: .viewer)
                    _ = try await administration.reset(name)
                    try await administration.remove(name)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await audit.firstBrokenLine() == nil)
        let entries = try await audit.entries(limit: 100)
        #expect(entries.count == 69)
        let local = entries.filter { $0.actor == "local:root" && $0.subject.hasPrefix("a") }.reversed()
        #expect(local.map(\.action) == ["add-account", "reset-account", "remove-account"])
        #expect(local.first?.subject == "a viewer")
        // What was refused is not in the record.
        _ = await code { try await administration.remove("admin") }
        #expect(try await audit.entries(limit: 100).count == 69)
    }

    @Test("before the agent's first start there is nothing to look after, and nothing is made")
    func tooEarly() async throws {
        let state = folder / "other"
        let early = AccountAdministration(
            configuration: AgentConfiguration(state: state, scryptCost: 2), person: "root")
        #expect(await code { _ = try await early.list() } == .noAccounts)
        #expect(await code { _ = try await early.add("anna", role: .administrator) } == .noAccounts)
        #expect(try !POSIXFileSystem().exists(state))
        // An agent that made its database and could not listen: the first administrator is still its to make.
        #expect(await code { _ = try await administration.add("vera", role: .viewer) } == .noAccounts)
        #expect(await code { _ = try await administration.list() } == .noAccounts)
        #expect(try await accounts.makeFirstAdministrator() != nil)
    }

    @Test(
        "a name that could be mistaken or could forge a line is refused",
        arguments: ["", "-rf", "a b", "local:root", "anna\n", "Jos\u{e9}", "a/b", String(repeating: "a", count: 65)])
    func names(name: String) async throws {
        _ = try await accounts.makeFirstAdministrator()
        #expect(await code { _ = try await administration.add(name, role: .viewer) } == .accountNameInvalid)
    }

    @Test("a state folder that cannot be used is named")
    func unusable() async throws {
        try Data("not a database, only text that is long enough to be read as a page".utf8).write(
            to: URL(fileURLWithPath: (folder / "ricambio.sqlite").string))
        let wrong = AccountAdministration(
            configuration: AgentConfiguration(state: folder.path, scryptCost: 2), person: "root")
        #expect(await code { _ = try await wrong.list() } == .stateFolderUnusable)
    }
}
