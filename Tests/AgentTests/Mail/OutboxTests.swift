// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import GRDB
import Logging
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// Takes mails as it was told to.
private final class ScriptedTransport: MailTransport {
    private struct State {
        var failures: [MailFailure] = []
        var attempts = 0
        var taken: [MailMessage] = []
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    init(failures: [MailFailure] = []) { state.withLock { $0.failures = failures } }

    var attempts: Int { state.withLock { $0.attempts } }
    var taken: [MailMessage] { state.withLock { $0.taken } }

    func send(_ message: MailMessage) async throws(MailFailure) {
        let (failure, waiters) = state.withLock { state -> (MailFailure?, [CheckedContinuation<Void, Never>]) in
            state.attempts += 1
            let attempts = state.attempts
            let failure = state.failures.isEmpty ? nil : state.failures.removeFirst()
            if failure == nil { state.taken.append(message) }
            let woken = state.waiters.filter { $0.count <= attempts }.map(\.continuation)
            state.waiters.removeAll { $0.count <= attempts }
            return (failure, woken)
        }
        for waiter in waiters { waiter.resume() }
        if let failure { throw failure }
    }

    /// Returns once `count` attempts were made.
    func waitForAttempts(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isEnough = state.withLock { state in
                if state.attempts >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isEnough { continuation.resume() }
        }
    }
}

@Suite("The outbox", .timeLimit(.minutes(2)))
struct OutboxTests {
    private let clock = ManualClock()
    private let database: any DatabaseWriter
    private static let away = MailFailure(.mailServerUnreachable, .transient, ["server": "mail:587", "reason": "away"])
    private static let refused = MailFailure(.mailRefused, .permanent, ["server": "mail:587", "reason": "550 no"])

    init() throws { database = try StateDatabase.inMemory().writer }

    private func outbox(_ transport: any MailTransport, giveUpAfter: Double = 5 * 86400) -> Outbox {
        Outbox(
            database: database, transport: transport, clock: clock, logger: Logger(label: "test"),
            policy: RetryPolicy(giveUpAfter: giveUpAfter, jitter: { 1 }), timeZone: .gmt)
    }

    private func run(_ id: String = "run-1") -> UpdateRun {
        var run = UpdateRun(
            id: id, installation: "om-business", product: "om-business", from: "1.0", to: "2.0", order: UpdateOrder(),
            requestedBy: "admin")
        run.outcome = .updated
        return run
    }

    private func enqueue(_ outbox: Outbox, run: UpdateRun? = nil, to: [String] = ["anna@example.com"]) async throws {
        try await outbox.enqueue(
            run: run ?? self.run(), productName: "OM Business", recipients: to, from: "ricambio@example.com",
            language: .french)
    }

    private func entries() async throws -> [OutboxEntry] {
        try await OutboxStore(database: database).entries(run: "run-1")
    }

    @Test("told twice of the same run, as after a crash, it sends one mail to each")
    func once() async throws {
        let transport = ScriptedTransport()
        let outbox = outbox(transport)
        try await enqueue(outbox, to: ["anna@example.com", "bruno@example.com", "ANNA@example.com"])
        _ = await outbox.deliver()
        try await enqueue(outbox, to: ["bruno@example.com", "anna@example.com"])
        _ = await outbox.deliver()
        #expect(transport.taken.map(\.to.description) == ["anna@example.com", "bruno@example.com"])
        #expect(Set(transport.taken.map(\.identifier)).count == 2)
        #expect(
            transport.taken.allSatisfy { $0.language == .french && $0.subject.hasPrefix("OM Business : mis à jour") })
    }

    @Test("a mail that was promised is sent by the next agent when this one dies first")
    func survives() async throws {
        try await enqueue(outbox(ScriptedTransport()))
        let transport = ScriptedTransport()
        let next = outbox(transport)
        #expect(await next.deliver() == nil)
        #expect(transport.taken.count == 1)
        #expect(try await entries().map(\.state) == [.sent])
    }

