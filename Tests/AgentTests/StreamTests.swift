// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import AsyncHTTPClient
import Foundation
import Hummingbird
import HTTPTypes
import HummingbirdTesting
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import Agent

/// Event streams over real connections.
@Suite struct StreamTests {
    private func open(_ path: String, port: Int, token: String) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.headers.add(name: "authorization", value: "Bearer \(token)")
        return try await HTTPClient.shared.execute(request, timeout: .seconds(60))
    }

    /// Reads until the text has what is waited for; fails when the stream ends before.
    private func read(_ body: HTTPClientResponse.Body, until wanted: String) async throws -> String {
        var text = ""
        for try await buffer in body {
            text += String(buffer: buffer)
            if text.contains(wanted) { return text }
        }
        throw NeverHappened()
    }

    @Test("an application server first hears whether logins are accepted, as openapi.yaml describes its events")
    func applicationEvents() async throws {
        let agent = try await TestAgent()
        let token = try await agent.applications.issue(for: "om-business")
        try await agent.application.test(.ahc(.http)) { client in
            let response = try await open("/v1/application/events", port: try #require(client.port), token: token)
            #expect(response.headers.first(name: "content-type") == "text/event-stream")
            let text = try await read(response.body, until: "\"kind\":\"logins\"")
            try Self.compare(text, "ApplicationEvent")
        }
    }

    @Test("a workstation is told of the warning on its open stream, as openapi.yaml describes notices")
    func notices() async throws {
        let agent = try await TestAgent()
        let ticket = try await agent.ticket().ticket
        try await agent.application.test(.ahc(.http)) { client in
            let response = try await open("/v1/session/notices", port: try #require(client.port), token: ticket)
            await agent.installations[0].sessions.warn(
                deadline: Date().addingTimeInterval(60), from: "1.0", to: "2.0")
            try Self.compare(try await read(response.body, until: "\"toVersion\":\"2.0\""), "Notice")
        }
    }

    @Test("the agent's shutdown ends open streams instead of waiting for them")
    func shutdown() async throws {
        let agent = try await TestAgent()
        let ticket = try await agent.ticket().ticket
        let (started, continuation) = AsyncStream.makeStream(of: HTTPClientResponse.self)
        let reader = Task {
            for await response in started {
                for try await _ in response.body {}
                return true
            }
            return false
        }
        try await agent.application.test(.ahc(.http)) { client in
            let response = try await open("/v1/session/notices", port: try #require(client.port), token: ticket)
            continuation.yield(response)
        }
        #expect(try await reader.value)
    }

    @Test("an answer whose body is never sent leaves no reader behind")
    func neverSent() async throws {
        let agent = try await TestAgent()
        let opened = try await agent.ticket()
        let registry = agent.installations[0].sessions
        let response = try await agent.routes.build().router.buildResponder().respond(
            to: Request(
                head: HTTPRequest(
                    method: .get, scheme: "http", authority: "localhost", path: "/v1/session/notices",
                    headerFields: [.authorization: "Bearer \(opened.ticket)"]),
                body: RequestBody(buffer: ByteBuffer())),
            context: AgentContext(
                source: ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: TestAgent.quiet)))
        #expect(response.status == .ok)
        #expect(await registry.readerCount(opened.session.id) == 0)
    }

    @Test("a reader that is gone is noticed, and its session ends after the silence")
    func gone() async throws {
        let clock = ManualClock()
        let agent = try await TestAgent(clock: clock)
        let opened = try await agent.ticket()
        let registry = agent.installations[0].sessions
        try await agent.application.test(.ahc(.http)) { client in
            let port = try #require(client.port)
            // Leaving the scope of the response closes its connection.
            let reading = Task {
                let response = try await open("/v1/session/notices", port: port, token: opened.ticket)
                for try await _ in response.body {}
            }
            try await eventually { await registry.readerCount(opened.session.id) == 1 }
            reading.cancel()
            _ = await reading.result
            try await eventually { await registry.readerCount(opened.session.id) == 0 }
            clock.advance(by: SessionRegistry.silenceLimit + 1)
            await registry.endSilentSessions()
            #expect(await registry.session(opened.session.id) == nil)
        }
    }

    @Test("a run's stream shows each state and ends after the final one")
    func runEvents() async throws {
        let agent = try await TestAgent()
        let token = try await agent.token("anna")
        let run = await agent.installations[0].order(UpdateOrder(), by: "anna")
        try await agent.application.test(.ahc(.http)) { client in
            let path = "/v1/installations/om-business/updates/\(run.id)/events"
            let response = try await open(path, port: try #require(client.port), token: token)
            var text = ""
            for try await buffer in response.body {
                // The first event says that this reader follows.
                let follows = text.contains("event: run")
                text += String(buffer: buffer)
                if !follows, text.contains("event: run") {
                    _ = try await agent.installations[0].cancel(run: run.id, by: "anna")
                }
            }
            #expect(text.contains("\"outcome\":\"cancelled\""))
            #expect(text.components(separatedBy: "event: run").count == 3)
            let after = try await client.call(.get, path, token: token)
            #expect(String(buffer: after.body).contains("\"outcome\":\"cancelled\""))
        }
    }

    private static func compare(_ text: String, _ name: String) throws {
        let document = try OpenAPITests.document()
        let schema = try #require(document["components"]?["schemas"]?[name])
        for line in text.split(separator: "\n") where line.hasPrefix("data: ") {
            let value = try JSONSerialization.jsonObject(with: Data(line.dropFirst(6).utf8))
            #expect(SchemaChecker(document: document).check(value, schema).isEmpty)
        }
    }
}
