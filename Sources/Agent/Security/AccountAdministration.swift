// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
public import Foundation
public import Installation
import Platform
import SystemPackage

/// One account as it is listed.
public struct AccountSummary: Codable, Sendable, Hashable {
    public var name: String
    public var role: Role
    /// It still has its one-time password.
    public var mustChangePassword: Bool
    public var createdAt: Date

    public init(name: String, role: Role, mustChangePassword: Bool, createdAt: Date) {
        self.name = name
        self.role = role
        self.mustChangePassword = mustChangePassword
        self.createdAt = createdAt
    }
}

/// Accounts, looked after at the agent's own machine: whoever can write its state folder owns the agent anyway, and
/// somebody has to be able to help the administrator who has forgotten the password.
///
/// It works on the state database itself, whether the agent runs or not: both sides only ever write whole
/// transactions, and the agent looks every token and password up anew.
public struct AccountAdministration: Sendable {
    private let configuration: AgentConfiguration
    private let actor: String
    private let fileSystem: any FileSystem = POSIXFileSystem()
    private let clock: any WallClock = SystemWallClock()

    /// - Parameter person: the name that the machine knows the person by; with `local:` before it, which no account's
    ///   name can have, it stands in the audit log.
    public init(configuration: AgentConfiguration, person: String) {
        self.configuration = configuration
        actor = "local:" + person
    }

    public func list() async throws(UpdateFailure) -> [AccountSummary] {
        let list = try await withAccounts { try await $0.list() }
        guard !list.isEmpty else { throw UpdateFailure(.noAccounts) }
        return list
    }

    /// Makes an account and returns its one-time password, which is stored nowhere.
    public func add(_ name: String, role: Role) async throws(UpdateFailure) -> String {
        try await withAccounts { try await $0.add(name, role: role, by: actor) }
    }

    /// Ends the account's tokens and returns its new one-time password.
    public func reset(_ name: String) async throws(UpdateFailure) -> String {
        try await withAccounts { try await $0.reset(name, by: actor) }
    }

    /// Ends the account and its tokens; the last administrator is refused.
    public func remove(_ name: String) async throws(UpdateFailure) {
        try await withAccounts { try await $0.remove(name, by: actor) }
    }

    private func withAccounts<Value: Sendable>(
        _ work: (Accounts) async throws -> Value
    ) async throws(UpdateFailure) -> Value {
        let database = try open()
        let hasher = PasswordHasher(cost: configuration.scryptCost)
        do {
            let value = try await work(Accounts(database: database.writer, hasher: hasher, clock: clock))
            await hasher.shutdown()
            return value
        } catch {
            await hasher.shutdown()
            throw UpdateFailure(error)
        }
    }

    /// The database that the agent has made: one that this made would be without an administrator.
    private func open() throws(UpdateFailure) -> StateDatabase {
        let folder = configuration.state
        let file = folder.appending("ricambio.sqlite")
        do {
            guard try fileSystem.exists(file) else { throw UpdateFailure(.noAccounts) }
            return try StateDatabase.open(file)
        } catch let failure as UpdateFailure {
            throw failure
        } catch {
            throw UpdateFailure(.stateFolderUnusable, ["path": folder.string, "reason": "\(error)"])
        }
    }
}
