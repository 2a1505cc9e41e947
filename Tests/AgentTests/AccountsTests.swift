// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Agent

@Suite struct AccountsTests {
    private func accounts(_ clock: ManualClock = ManualClock()) throws -> (Accounts, StateDatabase) {
        let database = try StateDatabase.inMemory()
        return (Accounts(database: database.writer, hasher: PasswordHasher(cost: 2), clock: clock), database)
    }

    private func refusal(_ work: () async throws -> Void) async -> Refusal? {
        do {
            try await work()
            return nil
        } catch {
            return error as? Refusal
        }
    }

    @Test("the first administrator's password is made once and only its hash is stored")
    func firstAdministrator() async throws {
        let (accounts, database) = try accounts()
        let password = try #require(try await accounts.makeFirstAdministrator())
        #expect(try await accounts.makeFirstAdministrator() == nil)
        let rows = try database.writer.read { try Row.fetchAll($0, sql: "SELECT * FROM account") }
        #expect(rows.count == 1)
        #expect(!"\(rows)".contains(password))
    }

    @Test("the one-time password gives a token that allows nothing, until a password of one's own is chosen")
    func oneTimePassword() async throws {
        let (accounts, _) = try accounts()
        let password = try #require(try await accounts.makeFirstAdministrator())
        let first = try await accounts.login(LoginRequest(user: "admin", password: password), address: "")
        #expect(first.mustChangePassword)
        #expect(try await accounts.administrator(token: first.token)?.mustChangePassword == true)

        let refused = await refusal {
            _ = try await accounts.login(
                LoginRequest(user: "admin", password: password, newPassword: password), address: "")
        }
        #expect(refused?.code == .passwordTooWeak)

        let second = try await accounts.login(
            LoginRequest(user: "admin", password: password, newPassword: "a better one"), address: "")
        #expect(!second.mustChangePassword)
        #expect(try await accounts.administrator(token: second.token)?.mustChangePassword == false)
        // Whoever read the one-time password over the administrator's shoulder is out.
        #expect(try await accounts.administrator(token: first.token) == nil)
        let old = await refusal { _ = try await accounts.login(.init(user: "admin", password: password), address: "") }
        #expect(old?.code == .loginFailed)
    }

    @Test("a token ends after its time, and with logging out")
    func tokensEnd() async throws {
        let clock = ManualClock()
        let (accounts, database) = try accounts(clock)
        try await accounts.add("anna", role: .administrator, password: "password", mustChange: false)
        let answer = try await accounts.login(LoginRequest(user: "anna", password: "password"), address: "")
        let holder = try #require(try await accounts.administrator(token: answer.token))
        let stored = try await database.writer.read { try String.fetchAll($0, sql: "SELECT hash FROM token") }
        #expect(stored == [Secret.hash(answer.token)])
        clock.advance(by: Accounts.tokenLifetime + 1)
        #expect(try await accounts.administrator(token: answer.token) == nil)

        let again = try await accounts.login(LoginRequest(user: "anna", password: "password"), address: "")
        #expect(try await accounts.administrator(token: again.token)?.name == holder.name)
        try await accounts.logout(try #require(try await accounts.administrator(token: again.token)))
        #expect(try await accounts.administrator(token: again.token) == nil)
    }

    @Test("a login flood is not looked at: at most five guesses, made one by one or all at once")
    func flood() async throws {
        let clock = ManualClock()
        let (accounts, _) = try accounts(clock)
        try await accounts.add("anna", role: .administrator, password: "password", mustChange: false)
        let codes = await withTaskGroup(of: FailureCode?.self) { group in
            for guess in 0..<25 {
                group.addTask {
                    do throws(Refusal) {
                        _ = try await accounts.login(
                            LoginRequest(user: "anna", password: "guess \(guess)"), address: "10.0.0.\(guess)")
                        return nil
                    } catch { return error.code }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.filter { $0 == .loginFailed }.count <= LoginLimiter.freeFailures)
        #expect(codes.filter { $0 == .tooManyAttempts }.count >= 20)
        // Not even the right password is looked at now, but the lock ends by itself.
        let locked = await refusal {
            _ = try await accounts.login(LoginRequest(user: "anna", password: "password"), address: "10.1.1.1")
        }
        #expect(locked?.status == 429)
        clock.advance(by: LoginLimiter.firstLock + 1)
        _ = try await accounts.login(LoginRequest(user: "anna", password: "password"), address: "10.1.1.1")
    }

    @Test("one address cannot try many accounts")
    func sprayed() {
        var limiter = LoginLimiter()
        let now = Date(timeIntervalSince1970: 0)
        let answers = (0..<100).map { limiter.attempt(account: "user \($0)", address: "10.0.0.1", now: now) }
        #expect(answers.filter { $0 == nil }.count == LoginLimiter.attemptsPerAddress)
        #expect(limiter.attempt(account: "other", address: "10.0.0.2", now: now) == nil)
        let later = now.addingTimeInterval(LoginLimiter.addressWindow)
        #expect(limiter.attempt(account: "another", address: "10.0.0.1", now: later) == nil)
    }

    @Test("each further wrong password doubles the lock, up to a quarter of an hour")
    func doubling() {
        var limiter = LoginLimiter()
        var now = Date(timeIntervalSince1970: 0)
        var locks: [TimeInterval] = []
        for attempt in 0..<20 {
            #expect(limiter.attempt(account: "a", address: "\(attempt)", now: now) == nil)
            if let lock = limiter.attempt(account: "a", address: "x\(attempt)", now: now) {
                locks.append(lock)
                now.addTimeInterval(lock)
            }
        }
        #expect(locks.prefix(3) == [30, 60, 120])
        #expect(locks.max() == LoginLimiter.longestLock)
    }

    @Test("an unknown user is answered like a wrong password")
    func unknownUser() async throws {
        let (accounts, _) = try accounts()
        let refused = await refusal { _ = try await accounts.login(.init(user: "nobody", password: "x"), address: "") }
        #expect(refused == Refusal(.loginFailed, 401))
    }

    @Test("an account made with another cost can still log in")
    func costs() async throws {
        let stored = try await PasswordHasher(cost: 4).hash("password")
        #expect(stored.cost == 4)
        let hasher = PasswordHasher(cost: 2)
        #expect(try await hasher.matches("password", stored))
        #expect(try await !hasher.matches("Password", stored))
        // Composed and decomposed forms are the same password to the person who types it.
        let accented = try await hasher.hash("caff\u{e8}")
        #expect(try await hasher.matches("caffe\u{300}", accented))
    }

    @Test("an application keeps its token over one restart of it, not over two")
    func applicationTokens() async throws {
        let database = try StateDatabase.inMemory()
        let tokens = ApplicationTokens(database: database.writer, clock: ManualClock())
        let first = try await tokens.issue(for: "a")
        let other = try await tokens.issue(for: "b")
        let second = try await tokens.issue(for: "a")
        #expect(try await tokens.installation(token: first) == "a")
        _ = try await tokens.issue(for: "a")
        #expect(try await tokens.installation(token: first) == nil)
        #expect(try await tokens.installation(token: second) == "a")
        #expect(try await tokens.installation(token: other) == "b")
        #expect(try await tokens.installation(token: "guess") == nil)
    }
}
