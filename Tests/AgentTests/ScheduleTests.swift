// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Agent

@Suite struct ScheduleTests {
    @Test("an order for later survives a restart of the agent, and can be taken back")
    func stored() async throws {
        let folder = try TemporaryFolder()
        let at = Date(timeIntervalSince1970: 2_000_000_000)
        let run = UpdateRun(
            id: "r1", installation: "om", product: "om", from: "1.0", to: "2.0", order: UpdateOrder(at: at),
            requestedBy: "anna")
        try await RunHistory(database: StateDatabase.open(folder / "state.sqlite").writer).schedule(run, at: at)
        let history = RunHistory(database: try StateDatabase.open(folder / "state.sqlite").writer)
        #expect(try await history.scheduled(for: "om") == run)
        #expect(try await history.scheduled(for: "other") == nil)
        #expect(try await history.runs(of: "om") == [run])
        try await history.unschedule(run.id)
        #expect(try await history.scheduled(for: "om") == nil)
        folder.remove()
    }

    /// An installation of files only whose vendor is away: a run on it fails before anything is touched.
    private func parts(_ folder: TemporaryFolder) throws -> (AgentConfiguration, InstallationConfiguration) {
        let live = folder / "Tool"
        try FileManager.default.createDirectory(atPath: live.string, withIntermediateDirectories: true)
        let layout = InstallationLayout(folder: live, id: "tool")
        try FileManager.default.createDirectory(atPath: layout.state.string, withIntermediateDirectories: true)
        try InstalledRelease(
            product: "tool", version: "1.0", component: "server", platform: "linux-x86_64",
            tree: String(repeating: "0", count: 64)
        ).save(layout, POSIXFileSystem())
        try Data(RepositorySimulator(now: Date()).trustedRoot).write(
            to: URL(fileURLWithPath: (folder / "root.json").string))
        let installation = InstallationConfiguration(
            id: "tool", product: "tool", platform: "linux-x86_64", folder: live,
            repositoryURL: "http://127.0.0.1:1/", trustedRoot: folder / "root.json", service: .none,
            health: .init(probe: .none, expectVersion: false))
        return (
            AgentConfiguration(
                listen: ListenAddress(host: "127.0.0.1", port: 0), state: folder / "state", scryptCost: 2,
                installations: [installation]), installation
        )
    }

    @Test("an order whose time came while the agent was down runs when it is up again, and leaves its mail")
    func overdue() async throws {
        let folder = try TemporaryFolder()
        let (configuration, _) = try parts(folder)
        try FileManager.default.createDirectory(
            atPath: configuration.state.string, withIntermediateDirectories: true)
        let file = configuration.state.appending("ricambio.sqlite")
        let at = Date().addingTimeInterval(-60)
        var run = UpdateRun(
            id: "overdue", installation: "tool", product: "tool", from: "1.0", to: "2.0",
            order: UpdateOrder(version: "2.0", at: at), requestedBy: "anna")
        run.steps = [StepRecord(step: .requested, startedAt: at)]
        try await RunHistory(database: StateDatabase.open(file).writer).schedule(run, at: at)

        let agent = Task {
            try await AgentService(configuration: configuration, logger: TestAgent.quiet).run { _ in }
        }
        let history = RunHistory(database: try StateDatabase.open(file).writer)
        try await eventually { try await history.run("overdue", of: "tool")?.outcome != nil }
        // No configuration of mail, nobody named in the order: the mail is written all the same.
        let mail = configuration.state.appending("mail")
        try await eventually { (try? POSIXFileSystem().entries(of: mail).count) == 1 }
        agent.cancel()
        _ = await agent.result
        let ended = try await history.run("overdue", of: "tool")
        #expect(ended?.outcome == .failed)
        #expect(ended?.failure?.remedy.isEmpty == false)
        #expect(try await history.scheduled(for: "tool") == nil)
        folder.remove()
    }

    @Test("an agent that cannot listen leaves its installations alone and ends")
    func cannotListen() async throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        let (first, _) = try parts(other)
        var (second, _) = try parts(folder)
        let (ready, continuation) = AsyncStream.makeStream(of: AgentReady.self)
        let agent = Task {
            try await AgentService(configuration: first, logger: TestAgent.quiet).run { continuation.yield($0) }
        }
        let known = try #require(await ready.first { _ in true })
        second.listen.port = try #require(URL(string: known.url)?.port)
        do {
            try await AgentService(configuration: second, logger: TestAgent.quiet).run { _ in }
            Issue.record("it listens")
        } catch {
            let failure = try #require((error as? StartFailure)?.failure)
            #expect(failure.code == "port-in-use")
            #expect(!failure.happened.contains("errno") && !failure.happened.contains("bind("))
        }
        agent.cancel()
        _ = await agent.result
        folder.remove()
        other.remove()
    }

    @Test("an address that this machine does not have, and a root that is none, are named before anything starts")
    func cannotStart() async throws {
        let folder = try TemporaryFolder()
        var (configuration, _) = try parts(folder)
        configuration.listen.host = "192.0.2.1"
        let address = await failure(configuration)
        #expect(address?.code == "port-not-allowed")
        #expect(address?.happened.contains("192.0.2.1") == true)
        #expect(address?.happened.contains("errno") == false)
        configuration.listen.host = "127.0.0.1"
        for text in ["{}", "no JSON at all"] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: (folder / "root.json").string))
            let root = await failure(configuration)
            #expect(root?.code == "root-unusable")
            #expect(root?.happened.contains("root.json") == true)
        }
        folder.remove()
    }

    private func failure(_ configuration: AgentConfiguration) async -> Failure? {
        do {
            try await AgentService(configuration: configuration, logger: TestAgent.quiet).run { _ in }
            return nil
        } catch {
            return (error as? StartFailure)?.failure
        }
    }
}
