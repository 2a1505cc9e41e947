// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import TestSupport
import Testing

@testable import Agent

@Suite struct SessionRegistryTests {
    private let clock = ManualClock()
    private let database: StateDatabase

    init() throws { database = try StateDatabase.inMemory() }

    private func registry() -> SessionRegistry {
        SessionRegistry(
            installation: "om-business", productName: "OM Business",
            store: SessionStore(database: database.writer, installation: "om-business"), clock: clock,
            logger: TestAgent.quiet)
    }

    private func open(
        _ registry: SessionRegistry, _ person: String = "Ada", _ language: Language = .english, client: String? = "1.0"
    ) async throws -> (id: String, ticket: String) {
        let opened = try await registry.open(
            SessionRequest(person: person, workstation: "desk", language: language, clientVersion: client))
        return (opened.session.id, opened.ticket)
    }

    /// Reads a stream's next `count` events as values.
    private func next<Value: Decodable>(_ count: Int, of channel: EventChannel, _ type: Value.Type) async throws
        -> [Value]
    {
        var values: [Value] = []
        for await event in channel.stream {
            guard case .event(_, _, let data) = event else { continue }
            values.append(try APIJSON.decode(type, from: Data(data.utf8)))
            if values.count == count { break }
        }
        return values
    }

    @Test("everyone connected is warned in their language, with the countdown; new logins are refused")
    func warns() async throws {
        let registry = registry()
        let ada = try await open(registry)
        let bruno = try await open(registry, "Bruno", .italian)
        let streams = [
            try await registry.notices(for: ada.id, after: nil), try await registry.notices(for: bruno.id, after: nil),
        ]
        await registry.warn(deadline: clock.now.addingTimeInterval(120), from: "1.0", to: "2.0")
        let english = try #require(try await next(1, of: streams[0], Notice.self).first)
        let italian = try #require(try await next(1, of: streams[1], Notice.self).first)
        #expect(english.kind == .warning && english.secondsLeft == 120 && english.toVersion == "2.0")
        #expect(english.text.contains("OM Business"))
        #expect(english.text != italian.text)
        #expect(english.id == italian.id)
        await #expect(throws: Refusal(.loginsRefused, 503)) { _ = try await open(registry, "Late") }
        #expect(await registry.counts() == SessionCounts(warned: 2, ready: 0, closed: 0))
    }

    @Test("the grace time ends early when everybody is ready or has left, and not before")
    func endsEarly() async throws {
        let registry = registry()
        let (ada, bruno) = (try await open(registry), try await open(registry, "Bruno"))
        let deadline = clock.now.addingTimeInterval(120)
        await registry.warn(deadline: deadline, from: "1.0", to: "2.0")
        let waiting = Task { try await registry.waitUntilReadyOrDeadline(deadline) }
        await clock.waitForSleepers()
        #expect(try await registry.ready(ada.id).state == .ready)
        #expect(await registry.counts().ready == 1)
        await registry.end(bruno.id)
        try await waiting.value
        #expect(clock.now < deadline)
        let counts = await registry.close(within: 0)
        #expect(counts == SessionCounts(warned: 2, ready: 2, closed: 0))
    }

    @Test("the grace time ends at the deadline for those who do not answer; a cancelled wait throws")
    func deadline() async throws {
        let registry = registry()
        _ = try await open(registry)
        let deadline = clock.now.addingTimeInterval(60)
        await registry.warn(deadline: deadline, from: "1.0", to: "2.0")
        let waiting = Task { try await registry.waitUntilReadyOrDeadline(deadline) }
        await clock.waitForSleepers()
        clock.advance(by: 60)
        try await waiting.value
        let late = clock.now.addingTimeInterval(60)
        let cancelled = Task { try await registry.waitUntilReadyOrDeadline(late) }
        await clock.waitForSleepers()
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
    }

    @Test("sessions still open are told to close and are closed by the application server")
    func closes() async throws {
        let registry = registry()
        let ada = try await open(registry)
        let notices = try await registry.notices(for: ada.id, after: nil)
        let application = await registry.applicationEvents()
        await registry.warn(deadline: clock.now, from: "1.0", to: "2.0")
        let closing = Task { await registry.close(within: 10) }
        let events = try await next(3, of: application, ApplicationEvent.self)
        #expect(events.map(\.kind) == [.logins, .logins, .closeSession])
        #expect(events.map(\.accepted) == [true, false, nil])
        #expect(events[2].session == ada.id)
        await registry.end(ada.id)
        #expect(await closing.value == SessionCounts(warned: 1, ready: 0, closed: 1))
        let told = try await next(2, of: notices, Notice.self)
        #expect(told.map(\.kind) == [.warning, .closing])
    }

