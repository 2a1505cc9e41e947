// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import Agent

/// Attacks on the API, each by somebody who has less than they need.
@Suite struct AccessTests {
    private let base = "/v1/installations/om-business"

    @Test("a viewer may look, and can neither order nor cancel")
    func viewer() async throws {
        let agent = try await TestAgent()
        try await agent.application.test(.router) { client in
            let (vera, anna) = (try await agent.token("vera"), try await agent.token("anna"))
            for path in [
                "/v1/installations", base, base + "/releases", base + "/plan", base + "/sessions", base + "/updates",
                "/v1/audit",
            ] {
                #expect(try await client.call(.get, path, token: vera).status == .ok, "\(path)")
            }
            let refused = try await client.call(.post, base + "/updates", token: vera, body: UpdateOrder())
            #expect(refused.status == .forbidden && refused.code == "not-allowed")
            let run = try await client.call(.post, base + "/updates", token: anna, body: UpdateOrder())
            #expect(run.status == .accepted)
            let id = try run.decoded(UpdateRun.self).id
            #expect(try await client.call(.delete, base + "/updates/\(id)", token: vera).status == .forbidden)
            #expect(await agent.installations[0].orders.count == 1)
            #expect(try await client.call(.delete, base + "/updates/\(id)", token: anna).status == .ok)
        }
    }

