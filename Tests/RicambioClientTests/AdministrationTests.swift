// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Testing

@testable import RicambioClient

@Suite("What an administrator does at an agent")
struct AdministrationTests {
    private func run(outcome: UpdateOutcome? = nil) throws -> String {
        var run = UpdateRun(
            id: "r1", installation: "om", product: "om-business", from: "1.0", to: "2.0", order: UpdateOrder(),
            requestedBy: "admin")
        run.outcome = outcome
        return String(decoding: try APIJSON.encode(run), as: UTF8.self)
    }

    private func administration(_ server: ScriptedServer, token: String? = "tok") async throws -> Administration {
        Administration(try await AgentConnection(url: server.url, trust: .system, token: token))
    }

    @Test("Every call goes to its place")
    func routes() async throws {
        let run = try run()
        try await ScriptedServer.run { request, writer in
            switch (request.method, request.target) {
            case ("POST", "/v1/login"):
                try await writer.json(
                    #"{"token":"new","role":"viewer","expiresAt":"2026-01-01T00:00:00.000Z","mustChangePassword":false}"#
                )
            case ("POST", "/v1/logout"): try await writer.respond("204 No Content")
            case ("GET", let path) where path.contains("/logs"): try await writer.respond("200 OK", body: "line\n")
            case ("POST", _): try await writer.json(run, status: "202 Accepted")
            case ("DELETE", _), ("GET", "/v1/installations/o%2Fm/updates/r1"): try await writer.json(run)
            case ("GET", "/v1/installations/o%2Fm"):
                try await writer.json(
                    #"{"id":"o/m","product":"p","channel":"stable","folder":"/x","service":"running","sessions":3}"#)
            default: try await writer.json("[]")
            }
        } _: { server in
            let stranger = try await administration(server, token: nil)
            let answer = try await stranger.login(user: "admin", password: "one", newPassword: "two")
            let admin = stranger.loggedIn(answer)
            #expect(try await admin.installations().isEmpty)
            #expect(try await admin.installation("o/m").sessions == 3)
            #expect(try await admin.releases(of: "o/m").isEmpty)
            #expect(try await admin.sessions(of: "o/m").isEmpty)
            #expect(try await admin.order(UpdateOrder(version: "2.0", graceSeconds: 10), for: "o/m").id == "r1")
            #expect(try await admin.history(of: "o/m").isEmpty)
            #expect(try await admin.run("r1", of: "o/m").to == "2.0")
            #expect(try await admin.cancel("r1", of: "o/m").id == "r1")
            #expect(try await admin.logs(of: "o/m", lines: 5) == "line\n")
            #expect(try await admin.audit().isEmpty)
            try await admin.logout()
            #expect(
                server.requests.map { "\($0.method) \($0.target)" } == [
                    "POST /v1/login", "GET /v1/installations", "GET /v1/installations/o%2Fm",
                    "GET /v1/installations/o%2Fm/releases", "GET /v1/installations/o%2Fm/sessions",
                    "POST /v1/installations/o%2Fm/updates", "GET /v1/installations/o%2Fm/updates",
                    "GET /v1/installations/o%2Fm/updates/r1", "DELETE /v1/installations/o%2Fm/updates/r1",
                    "GET /v1/installations/o%2Fm/logs?lines=5", "GET /v1/audit", "POST /v1/logout",
                ])
            #expect(server.requests[0].headers["authorization"] == nil)
            #expect(server.requests[0].body == #"{"newPassword":"two","password":"one","user":"admin"}"#)
            #expect(server.requests[5].body == #"{"email":[],"graceSeconds":10,"repair":false,"version":"2.0"}"#)
            #expect(server.requests.dropFirst().allSatisfy { $0.headers["authorization"] == "Bearer new" })
            await stranger.connection.shutdown()
        }
    }

    @Test("A run is watched to its end, over a restart of the agent")
    func watch() async throws {
        let (going, done) = (try run(), try run(outcome: .updated))
        try await ScriptedServer.run { request, writer in
            try await writer.startEvents()
            try await writer.write("retry: 10\nid: 1\nevent: run\ndata: \(going)\n\n")
            guard request.headers["last-event-id"] != nil else { return }
            try await writer.write("id: 2\nevent: run\ndata: \(done)\n\n")
            try await Task.sleep(for: .seconds(60))
        } _: { server in
            let admin = try await administration(server)
            var outcomes: [UpdateOutcome?] = []
            for try await run in admin.watch("r1", of: "om") { outcomes.append(run.outcome) }
            #expect(outcomes == [nil, nil, .updated])
            #expect(server.requests.map(\.target).allSatisfy { $0 == "/v1/installations/om/updates/r1/events" })
            await admin.connection.shutdown()
        }
    }

    @Test("Watching gives up when the agent stays away for too long")
    func watchGivesUp() async throws {
        try await ScriptedServer.run { _, writer in
            try await writer.respond("503 Service Unavailable")
        } _: { server in
            let admin = try await administration(server)
            let error = await #expect(throws: ClientError.self) {
                for try await _ in admin.watch("r1", of: "om", reconnection: .init(firstDelay: 0.01, giveUpAfter: 0.05))
                {}
            }
            #expect(error?.code == .refused(503))
            await admin.connection.shutdown()
        }
    }

    @Test(
        "Refusals say what the agent said",
        arguments: [
            ("401 Unauthorized", ClientError.Code.unauthorized), ("403 Forbidden", .notAllowed),
            ("404 Not Found", .notFound), ("409 Conflict", .conflict), ("429 Too Many Requests", .refused(429)),
            ("500 Internal Server Error", .refused(500)), ("302 Found", .refused(302)),
        ])
    func refusals(status: String, code: ClientError.Code) async throws {
        try await ScriptedServer.run { _, writer in
            try await writer.problem(status, code: "some-code", detail: "This is why.")
        } _: { server in
            let admin = try await administration(server)
            let error = await #expect(throws: ClientError.self) { try await admin.installations() }
            #expect(error?.code == code)
            #expect(error?.reason == "This is why.")
            #expect(error?.problem?.code == "some-code")
            await admin.connection.shutdown()
        }
    }

    @Test("An answer that is not what it should be is an error, not a crash", arguments: ["", "{}", "[{}]", "<html>"])
    func nonsense(body: String) async throws {
        try await ScriptedServer.run { _, writer in
            try await writer.respond("200 OK", body: body)
        } _: { server in
            let admin = try await administration(server)
            let error = await #expect(throws: ClientError.self) { try await admin.installations() }
            #expect(error?.code == .malformed)
            await admin.connection.shutdown()
        }
    }

    @Test("A redirect is not followed: the token belongs to this agent only")
    func redirect() async throws {
        try await ScriptedServer.run { _, writer in
            try await writer.json("[]")
        } _: { other in
            let target = other.url
            try await ScriptedServer.run { _, writer in
                try await writer.respond("307 Temporary Redirect", ["Location: \(target)/v1/installations"])
            } _: { server in
                let admin = try await administration(server)
                let error = await #expect(throws: ClientError.self) { try await admin.installations() }
                #expect(error?.code == .refused(307))
                await admin.connection.shutdown()
            }
            #expect(other.requests.isEmpty)
        }
    }
}
