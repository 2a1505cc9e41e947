// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Logging
import Platform
import ServiceControl
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Agent

@Suite struct AdoptionTests {
    /// An installed application that writes its token down when it starts.
    private func installation(_ folder: TemporaryFolder) throws -> (InstallationConfiguration, InstallationLayout) {
        let live = folder / "Tool"
        let fileSystem = POSIXFileSystem()
        try fileSystem.makeDirectories(live)
        let script = "#!/bin/sh\necho \"token $\(ApplicationEnvironment.token)\"\nexec sleep 300\n"
        try fileSystem.replace(live.appending("serve"), with: Array(script.utf8), permissions: 0o755)
        let layout = InstallationLayout(folder: live, id: "tool")
        try fileSystem.makeDirectories(layout.state)
        try InstalledRelease(
            product: "tool", version: "1.0", component: "server", platform: "linux-x86_64",
            tree: String(repeating: "0", count: 64)
        ).save(layout, fileSystem)
        try fileSystem.replace(
            folder / "root.json", with: RepositorySimulator(now: Date()).trustedRoot, permissions: 0o644)
        let configuration = InstallationConfiguration(
            id: "tool", product: "tool", platform: "linux-x86_64", folder: live,
            repositoryURL: "http://127.0.0.1:1/", trustedRoot: folder / "root.json",
            service: .process(command: ["./serve"], environment: [:], stopTimeout: 5),
            health: .init(probe: .none, expectVersion: false))
        return (configuration, layout)
    }

    private func tokens(_ layout: InstallationLayout) -> [String] {
        let text = (try? POSIXFileSystem().read(layout.state.appending("application.log"), limit: 1 << 20)) ?? []
        return String(decoding: text, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("token ") }
            .map { String($0.dropFirst("token ".count)) }
    }

    @Test("an application that a former agent started is adopted, and has a token of its own when it is started again")
    func freshToken() async throws {
        let folder = try TemporaryFolder()
        let (installation, layout) = try installation(folder)
        let former = ProcessService(
            command: ["./serve"], folder: installation.folder, stateFolder: layout.state, logger: TestAgent.quiet)
        try await former.start(environment: [ApplicationEnvironment.token: "former"])
        try await eventually { tokens(layout) == ["former"] }
        guard case .running(let pid) = await former.state() else {
            Issue.record("it does not run")
            return
        }
        let configuration = AgentConfiguration(
            listen: ListenAddress(host: "127.0.0.1", port: 0), state: folder / "state", scryptCost: 2,
            installations: [installation])
        let lines = Lines()
        let logger = Logger(label: "test") { label in
            AgentLogHandler(label: label, format: .console, logLevel: .info) { lines.add($0) }
        }
        let agent = Task { try await AgentService(configuration: configuration, logger: logger).run { _ in } }
        do {
            try await eventually { lines.text.contains("runs already") }
            #expect(tokens(layout) == ["former"], "adopted, not started a second time")
            #expect(kill(pid, SIGKILL) == 0)
            try await eventually { tokens(layout).count == 2 }
            let database = try StateDatabase.open(configuration.state.appending("ricambio.sqlite"))
            let known = ApplicationTokens(database: database.writer, clock: SystemWallClock())
            #expect(try await known.installation(token: tokens(layout)[1]) == "tool")
        } catch {
            Issue.record(error, "\(lines.text)")
        }
        agent.cancel()
        _ = await agent.result
        _ = try await former.stop()
        folder.remove()
    }
}

private final class Lines: Sendable {
    private let all = Mutex("")

    var text: String { all.withLock { $0 } }
    func add(_ line: String) { all.withLock { $0 += line + "\n" } }
}
