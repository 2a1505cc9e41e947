// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing
import Yams

@testable import Agent

/// `openapi.yaml` is the contract: a running agent answers every operation as it says, and has no other.
@Suite struct OpenAPITests {
    static func document() throws -> Node {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("openapi.yaml")
        return try #require(try Yams.compose(yaml: String(contentsOf: file, encoding: .utf8)))
    }

    private static let methods = ["get", "head", "post", "put", "delete", "patch"]

    private static func operations(_ document: Node) -> [(path: String, method: String, operation: Node)] {
        var operations: [(String, String, Node)] = []
        for (path, item) in document["paths"]?.mapping ?? [:] {
            for (method, operation) in item.mapping ?? [:] where methods.contains(method.string ?? "") {
                operations.append((path.string ?? "", method.string ?? "", operation))
            }
        }
        return operations
    }

    @Test("every route is described, and every described operation is a route")
    func complete() async throws {
        let described = Set(Self.operations(try Self.document()).map { "\($0.method.uppercased()) \($0.path)" })
        let routes = Set(
            try await TestAgent().routes.build().table.entries.map { "\($0.method.rawValue) \($0.path)" })
        #expect(described == routes)
        #expect(described.count > 20)
    }

    @Test("an order that openapi.yaml describes in full is what the agent reads")
    func orderIsComplete() throws {
        let schema = try #require(try Self.document()["components"]?["schemas"]?["UpdateOrder"]?["properties"]?.mapping)
        let order = UpdateOrder(
            version: "1", graceSeconds: 1, email: ["a@b.c"], language: .german, at: Date(timeIntervalSince1970: 0),
            repair: true)
        let written = try JSONSerialization.jsonObject(with: APIJSON.encode(order)) as? [String: Any]
        #expect(Set(schema.keys.compactMap(\.string)) == Set((written ?? [:]).keys))
    }

    @Test("every member that a plan, a run and a status can have is described")
    func membersAreComplete() throws {
        let schemas = try #require(try Self.document()["components"]?["schemas"])
        let failure = Catalogue.failure(.leftBehind, ["path": "/srv"], language: .english)
        let old = OldFolder(id: "a1", path: "/srv/OM_old", version: "1", until: Date(timeIntervalSince1970: 0))
        var run = Samples.run(
            UpdateRun(
                id: "1", installation: "om", product: "om", from: "1", to: "2", order: UpdateOrder(),
                requestedBy: "anna"))
        run.content = ContentSummary(way: "pack", bytesFetched: 1, bytesReused: 1, requests: 1, choices: [])
        let plan = UpdatePlan(
            from: "1", to: "2",
            content: ContentSummary(way: "pack", bytesFetched: 1, bytesReused: 1, requests: 1, choices: []),
            installedBytes: 1, obstacles: [], oldFolder: old.path)
        let status = InstallationStatus(
            id: "om", product: "om", channel: "stable", folder: "/srv/OM", version: "1", available: "2",
            service: .running, sessions: 0, run: run, problem: failure, retained: [old])
        let values: [(String, any Encodable)] = [
            ("UpdateRun", run), ("UpdatePlan", plan), ("InstallationStatus", status), ("OldFolder", old),
            ("NotCarriedFile", NotCarriedFile(path: "a", what: .attribute, name: "user.a")),
            ("CommandOutput", CommandOutput(name: "om", action: .save, status: 0, output: "", seconds: 1)),
        ]
        for (name, value) in values {
            let described = try #require(schemas[name]?["properties"]?.mapping, "\(name)").keys.compactMap(\.string)
            let written = try JSONSerialization.jsonObject(with: APIJSON.encode(value)) as? [String: Any]
            #expect(Set(described) == Set((written ?? [:]).keys), "\(name)")
        }
        let kinds = schemas["NotCarriedFile"]?["properties"]?["what"]?["enum"]?.array().compactMap(\.string)
        #expect(kinds.map(Set.init) == Set(NotCarriedFile.What.allCases.map(\.rawValue)))
        let actions = schemas["CommandOutput"]?["properties"]?["action"]?["enum"]?.array().compactMap(\.string)
        #expect(actions.map(Set.init) == Set(CommandOutput.Action.allCases.map(\.rawValue)))
    }

