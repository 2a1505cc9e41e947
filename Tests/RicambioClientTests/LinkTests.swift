// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import RicambioClient

/// Answers connection after connection from a list; the last answer serves all that follow.
private final class Script: Sendable {
    private let answers: Mutex<[ScriptedServer.Handler]>

    init(_ answers: [ScriptedServer.Handler]) {
        self.answers = Mutex(answers)
    }

    var handler: ScriptedServer.Handler {
        { [self] request, writer in
            let answer = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            try await answer(request, writer)
        }
    }
}

private func stream(_ text: String, thenHang: Bool = false) -> ScriptedServer.Handler {
    { _, writer in
        try await writer.startEvents()
        try await writer.write(text)
        if thenHang { try await Task.sleep(for: .seconds(60)) }
    }
}

private func notice(_ id: Int, _ kind: NoticeKind = .warning) -> String {
    "id: \(id)\nevent: notice\ndata: {\"id\":\(id),\"kind\":\"\(kind.rawValue)\",\"text\":\"t\"}\n\n"
}

private let fast = Reconnection(firstDelay: 0.01, longestDelay: 0.02)

@Suite("Links to the agent keep up")
struct LinkTests {
    private func session(_ server: ScriptedServer) -> WorkstationSession {
        WorkstationSession(
            ticket: SessionTicket(session: "s1", ticket: "tick", agentURL: server.url, fingerprint: nil),
            reconnection: fast)
    }

    private func link(_ server: ScriptedServer, clock: ManualClock? = nil) throws -> ApplicationLink {
        let environment = [
            "RICAMBIO_AGENT_URL": server.url, "RICAMBIO_APPLICATION_TOKEN": "app", "RICAMBIO_INSTALLATION": "om",
        ]
        if let clock {
            return try #require(ApplicationLink(environment: environment, reconnection: .init(), clock: clock))
        }
        return try #require(ApplicationLink(environment: environment, reconnection: fast))
    }

    // MARK: Notices

    @Test("A broken stream is resumed after the last complete notice: none is lost, none comes twice")
    func resumption() async throws {
        let script = Script([
            stream(notice(4) + notice(5) + "id: 6\ndata: {\"id\":6,"),
            { _, writer in try await writer.problem("503 Service Unavailable", code: "busy", detail: "later") },
            stream(": alive\n\n" + notice(6) + notice(7)),
            { _, writer in try await writer.problem("401 Unauthorized", code: "unauthorized", detail: "over") },
        ])
        try await ScriptedServer.run(handler: script.handler) { server in
            let session = session(server)
            var ids: [Int] = []
            for try await notice in session.notices(after: 3) { ids.append(notice.id) }
            #expect(ids == [4, 5, 6, 7])
            #expect(server.requests.map { $0.headers["last-event-id"] } == ["3", "5", "5", "7"])
            #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Bearer tick" })
            #expect(server.requests.allSatisfy { $0.target == "/v1/session/notices" })
            await session.shutdown()
        }
    }

    @Test("A notice of a kind that this version does not know is passed over")
    func unknownKind() async throws {
        let script = Script([
            stream(
                "id: 1\ndata: {\"id\":1,\"kind\":\"fireworks\",\"text\":\"t\"}\n\nid: 2\ndata: nonsense\n\n" + notice(3)
            ),
            { _, writer in try await writer.respond("204 No Content") },
        ])
        try await ScriptedServer.run(handler: script.handler) { server in
            let session = session(server)
            var ids: [Int] = []
            for try await notice in session.notices() { ids.append(notice.id) }
            #expect(ids == [3])
            await session.shutdown()
        }
    }

    @Test("An answer that is no event stream ends the notices with an error")
    func notAStream() async throws {
        try await ScriptedServer.run { _, writer in
            try await writer.json("{}")
        } _: { server in
            let session = session(server)
            let error = await #expect(throws: ClientError.self) { for try await _ in session.notices() {} }
            #expect(error?.code == .malformed)
            await session.shutdown()
        }
    }

    @Test("A reader that leaves ends the connection")
    func leaving() async throws {
        let (ended, signal) = AsyncStream.makeStream(of: Void.self)
        try await ScriptedServer.run { _, writer in
            try await writer.startEvents()
            try await writer.write(notice(1))
            do {
                while true {
                    try await writer.write(": alive\n\n")
                    try await Task.sleep(for: .milliseconds(5))
                }
            } catch {
                signal.yield()
                throw error
            }
        } _: { server in
            let session = session(server)
            for try await _ in session.notices() { break }
            for await _ in ended { break }
            await session.shutdown()
        }
    }