    @Test("without a token, with a wrong one, or with another kind's, every route is closed")
    func everyRoute() async throws {
        let agent = try await TestAgent()
        let ticket = try await agent.ticket().ticket
        let application = try await agent.applications.issue(for: "om-business")
        let administrator = try await agent.token("anna")
        try await agent.application.test(.router) { client in
            for entry in agent.routes.build().table.entries where !["/v1/health", "/v1/login"].contains(entry.path) {
                let path = entry.path.replacing("{id}", with: "om-business").replacing("{path}", with: "packs/x")
                    .replacing("{run}", with: "r").replacing("{session}", with: "s")
                var wrong: [String?] = [nil, "guess", ""]
                switch path.split(separator: "/")[1] {
                case "session": wrong += [application, administrator]
                case "application": wrong += [ticket, administrator]
                case "mirror": break
                default: wrong += [ticket, application]
                }
                for token in wrong {
                    let answer = try await client.call(entry.method, path, token: token)
                    #expect(answer.status == .unauthorized, "\(entry.method) \(path)")
                    if entry.method != .head { #expect(answer.code == "not-logged-in") }
                }
            }
        }
    }

    @Test("the one-time password allows nothing else")
    func oneTimePassword() async throws {
        let agent = try await TestAgent()
        try await agent.application.test(.router) { client in
            let login = try await client.call(
                .post, "/v1/login", body: LoginRequest(user: "new", password: "one-time"))
            let answer = try login.decoded(LoginAnswer.self)
            #expect(answer.mustChangePassword)
            for path in ["/v1/installations", base, base + "/logs", "/v1/audit"] {
                let refused = try await client.call(.get, path, token: answer.token)
                #expect(refused.status == .forbidden && refused.code == "password-must-change")
            }
            #expect(
                try await client.call(.post, base + "/updates", token: answer.token, body: UpdateOrder()).status
                    == .forbidden)
            #expect(
                try await client.call(.get, "/v1/mirror/om-business/packs/x", token: answer.token).status == .forbidden)
            #expect(try await client.call(.post, "/v1/logout", token: answer.token).status == .noContent)
        }
    }

    @Test("an expired token opens nothing")
    func expired() async throws {
        let clock = ManualClock()
        let agent = try await TestAgent(clock: clock)
        try await agent.application.test(.router) { client in
            let token = try await agent.token("anna")
            #expect(try await client.call(.get, base, token: token).status == .ok)
            clock.advance(by: Accounts.tokenLifetime + 1)
            #expect(try await client.call(.get, base, token: token).status == .unauthorized)
        }
    }

    @Test("a ticket of one installation reads neither another's sessions, nor its mirror, nor its client")
    func otherInstallation() async throws {
        let agent = try await TestAgent()
        let hash = String(repeating: "a", count: 64)
        await agent.fetcher.put("metadata/timestamp.json", Array("{}".utf8))
        let ticket = try await agent.ticket(installation: 1).ticket
        let application = try await agent.applications.issue(for: "om-finance")
        let victim = try await agent.ticket(installation: 0).session.id
        try await agent.application.test(.router) { client in
            for token in [ticket, application] {
                for path in ["metadata/timestamp.json", "packs/\(hash)"] {
                    let refused = try await client.call(.get, "/v1/mirror/om-business/" + path, token: token)
                    #expect(refused.status == .notFound)
                }
                let own = try await client.call(.get, "/v1/mirror/om-finance/metadata/timestamp.json", token: token)
                #expect(own.status == .ok)
            }
            let ended = try await client.call(.delete, "/v1/application/sessions/\(victim)", token: application)
            #expect(ended.status == .notFound)
            #expect(await agent.installations[0].sessions.session(victim) != nil)
            let client = try await client.call(.get, "/v1/session/client?platform=linux-x86_64", token: ticket)
            let offer = try client.decoded(ClientOffer.self)
            #expect((offer.product, offer.channel) == ("om-finance", "beta"))
        }
    }

    @Test("a path that climbs out of the mirror is not a path")
    func traversal() async throws {
        let agent = try await TestAgent()
        let hash = String(repeating: "a", count: 64)
        try await agent.application.test(.router) { client in
            let token = try await agent.token("anna")
            for path in [
                "metadata/../../../etc/passwd", "metadata/%2e%2e/ricambio.sqlite", "metadata/..%2f..%2fx.json",
                "packs/../metadata/x.json", "packs/%2e%2e%2f\(hash)", "targets/../packs/\(hash)",
                "metadata/.hidden.json", "metadata//x.json", "metadata/a\\b.json", "metadata/x.json%00",
                "packs/\(hash.uppercased())", "packs/\(hash)/x", "other/x.json", "", "metadata/",
                "targets/om/\(hash).", "metadata/?x.json",
            ] {
                let answer = try await client.call(.get, "/v1/mirror/om-business/" + path, token: token)
                #expect(answer.status == .notFound, "\(path)")
            }
            #expect(await agent.fetcher.requests.isEmpty)
        }
    }

    @Test("a cookie is taken from our own pages only when something changes")
    func foreignPage() async throws {
        let agent = try await TestAgent()
        try await agent.application.test(.router) { client in
            let login = try await client.call(
                .post, "/v1/login", body: LoginRequest(user: "anna", password: TestAgent.password))
            let cookie = try #require(login.headers[.setCookie])
            for attribute in ["HttpOnly", "Secure", "SameSite=Strict"] { #expect(cookie.contains(attribute)) }
            let token = try login.decoded(LoginAnswer.self).token
            var headers: HTTPFields = [.cookie: "ricambio=\(token)"]
            #expect(try await client.call(.get, base, headers: headers).status == .ok)
            headers[.origin] = "https://evil.example"
            let refused = try await client.call(.post, base + "/updates", body: UpdateOrder(), headers: headers)
            #expect(refused.status == .forbidden)
            headers[.origin] = "https://localhost"
            let ours = try await client.call(.post, base + "/updates", body: UpdateOrder(), headers: headers)
            #expect(ours.status == .accepted)
        }
    }

    @Test("every refusal is a problem with sentences, in the caller's language")
    func problems() async throws {
        let agent = try await TestAgent()
        try await agent.application.test(.router) { client in
            let token = try await agent.token("anna")
            let cases: [(HTTPRequest.Method, String, (any Encodable & Sendable)?, Int, String)] = [
                (.get, "/v1/nothing", nil, 404, "not-found"),
                (.get, "/v1/installations/unknown", nil, 404, "installation-unknown"),
                (.get, base + "/updates/unknown", nil, 404, "run-unknown"),
                (.put, base, nil, 405, "request-invalid"),
                (.post, base + "/updates", ["graceSeconds": 3601], 422, "grace-out-of-range"),
                (.post, base + "/updates", ["email": ["not an address"]], 422, "address-invalid"),
                (.post, base + "/updates", ["at": "2001-01-01T00:00:00Z"], 422, "time-in-the-past"),
                (.post, base + "/updates", ["graceSeconds": "soon"], 400, "request-invalid"),
                (.post, base + "/updates", nil, 400, "request-invalid"),
                (.post, "/v1/login", ["user": "anna"], 400, "request-invalid"),
                (.post, "/v1/login", ["user": String(repeating: "x", count: 70_000)], 413, "request-too-large"),
            ]
            for (method, path, body, status, code) in cases {
                let answer = try await client.call(method, path, token: token, body: body)
                #expect(answer.status.code == status, "\(method) \(path)")
                #expect(answer.headers[.contentType] == Problem.mediaType)
                let problem = try answer.decoded(Problem.self)
                #expect(problem.code == code && problem.status == status)
                #expect(!problem.detail.isEmpty && problem.remedy?.isEmpty == false)
                #expect(answer.headers[.xContentTypeOptions] == "nosniff")
            }
            let german = try await client.call(
                .get, base + "/updates/x", token: token, headers: [.acceptLanguage: "de-CH, en"])
            #expect(try german.decoded(Problem.self).detail.contains("Aktualisierung"))
            #expect(try await client.call(.put, base).headers[.allow] == "GET")
        }
    }

    @Test("logins, orders and refusals are in the audit log; what was typed as an unknown user is not")
    func audited() async throws {
        let agent = try await TestAgent()
        try await agent.application.test(.router) { client in
            _ = try await client.call(.post, "/v1/login", body: LoginRequest(user: "secret", password: "secret"))
            let login = LoginRequest(user: "anna", password: TestAgent.password)
            let token = try await client.call(.post, "/v1/login", body: login).decoded(LoginAnswer.self).token
            _ = try await client.call(.post, base + "/updates", token: token, body: UpdateOrder())
            let lines = try await client.call(.get, "/v1/audit", token: token).decoded([AuditEntry].self)
            #expect(lines.map(\.action) == ["order-update", "login", "login-refused"])
            #expect(!lines.contains { "\($0)".contains("secret") })
            #expect(try await agent.audit.firstBrokenLine() == nil)
        }
    }

    @Test("while an update is warning, the application server may open no session")
    func refusedLogins() async throws {
        let agent = try await TestAgent()
        let token = try await agent.applications.issue(for: "om-business")
        try await agent.application.test(.router) { client in
            let request = SessionRequest(person: "Ada", workstation: "desk", language: .italian)
            let opened = try await client.call(.post, "/v1/application/sessions", token: token, body: request)
            #expect(opened.status == .created)
            await agent.installations[0].sessions.warn(deadline: Date().addingTimeInterval(60), from: "1.0", to: "2.0")
            let refused = try await client.call(.post, "/v1/application/sessions", token: token, body: request)
            #expect(refused.status == .serviceUnavailable && refused.code == "logins-refused")
        }
    }
}