    @Test("a running agent answers every operation as described")
    func answers() async throws {
        let agent = try await TestAgent()
        let samples = try await Samples(agent)
        try await agent.application.test(.ahc(.http)) { client in
            let document = try Self.document()
            for operation in Self.operations(document) {
                let name = "\(operation.method.uppercased()) \(operation.path)"
                let requests = try #require(samples.requests[name], "no sample for \(name)")
                for request in requests {
                    let answer = try await client.call(
                        HTTPRequest.Method(operation.method.uppercased())!, request.path, token: request.token,
                        body: request.body, headers: request.headers)
                    #expect(answer.status.code == request.status, "\(name)")
                    try Self.compare(answer, operation.operation, document, name)
                }
            }
        }
    }

    private static func compare(_ answer: TestResponse, _ operation: Node, _ document: Node, _ name: String) throws {
        let checker = SchemaChecker(document: document)
        // Looked for by its text: "200" in quotes is another key to YAML than the number.
        let described = operation["responses"]?.mapping?.first { $0.key.string == "\(answer.status.code)" }?.value
        guard let response = described.map(checker.resolved) else {
            Issue.record("\(name): \(answer.status.code) is not described")
            return
        }
        guard let content = response["content"]?.mapping?.first else {
            #expect(answer.body.readableBytes == 0, "\(name): a body that is not described")
            return
        }
        let type = answer.headers[.contentType]?.split(separator: ";").first.map(String.init)
        #expect(type == content.key.string, "\(name)")
        guard let schema = content.value["schema"], let type else { return }
        let text = String(buffer: answer.body)
        var values: [String] = []
        switch type {
        case "application/json", "application/problem+json": values = [text]
        case "text/event-stream":
            values = text.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
            #expect(!values.isEmpty, "\(name)")
        default: return
        }
        for value in values {
            let object = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
            let wrong = checker.check(object, schema)
            #expect(wrong.isEmpty, "\(name): \(wrong)")
        }
    }
}

/// A request for every operation, and for the refusals that are easy to ask for.
struct Samples: Sendable {
    struct Sample: Sendable {
        var path: String
        var token: String?
        var status: Int
        var body: (any Encodable & Sendable)?
        var headers: HTTPFields = [:]
    }

    var requests: [String: [Sample]] = [:]

    init(_ agent: TestAgent) async throws {
        let anna = try await agent.token("anna")
        let leaving = try await agent.token("anna")
        try await administration(agent, anna)
        try await streams(agent, anna)
        requests["GET /v1/health"] = [Sample(path: "/v1/health", status: 200)]
        requests["POST /v1/login"] = [
            Sample(
                path: "/v1/login", status: 200, body: LoginRequest(user: "anna", password: TestAgent.password)),
            Sample(path: "/v1/login", status: 401, body: LoginRequest(user: "vera", password: "wrong")),
            Sample(path: "/v1/login", status: 400, body: ["user": "anna"]),
            Sample(
                path: "/v1/login", status: 422,
                body: LoginRequest(user: "new", password: "one-time", newPassword: "short")),
        ]
        requests["POST /v1/logout"] = [Sample(path: "/v1/logout", token: leaving, status: 204)]
        let pack: [UInt8] = Array("pack".utf8)
        let name = Secret.hex(SHA256.hash(data: pack))
        await agent.fetcher.putPack(name, pack)
        let path = "/v1/mirror/om-business/packs/\(name)"
        let mirrored = [
            Sample(path: path, token: anna, status: 200),
            Sample(path: path, token: anna, status: 304, headers: [.ifNoneMatch: "\"\(name)\""]),
        ]
        requests["GET /v1/mirror/{id}/{path}"] =
            mirrored + [
                Sample(path: path, token: anna, status: 206, headers: [.range: "bytes=0-1"]),
                Sample(path: path, token: anna, status: 416, headers: [.range: "bytes=9-"]),
                Sample(path: "/v1/mirror/om-business/packs/x", token: anna, status: 404),
                Sample(path: path, status: 401),
            ]
        requests["HEAD /v1/mirror/{id}/{path}"] = mirrored
    }

    /// A run with something in each of its members, `content` aside.
    static func run(_ ordered: UpdateRun) -> UpdateRun {
        var run = ordered
        run.steps.append(StepRecord(step: .finished, startedAt: Date(), endedAt: Date(), bytesDone: 1, bytesTotal: 2))
        run.outcome = .rolledBack
        run.failure = Catalogue.failure(.healthCheckFailed, ["version": "2.0", "seconds": "60"], language: .english)
        run.standing = Standing(inPlace: .old, isRunning: true, savedData: ["/srv/saved"])
        run.kept = ["preferences/a"]
        run.beside = ["preferences/a.new"]
        run.deadline = Date()
        (run.downtimeSeconds, run.applicationStopSeconds, run.applicationStartSeconds) = (1.5, 0.5, 1)
        run.foreign = ["plugins/mine.so"]
        run.notCarried = [NotCarriedFile(path: "backups/pipe", what: .special)]
        run.remarks = [Catalogue.failure(.leftBehind, ["path": "/srv/OM_old"], language: .english)]
        run.oldKept = OldFolder(path: "/srv/OM_old", version: "1.0", until: Date())
        run.dataCommands = [CommandOutput(name: "om", action: .save, status: 0, output: "saved", seconds: 1.5)]
        return run
    }