    @Test("an application server that closes nobody does not hold the update up")
    func closesAnyway() async throws {
        let registry = registry()
        let ada = try await open(registry)
        await registry.warn(deadline: clock.now, from: "1.0", to: "2.0")
        let closing = Task { await registry.close(within: 10) }
        await clock.waitForSleepers()
        clock.advance(by: 10)
        #expect(await closing.value.closed == 1)
        #expect(await registry.session(ticket: ada.ticket) == nil)
    }

    @Test("a cancelled update is taken back: people go on working and may log in")
    func cancelled() async throws {
        let registry = registry()
        let ada = try await open(registry)
        await registry.warn(deadline: clock.now.addingTimeInterval(60), from: "1.0", to: "2.0")
        _ = try await registry.ready(ada.id)
        await registry.cancelWarning()
        #expect(await registry.session(ada.id)?.state == .open)
        // A reader that was away learns only what is still true.
        let notices = try await registry.notices(for: ada.id, after: nil)
        #expect(try await next(1, of: notices, Notice.self).map(\.kind) == [.cancelled])
        _ = try await open(registry, "Bruno")
    }

    @Test("a reader that comes back gets what it missed, and nothing twice")
    func resumes() async throws {
        let registry = registry()
        let ada = try await open(registry)
        await registry.warn(deadline: clock.now.addingTimeInterval(60), from: "1.0", to: "2.0")
        clock.advance(by: 20)
        let first = try await next(1, of: try await registry.notices(for: ada.id, after: nil), Notice.self)
        #expect(first.first?.secondsLeft == 40)
        #expect(first.first?.text.contains("40") ?? false)
        let again = try await registry.notices(for: ada.id, after: first.first?.id)
        await registry.cancelWarning()
        #expect(try await next(1, of: again, Notice.self).map(\.kind) == [.cancelled])
    }

    @Test("tickets, sessions and notice numbers outlive the agent; an interrupted warning is told again")
    func restarted() async throws {
        let first = registry()
        let ada = try await open(first)
        let bruno = try await open(first, "Bruno")
        await first.warn(deadline: clock.now.addingTimeInterval(60), from: "1.0", to: "2.0")
        _ = try await first.ready(ada.id)
        let second = registry()
        try await second.restore(keepingReady: true)
        #expect(await second.session(ticket: ada.ticket) == ada.id)
        #expect(await second.session(bruno.id)?.state == .open)
        await second.warn(deadline: clock.now.addingTimeInterval(30), from: "1.0", to: "2.0")
        #expect(await second.session(ada.id)?.state == .ready)
        let told = try await next(1, of: try await second.notices(for: bruno.id, after: 1), Notice.self)
        #expect(told.first?.id == 2)
        #expect(await second.counts() == SessionCounts(warned: 2, ready: 1, closed: 0))
    }

    @Test("a \"ready\" answers one update: after it was cancelled, everybody is warned of the next one")
    func staleReady() async throws {
        let first = registry()
        let (ada, bruno) = (try await open(first), try await open(first, "Bruno"))
        await first.warn(deadline: clock.now.addingTimeInterval(60), from: "1.0", to: "2.0")
        _ = try await first.ready(ada.id)
        await first.cancelWarning()
        // Even an agent that goes on with a later warning must not take the old answer for one to it.
        let second = registry()
        try await second.restore(keepingReady: true)
        #expect(await second.session(ada.id)?.state == .open)
        await second.warn(deadline: clock.now.addingTimeInterval(60), from: "1.0", to: "2.0")
        _ = try await second.ready(bruno.id)
        // The run ends while no agent runs: nothing goes on when the next one starts.
        let third = registry()
        try await third.restore()
        await third.warn(deadline: clock.now.addingTimeInterval(60), from: "1.0", to: "2.1")
        // Else the next line would wait for ever.
        try #require(await third.session(bruno.id)?.state == .warned)
        #expect(await third.counts() == SessionCounts(warned: 2, ready: 0, closed: 0))
        let told = try await next(1, of: try await third.notices(for: bruno.id, after: nil), Notice.self)
        #expect(told.map(\.kind) == [.warning])
    }

