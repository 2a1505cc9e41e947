// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import GRDB
import Installation
import Platform

/// Who may administer this agent, and the tokens they hold.
actor Accounts {
    /// Somebody who has shown a valid token.
    struct Administrator: Sendable, Hashable {
        var name: String
        var role: Role
        /// The token came from the one-time password: it opens nothing.
        var mustChangePassword: Bool
        var tokenHash: String
    }

    static let firstAdministrator = "admin"
    static let tokenLifetime: TimeInterval = 12 * 3600
    static let passwordLength = 8...512

    private let database: any DatabaseWriter
    private let hasher: PasswordHasher
    private let clock: any WallClock
    private var limiter = LoginLimiter()
    /// What an unknown user's password is compared with, so that the answer takes as long as for a known one.
    private var decoy: PasswordHash?

    init(database: any DatabaseWriter, hasher: PasswordHasher, clock: any WallClock) {
        self.database = database
        self.hasher = hasher
        self.clock = clock
    }

    /// On the very first start, makes the administrator and returns the one-time password, which is stored nowhere.
    func makeFirstAdministrator() async throws -> String? {
        guard try await database.read({ try Int.fetchOne($0, sql: "SELECT count(*) FROM account") }) == 0 else {
            return nil
        }
        let password = Secret.oneTimePassword()
        try await add(Self.firstAdministrator, role: .administrator, password: password, mustChange: true)
        return password
    }

    func add(_ name: String, role: Role, password: String, mustChange: Bool) async throws {
        let hash = try await hasher.hash(password)
        let now = clock.now.timeIntervalSince1970
        try await database.write { database in
            try database.execute(
                sql: "INSERT INTO account (name, role, salt, hash, cost, mustChange, createdAt) VALUES (?,?,?,?,?,?,?)",
                arguments: [name, role.rawValue, hash.salt, hash.hash, hash.cost, mustChange, now])
        }
    }

    /// Checks the password, changes it when a new one is given, and hands out a token.
    func login(_ request: LoginRequest, address: String) async throws(Refusal) -> LoginAnswer {
        let user = request.user
        if let wait = limiter.attempt(account: user, address: address, now: clock.now) {
            throw .tooManyAttempts(seconds: wait)
        }
        let account = try await guarded { try await self.account(user) }
        let right = try await guarded { try await self.check(request.password, account) }
        guard let account, right else { throw Refusal(.loginFailed, 401) }
        limiter.succeeded(account: user)
        var (mustChange, password) = (account.mustChange, account.password)
        if let new = request.newPassword {
            guard Self.passwordLength.contains(new.utf8.count), new != request.password, new != user else {
                throw Refusal(.passwordTooWeak, 422, ["minimum": "\(Self.passwordLength.lowerBound)"])
            }
            password = try await guarded { try await self.setPassword(new, of: user, instead: account.password) }
            mustChange = false
        }
        let answer = LoginAnswer(
            token: Secret.token(), role: account.role, expiresAt: clock.now.addingTimeInterval(Self.tokenLifetime),
            mustChangePassword: mustChange)
        try await guarded { try await self.store(answer, of: user, with: password) }
        return answer
    }

    /// The holder of a token that is known and has not expired.
    func administrator(token: String) async throws -> Administrator? {
        let hash = Secret.hash(token)
        let now = clock.now.timeIntervalSince1970
        return try await database.read { database in
            try Row.fetchOne(
                database,
                sql: """
                    SELECT account.name AS name, account.role AS role, token.mustChange AS mustChange FROM token
                    JOIN account ON account.name = token.account WHERE token.hash = ? AND token.expiresAt > ?
                    """, arguments: [hash, now]
            ).flatMap { row in
                Role(rawValue: row["role"]).map {
                    Administrator(name: row["name"], role: $0, mustChangePassword: row["mustChange"], tokenHash: hash)
                }
            }
        }
    }

    func logout(_ administrator: Administrator) async throws {
        try await database.write {
            try $0.execute(sql: "DELETE FROM token WHERE hash = ?", arguments: [administrator.tokenHash])
        }
    }

    func exists(_ name: String) async -> Bool { ((try? await account(name)) ?? nil) != nil }

    // MARK: Administration at the machine

    func list() async throws -> [AccountSummary] {
        try await database.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM account ORDER BY name").compactMap { row in
                Role(rawValue: row["role"]).map {
                    AccountSummary(
                        name: row["name"], role: $0, mustChangePassword: row["mustChange"],
                        createdAt: Date(timeIntervalSince1970: row["createdAt"]))
                }
            }
        }
    }

    /// Makes an account and returns its one-time password. Throws ``UpdateFailure``.
    func add(_ name: String, role: Role, by actor: String) async throws -> String {
        guard Self.isName(name) else { throw UpdateFailure(.accountNameInvalid, ["user": name]) }
        return try await withOneTimePassword { database, hash, now in
            // Two names that differ in capitals alone would be taken for each other.
            let sql = "SELECT count(*) FROM account WHERE name = ? COLLATE NOCASE"
            guard try Int.fetchOne(database, sql: sql, arguments: [name]) == 0 else {
                throw UpdateFailure(.accountExists, ["user": name])
            }
            try database.execute(
                sql: "INSERT INTO account (name, role, salt, hash, cost, mustChange, createdAt) VALUES (?,?,?,?,?,1,?)",
                arguments: [name, role.rawValue, hash.salt, hash.hash, hash.cost, now.timeIntervalSince1970])
            try AuditLog.record(
                in: database, at: now, actor: actor, action: "add-account", subject: "\(name) \(role.rawValue)")
        }
    }

    /// Gives the account a one-time password, which is returned, and ends its tokens.
    func reset(_ name: String, by actor: String) async throws -> String {
        try await withOneTimePassword { database, hash, now in
            _ = try Self.role(of: name, database)
            try database.execute(
                sql: "UPDATE account SET salt = ?, hash = ?, cost = ?, mustChange = 1 WHERE name = ?",
                arguments: [hash.salt, hash.hash, hash.cost, name])
            try database.execute(sql: "DELETE FROM token WHERE account = ?", arguments: [name])
            try AuditLog.record(in: database, at: now, actor: actor, action: "reset-account", subject: name)
        }
    }

    /// Removes the account and its tokens; the last administrator stays.
    func remove(_ name: String, by actor: String) async throws {
        let now = clock.now
        try await database.write { database in
            try Self.requireAdministrator(database)
            if try Self.role(of: name, database) == Role.administrator.rawValue,
                try Self.administrators(database) == 1
            {
                throw UpdateFailure(.lastAdministrator, ["user": name])
            }
            try database.execute(sql: "DELETE FROM account WHERE name = ?", arguments: [name])
            try AuditLog.record(in: database, at: now, actor: actor, action: "remove-account", subject: name)
        }
    }

    private func withOneTimePassword(
        _ store: @escaping @Sendable (Database, PasswordHash, Date) throws -> Void
    ) async throws -> String {
        let password = Secret.oneTimePassword()
        let hash = try await hasher.hash(password)
        let now = clock.now
        try await database.write { database in
            try Self.requireAdministrator(database)
            try store(database, hash, now)
        }
        return password
    }

    /// The first administrator is the agent's to make: an account before it would keep it from being made.
    private static func requireAdministrator(_ database: Database) throws {
        guard try administrators(database) > 0 else { throw UpdateFailure(.noAccounts) }
    }

    private static func administrators(_ database: Database) throws -> Int {
        let sql = "SELECT count(*) FROM account WHERE role = ?"
        return try Int.fetchOne(database, sql: sql, arguments: [Role.administrator.rawValue]) ?? 0
    }

    private static func role(of name: String, _ database: Database) throws -> String {
        let sql = "SELECT role FROM account WHERE name = ?"
        guard let role = try String.fetchOne(database, sql: sql, arguments: [name]) else {
            throw UpdateFailure(.accountUnknown, ["user": name])
        }
        return role
    }

    /// Letters without accents, digits and `. _ - + @`: what can be typed on any keyboard and shown on any page.
    static func isName(_ name: String) -> Bool {
        name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._+@-]{0,63}/) != nil
    }

    // MARK: Storage

    private struct Account: Sendable {
        var role: Role
        var password: PasswordHash
        var mustChange: Bool
    }

    private func account(_ name: String) async throws -> Account? {
        try await database.read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM account WHERE name = ?", arguments: [name]).flatMap { row in
                Role(rawValue: row["role"]).map {
                    Account(
                        role: $0, password: PasswordHash(salt: row["salt"], hash: row["hash"], cost: row["cost"]),
                        mustChange: row["mustChange"])
                }
            }
        }
    }

    private func check(_ password: String, _ account: Account?) async throws -> Bool {
        // scrypt's own limits do not bound the password: a megabyte would be hashed.
        guard password.utf8.count <= Self.passwordLength.upperBound else { return false }
        if let account { return try await hasher.matches(password, account.password) }
        if decoy == nil { decoy = try await hasher.hash(Secret.token()) }
        if let decoy { _ = try await hasher.matches(password, decoy) }
        return false
    }

    /// Every token of the account ends: whoever knew the old password is out.
    private func setPassword(
        _ password: String, of name: String, instead old: PasswordHash
    ) async throws -> PasswordHash {
        let hash = try await hasher.hash(password)
        try await database.write { database in
            try Self.require(old, of: name, database)
            try database.execute(
                sql: "UPDATE account SET salt = ?, hash = ?, cost = ?, mustChange = 0 WHERE name = ?",
                arguments: [hash.salt, hash.hash, hash.cost, name])
            try database.execute(sql: "DELETE FROM token WHERE account = ?", arguments: [name])
        }
        return hash
    }

    /// Checking a password takes a moment, in which the account may be reset or removed: the old password then opens
    /// nothing any more.
    private static func require(_ password: PasswordHash, of name: String, _ database: Database) throws {
        let sql = "SELECT hash FROM account WHERE name = ?"
        guard try Data.fetchOne(database, sql: sql, arguments: [name]) == password.hash else {
            throw Refusal(.loginFailed, 401)
        }
    }

    private func store(_ answer: LoginAnswer, of name: String, with password: PasswordHash) async throws {
        let hash = Secret.hash(answer.token)
        let now = clock.now.timeIntervalSince1970
        try await database.write { database in
            try Self.require(password, of: name, database)
            try database.execute(sql: "DELETE FROM token WHERE expiresAt <= ?", arguments: [now])
            try database.execute(
                sql: "INSERT INTO token (hash, account, mustChange, expiresAt) VALUES (?, ?, ?, ?)",
                arguments: [hash, name, answer.mustChangePassword, answer.expiresAt.timeIntervalSince1970])
        }
    }

    private func guarded<Value>(_ work: () async throws -> Value) async throws(Refusal) -> Value {
        do {
            return try await work()
        } catch let refusal as Refusal {
            throw refusal
        } catch is PasswordHasher.Busy {
            throw .tooManyAttempts(seconds: 1)
        } catch {
            throw Refusal(.unexpected, 500)
        }
    }
}