    private mutating func administration(_ agent: TestAgent, _ token: String) async throws {
        let base = "/v1/installations/om-business"
        let run = Self.run(await agent.installations[0].order(UpdateOrder(at: Date()), by: "anna"))
        let cancellable = await agent.installations[0].order(UpdateOrder(), by: "anna")
        await agent.hub.runChanged(run)
        _ = try await agent.ticket()
        for path in ["", "/{id}", "/{id}/releases", "/{id}/plan", "/{id}/sessions", "/{id}/logs", "/{id}/updates"] {
            let full = "/v1/installations" + path.replacing("{id}", with: "om-business")
            requests["GET /v1/installations" + path] = [
                Sample(path: full, token: token, status: 200), Sample(path: full, status: 401),
            ]
        }
        requests["GET /v1/audit"] = [Sample(path: "/v1/audit?limit=5", token: token, status: 200)]
        requests["POST /v1/installations/{id}/updates"] = [
            Sample(path: base + "/updates", token: token, status: 202, body: UpdateOrder(email: ["a@b.c"])),
            Sample(path: base + "/updates", token: token, status: 400, body: ["graceSeconds": "x"]),
            Sample(path: base + "/updates", token: try await agent.token("vera"), status: 403, body: UpdateOrder()),
            Sample(path: base + "/updates", token: token, status: 422, body: ["graceSeconds": -1]),
        ]
        requests["GET /v1/installations/{id}/updates/{run}"] = [
            Sample(path: base + "/updates/\(run.id)", token: token, status: 200),
            Sample(path: base + "/updates/none", token: token, status: 404),
        ]
        requests["GET /v1/installations/{id}/updates/{run}/events"] = [
            Sample(path: base + "/updates/\(run.id)/events", token: token, status: 200)
        ]
        requests["DELETE /v1/installations/{id}/updates/{run}"] = [
            Sample(path: base + "/updates/\(cancellable.id)", token: token, status: 200),
            Sample(path: base + "/updates/\(run.id)", token: token, status: 409),
        ]
    }

    private mutating func streams(_ agent: TestAgent, _ administrator: String) async throws {
        let application = try await agent.applications.issue(for: "om-business")
        let (working, leaving) = (try await agent.ticket(), try await agent.ticket())
        requests["POST /v1/application/sessions"] = [
            Sample(
                path: "/v1/application/sessions", token: application, status: 201,
                body: SessionRequest(person: "Bruno", workstation: "desk-2", language: .french)),
            Sample(path: "/v1/application/sessions", token: application, status: 400, body: ["person": "x"]),
        ]
        let closing = try await agent.ticket().session.id
        requests["DELETE /v1/application/sessions/{session}"] = [
            Sample(path: "/v1/application/sessions/\(closing)", token: application, status: 204),
            Sample(path: "/v1/application/sessions/none", token: application, status: 404),
        ]
        requests["GET /v1/session"] = [Sample(path: "/v1/session", token: working.ticket, status: 200)]
        requests["POST /v1/session/ready"] = [Sample(path: "/v1/session/ready", token: working.ticket, status: 200)]
        requests["POST /v1/session/heartbeat"] = [
            Sample(path: "/v1/session/heartbeat", token: working.ticket, status: 204)
        ]
        requests["DELETE /v1/session"] = [Sample(path: "/v1/session", token: leaving.ticket, status: 204)]
        requests["GET /v1/session/client"] = [
            Sample(path: "/v1/session/client?platform=linux-x86_64", token: working.ticket, status: 200),
            Sample(path: "/v1/session/client?platform=amiga", token: working.ticket, status: 404),
            Sample(path: "/v1/session/client", token: working.ticket, status: 400),
        ]
        // The two streams that do not end by themselves are read in StreamTests; here they are only refused.
        for path in ["/v1/session/notices", "/v1/application/events"] {
            requests["GET " + path] = [Sample(path: path, token: administrator, status: 401)]
        }
    }
}