    @Test("an interrupted warning that is cancelled without being told again leaves nobody ready")
    func readyAfterRecovery() async throws {
        let first = registry()
        let ada = try await open(first)
        await first.warn(deadline: clock.now.addingTimeInterval(60), from: "1.0", to: "2.0")
        _ = try await first.ready(ada.id)
        let second = registry()
        try await second.restore(keepingReady: true)
        #expect(await second.session(ada.id)?.state == .ready)
        await second.cancelWarning()
        await second.acceptLogins(true)
        #expect(await second.session(ada.id)?.state == .open)
        let third = registry()
        try await third.restore(keepingReady: true)
        #expect(await third.session(ada.id)?.state == .open)
    }

    @Test("people are warned although the disk is full, and no number is given twice")
    func unnumbered() async throws {
        let registry = registry()
        let ada = try await open(registry)
        await registry.warn(deadline: clock.now.addingTimeInterval(60), from: "1.0", to: "2.0")
        try await database.writer.write { database in
            for event in ["INSERT", "UPDATE"] {
                try database.execute(
                    sql:
                        "CREATE TRIGGER full\(event) BEFORE \(event) ON noticeCounter BEGIN SELECT RAISE(FAIL, 'full'); END"
                )
            }
        }
        let channel = try await registry.notices(for: ada.id, after: 1)
        await registry.cancelWarning()
        await registry.warn(deadline: clock.now.addingTimeInterval(60), from: "1.0", to: "2.0")
        let told = try await next(2, of: channel, Notice.self)
        #expect(told.map(\.kind) == [.cancelled, .warning])
        #expect(told.map(\.id) == [2, 3])
        try await database.writer.write { database in
            try database.execute(sql: "DROP TRIGGER fullINSERT; DROP TRIGGER fullUPDATE")
        }
        await registry.cancelWarning()
        let later = try await next(1, of: try await registry.notices(for: ada.id, after: 3), Notice.self)
        #expect(later.map(\.id) == [4])
        let restarted = self.registry()
        try await restarted.restore()
        await restarted.warn(deadline: clock.now.addingTimeInterval(60), from: "1.0", to: "2.0")
        let after = try await next(1, of: try await restarted.notices(for: ada.id, after: 4), Notice.self)
        #expect(after.map(\.id) == [5])
    }

    @Test("a workstation that was switched off has left after a minute, open stream or not; one that asks has not")
    func silence() async throws {
        let registry = registry()
        let (ada, bruno) = (try await open(registry), try await open(registry, "Bruno"))
        // A switched-off machine closes no connection: what is written to it goes into a buffer for many minutes.
        let stream = try await registry.notices(for: ada.id, after: nil)
        for _ in 0...Int(SessionRegistry.silenceLimit) {
            await registry.endSilentSessions()
            clock.advance(by: 1)
            stream.send(.heartbeat)
            #expect(await registry.session(ticket: bruno.ticket) == bruno.id)
        }
        await registry.endSilentSessions()
        #expect(await registry.session(ada.id) == nil)
        #expect(await registry.session(bruno.id) != nil)
    }

    @Test("an agent whose machine slept does not take everybody for silent")
    func slept() async throws {
        let registry = registry()
        let ada = try await open(registry)
        await registry.endSilentSessions()
        clock.advance(by: 3600)
        await registry.endSilentSessions()
        #expect(await registry.session(ada.id) != nil)
    }

    @Test("clients of another version are offered the server's, also when they connect later")
    func offers() async throws {
        let registry = registry()
        let old = try await open(registry)
        await registry.offerClients(version: "2.0")
        let later = try await open(registry, "Bruno")
        let new = try await open(registry, "Carla", client: "2.0")
        for id in [old.id, later.id] {
            let told = try await next(1, of: try await registry.notices(for: id, after: nil), Notice.self)
            #expect(told.first?.kind == .clientOffered && told.first?.toVersion == "2.0")
        }
        let silent = try await registry.notices(for: new.id, after: nil)
        silent.finish()
        #expect(try await next(1, of: silent, Notice.self).isEmpty)
    }

    @Test("a reader that does not read is cut instead of filling the memory")
    func slowReader() async throws {
        let channel = EventChannel()
        for number in 0..<(EventChannel.buffered * 3) { channel.send(.event(name: nil, id: number, data: "x")) }
        var read = 0
        for await _ in channel.stream { read += 1 }
        #expect(read == EventChannel.buffered)
    }

    @Test("an event's data cannot end the event early")
    func eventText() {
        let event = ServerSentEvent.event(name: "run", id: 7, data: "a\nb\n\nevent: forged")
        #expect(event.text == "id: 7\nevent: run\ndata: a\ndata: b\ndata: \ndata: event: forged\n\n")
    }
}