    @Test("a mail that the full database does not take is kept, and sent when there is room again")
    func fullDatabase() async throws {
        let transport = ScriptedTransport()
        let outbox = outbox(transport)
        let pages = try await database.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
        try await database.write { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
        for number in 1...100 { try await enqueue(outbox, run: run("run-\(number)")) }
        await #expect(throws: (any Error).self) {
            for number in 101...300 { try await enqueue(outbox, run: run("run-\(number)")) }
        }
        #expect(await outbox.deliver() == RetryPolicy().afterDatabase)
        try await database.write { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        #expect(await outbox.deliver() == nil)
        #expect(transport.taken.count >= 100)
        #expect(Set(transport.taken.map(\.identifier)).count == transport.taken.count)
    }

    @Test("after each failure it waits twice as long, up to an hour, and sends in the end")
    func backOff() async throws {
        let transport = ScriptedTransport(failures: Array(repeating: Self.away, count: 10))
        let outbox = outbox(transport)
        let service = Task { try await outbox.run() }
        try await enqueue(outbox)
        var waits: [Double] = []
        for attempt in 1...10 {
            await transport.waitForAttempts(attempt)
            waits.append(await clock.advanceToNextWake())
        }
        await transport.waitForAttempts(11)
        #expect(waits == [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600])
        #expect(transport.taken.count == 1)
        service.cancel()
        try await service.value
    }

    @Test("a new mail does not wait for an old one's next attempt")
    func wakes() async throws {
        let transport = ScriptedTransport(failures: [Self.away])
        let outbox = outbox(transport)
        let service = Task { try await outbox.run() }
        try await enqueue(outbox)
        await transport.waitForAttempts(1)
        await clock.waitForSleepers()
        try await enqueue(outbox, run: run("run-2"))
        await transport.waitForAttempts(2)
        #expect(transport.taken.count == 1)
        service.cancel()
        try await service.value
    }

    @Test("a refusal for ever ends one recipient's mail at once and nobody else's")
    func permanent() async throws {
        let transport = ScriptedTransport(failures: [Self.refused])
        let outbox = outbox(transport)
        try await enqueue(outbox, to: ["nobody@example.com", "anna@example.com"])
        #expect(await outbox.deliver() == nil)
        #expect(transport.taken.map(\.to.description) == ["anna@example.com"])
        let entries = try await entries()
        #expect(entries.map(\.state) == [.givenUp, .sent])
        #expect(entries.first?.lastFailure?.contains("550 no") == true)
    }

    @Test("it gives up after its days, and keeps why")
    func givesUp() async throws {
        let transport = ScriptedTransport(failures: Array(repeating: Self.away, count: 100))
        let outbox = outbox(transport, giveUpAfter: 100)
        try await enqueue(outbox)
        var attempts = 0
        while let wait = await outbox.deliver(), attempts < 50 {
            clock.advance(by: wait)
            attempts += 1
        }
        // At 0, 15 and 45 s; the next would be at 105 s.
        #expect(transport.attempts == 3)
        #expect(try await entries().map(\.state) == [.givenUp])
        #expect(try await entries().first?.lastFailure?.contains("mail:587") == true)
    }

    @Test("an attempt that the agent's end broke off does not count")
    func stopped() async throws {
        let transport = ScriptedTransport(failures: [MailFailure(.mailServerUnreachable, .stopped, [:])])
        let outbox = outbox(transport)
        try await enqueue(outbox)
        _ = await outbox.deliver()
        #expect(try await entries().map(\.attempts) == [0])
        _ = await outbox.deliver()
        #expect(try await entries().map(\.state) == [.sent])
    }

    @Test("a bad address keeps nobody else from the mail; a bad sender is an error")
    func badAddresses() async throws {
        let transport = ScriptedTransport()
        let outbox = outbox(transport)
        try await enqueue(outbox, to: ["x@y\r\nRCPT TO:<z@z>", "anna@example.com"])
        _ = await outbox.deliver()
        #expect(transport.taken.map(\.to.description) == ["anna@example.com"])
        await #expect(throws: MailFailure.self) {
            try await outbox.enqueue(run: run(), recipients: ["anna@example.com"], from: "nobody", language: .english)
        }
    }
}