    @Test("Delays grow to a limit, follow the stream's wish, and are never the same for all")
    func delays() {
        let policy = Reconnection(firstDelay: 1, longestDelay: 20)
        #expect(
            [0, 1, 2, 3, 4, 5, 50].map { policy.delay(attempt: $0, asked: nil, chance: 1) } == [1, 2, 4, 8, 16, 20, 20])
        #expect(policy.delay(attempt: 3, asked: nil, chance: 0) == 4)
        #expect(policy.delay(attempt: 0, asked: 5000, chance: 1) == 5)
        #expect(policy.delay(attempt: 9, asked: 60_000, chance: 1) == 60)
    }

    // MARK: The workstation's other calls

    @Test("Ready, heartbeat, end and the offer go to their places with the ticket")
    func calls() async throws {
        try await ScriptedServer.run { request, writer in
            if request.target.hasPrefix("/v1/session/client") {
                return try await writer.json(
                    #"{"channel":"stable","platform":"linux-x86_64","product":"om","repositoryURL":"https://a/","version":"2.0"}"#
                )
            }
            try await writer.respond("204 No Content")
        } _: { server in
            let session = session(server)
            try await session.ready()
            try await session.heartbeat()
            #expect(try await session.clientOffer(platform: "linux-x86_64")?.version == "2.0")
            try await session.end()
            #expect(
                server.requests.map { "\($0.method) \($0.target)" } == [
                    "POST /v1/session/ready", "POST /v1/session/heartbeat",
                    "GET /v1/session/client?platform=linux-x86_64", "DELETE /v1/session",
                ])
            await session.shutdown()
        }
    }

    @Test("No client for the platform is no error; ending a session that is gone is none either")
    func goneIsFine() async throws {
        try await ScriptedServer.run { _, writer in
            try await writer.problem("404 Not Found", code: "not-found", detail: "no")
        } _: { server in
            let session = session(server)
            #expect(try await session.clientOffer(platform: "linux-x86_64") == nil)
            try await session.end()
            await session.heartbeats()
            await session.shutdown()
        }
    }

    // MARK: The application server

    @Test("Without the agent's variables there is no link: the application runs on its own")
    func noAgent() {
        #expect(ApplicationLink(environment: [:]) == nil)
        #expect(
            ApplicationLink(environment: ["RICAMBIO_AGENT_URL": "https://x", "RICAMBIO_APPLICATION_TOKEN": ""]) == nil)
    }

    @Test("Logins are accepted until the agent says otherwise, and when it says so again")
    func logins() async throws {
        let event = { (id: Int, accepted: Bool) in
            "id: \(id)\nevent: logins\ndata: {\"id\":\(id),\"kind\":\"logins\",\"accepted\":\(accepted)}\n\n"
        }
        let close = "id: 3\nevent: closeSession\ndata: {\"id\":3,\"kind\":\"closeSession\",\"session\":\"s1\"}\n\n"
        try await ScriptedServer.run(
            handler: stream(event(1, true) + event(2, false) + close + event(4, true), thenHang: true)
        ) { server in
            let link = try link(server)
            #expect(link.acceptsLogins)
            #expect(link.installation == "om")
            var seen: [String] = []
            for try await event in link.events() {
                seen.append("\(event.kind.rawValue) \(event.session ?? "") \(link.acceptsLogins)")
                if event.id == 4 { break }
            }
            #expect(seen.count == 4)
            #expect(seen[2].hasPrefix("closeSession s1"))
            #expect(link.acceptsLogins)
            await link.shutdown()
        }
    }

    @Test("An agent that refused logins and stays away does not lock people out for ever")
    func refusalEnds() async throws {
        let script = Script([
            stream("id: 2\ndata: {\"id\":2,\"kind\":\"logins\",\"accepted\":false}\n\n"),
            { _, writer in try await writer.respond("503 Service Unavailable") },
        ])
        let clock = ManualClock()
        try await ScriptedServer.run(handler: script.handler) { server in
            let link = try link(server, clock: clock)
            let driver = Task { while !Task.isCancelled { await clock.advanceToNextWake() } }
            defer { driver.cancel() }
            var accepted: [Bool?] = []
            for try await event in link.events() {
                accepted.append(event.accepted)
                if accepted.count == 2 { break }
            }
            #expect(accepted == [false, true])
            #expect(link.acceptsLogins)
            #expect(clock.monotonicSeconds >= 60)
            await link.shutdown()
        }
    }

    @Test("Opening a session says whether logins are refused or the agent is away")
    func openSession() async throws {
        let request = SessionRequest(person: "anna", workstation: "pc1", language: .italian)
        let script = Script([
            { request, writer in
                #expect(request.method == "POST")
                #expect(request.target == "/v1/application/sessions")
                #expect(request.headers["authorization"] == "Bearer app")
                #expect(request.headers["content-type"] == "application/json")
                #expect(request.body == #"{"language":"it","person":"anna","workstation":"pc1"}"#)
                try await writer.json(#"{"session":"s","ticket":"t","agentURL":"https://a"}"#, status: "201 Created")
            },
            { _, writer in
                try await writer.problem(
                    "503 Service Unavailable", code: "logins-refused", detail: "An update is near.")
            },
        ])
        let port = try await ScriptedServer.run(handler: script.handler) { server in
            let link = try link(server)
            #expect(try await link.openSession(request).ticket == "t")
            let error = await #expect(throws: ClientError.self) { try await link.openSession(request) }
            #expect(error?.code == .loginsRefused)
            #expect(error?.reason == "An update is near.")
            #expect(!link.acceptsLogins)
            await link.shutdown()
            return server.port
        }
        let alone = try #require(
            ApplicationLink(environment: [
                "RICAMBIO_AGENT_URL": "http://127.0.0.1:\(port)", "RICAMBIO_APPLICATION_TOKEN": "app",
            ]))
        let error = await #expect(throws: ClientError.self) { try await alone.openSession(request) }
        #expect(error?.code == .unreachable)
        #expect(alone.acceptsLogins)
        await alone.shutdown()
    }
}
