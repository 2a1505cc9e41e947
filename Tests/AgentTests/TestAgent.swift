// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Platform
import TUF
import TestSupport

@testable import Agent

/// The agent's whole HTTP side on a database in memory, with installations that only pretend.
struct TestAgent: Sendable {
    static let password = "correct horse battery"

    let database: StateDatabase
    let accounts: Accounts
    let applications: ApplicationTokens
    let history: RunHistory
    let hub: RunHub
    let audit: AuditLog
    let installations: [PretendedInstallation]
    let fetcher: TableFetcher
    let cache: MirrorCache
    let routes: APIRoutes
    let folder: TemporaryFolder

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init(
        clock: any WallClock = SystemWallClock(), ids: [String] = ["om-business", "om-finance"],
        mirrorBytes: Int64 = 1 << 30
    ) async throws {
        folder = try TemporaryFolder()
        database = try StateDatabase.inMemory()
        accounts = Accounts(database: database.writer, hasher: PasswordHasher(cost: 2), clock: clock)
        applications = ApplicationTokens(database: database.writer, clock: clock)
        history = RunHistory(database: database.writer)
        hub = RunHub(history: history, clock: clock, logger: Self.quiet)
        audit = AuditLog(database: database.writer, clock: clock)
        fetcher = TableFetcher()
        cache = MirrorCache(limit: mirrorBytes, fileSystem: POSIXFileSystem(), clock: clock, logger: Self.quiet)
        var installations: [PretendedInstallation] = []
        for id in ids {
            let registry = SessionRegistry(
                installation: id, productName: id, store: SessionStore(database: database.writer, installation: id),
                clock: clock, logger: Self.quiet)
            let mirror = Mirror(
                folder: folder / id, upstream: "http://vendor/", fetcher: fetcher, index: TableIndex(fetcher: fetcher),
                cache: cache, fileSystem: POSIXFileSystem(), clock: clock)
            try await mirror.prepare()
            installations.append(
                PretendedInstallation(id: id, sessions: registry, mirror: mirror, hub: hub, clock: clock))
        }
        self.installations = installations
        let address = AgentAddress()
        await address.set(.init(url: "https://agent:8443", localURL: "https://127.0.0.1:8443", fingerprint: nil))
        routes = APIRoutes(
            installations: installations, accounts: accounts, applications: applications, hub: hub,
            audit: audit, language: .english, fileSystem: POSIXFileSystem(), clock: clock, address: address)
        try await accounts.add("anna", role: .administrator, password: Self.password, mustChange: false)
        try await accounts.add("vera", role: .viewer, password: Self.password, mustChange: false)
        try await accounts.add("new", role: .administrator, password: "one-time", mustChange: true)
    }

    var application: some ApplicationProtocol {
        Application(
            responder: routes.build().router.buildResponder(),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: Self.quiet)
    }

    func token(_ user: String, password: String = TestAgent.password) async throws -> String {
        try await accounts.login(LoginRequest(user: user, password: password), address: "test").token
    }

    /// An open session of the first (or another) installation.
    func ticket(installation: Int = 0) async throws -> (session: Session, ticket: String) {
        try await installations[installation].sessions.open(
            SessionRequest(person: "Ada", workstation: "desk-1", language: .english, clientVersion: "1.0"))
    }
}

/// Answers like an installation and remembers what it was ordered.
actor PretendedInstallation: ManagedInstallation {
    nonisolated let id: String
    nonisolated let sessions: SessionRegistry
    nonisolated let mirror: Mirror
    private let hub: RunHub
    private let clock: any WallClock
    private(set) var orders: [UpdateOrder] = []

    init(id: String, sessions: SessionRegistry, mirror: Mirror, hub: RunHub, clock: any WallClock) {
        self.id = id
        self.sessions = sessions
        self.mirror = mirror
        self.hub = hub
        self.clock = clock
    }

    func keptFolders() async -> [OldFolder] { [] }

    func status() async -> InstallationStatus {
        InstallationStatus(
            id: id, product: id, channel: "stable", folder: "/srv/\(id)", version: "1.0", available: "2.0",
            service: .running, sessions: await sessions.count)
    }

    func releases() -> [ReleaseSummary] {
        [
            ReleaseSummary(
                version: "2.0", date: clock.now, severity: "normal", notes: ["en": "New."], isCurrent: true,
                isInstalled: false, isRecalled: false, fullPackBytes: 100)
        ]
    }

    func plan(version: String?) -> UpdatePlan {
        UpdatePlan(
            from: "1.0", to: version ?? "2.0",
            content: ContentSummary(
                way: "delta", bytesFetched: 10, bytesReused: 90, requests: 1,
                choices: [.init(way: "delta", bytes: 10, requests: 1), .init(way: "pack", bytes: 100, requests: 1)]),
            installedBytes: 100, obstacles: [Catalogue.failure(.notEnoughSpace, language: .english)])
    }

    func order(_ order: UpdateOrder, by account: String) async -> UpdateRun {
        orders.append(order)
        var run = UpdateRun(
            id: "run-\(orders.count)", installation: id, product: id, from: "1.0", to: order.version ?? "2.0",
            order: order, requestedBy: account)
        run.steps = [StepRecord(step: .requested, startedAt: clock.now)]
        await hub.runChanged(run)
        return run
    }

    func cancel(run id: String, by account: String) async throws -> UpdateRun {
        guard var run = await hub.latest(id), run.outcome == nil else { throw Refusal(.tooLateToCancel, 409) }
        run.outcome = .cancelled
        run.failure = Catalogue.failure(.cancelled, language: .english)
        await hub.runChanged(run)
        return run
    }

    func log(lines: Int) -> String { "started\n" }

    func client(platform: String) -> ClientRelease? {
        platform == "linux-x86_64" ? ClientRelease(product: id, channel: "beta", version: "2.0") : nil
    }
}

struct TableIndex: PackIndex {
    let fetcher: TableFetcher
    func length(ofPack sha256: String) async -> Int64? { await fetcher.length(sha256) }
}

/// Waits for something that happens in another task, without a fixed time.
func eventually(_ condition: @Sendable () async throws -> Bool) async throws {
    for _ in 0..<1000 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    throw NeverHappened()
}

struct NeverHappened: Error {}

extension TestClientProtocol {
    func call(
        _ method: HTTPRequest.Method, _ uri: String, token: String? = nil, body: (any Encodable & Sendable)? = nil,
        headers extra: HTTPFields = [:]
    ) async throws -> TestResponse {
        var headers = extra
        if let token { headers[.authorization] = "Bearer \(token)" }
        var buffer: ByteBuffer?
        if let body { buffer = ByteBuffer(bytes: try APIJSON.encode(body)) }
        return try await execute(uri: uri, method: method, headers: headers, body: buffer) { $0 }
    }
}

extension TestResponse {
    func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try APIJSON.decode(type, from: Data(body.readableBytesView))
    }

    /// The code of a refusal.
    var code: String? { try? decoded(Problem.self).code }
}
