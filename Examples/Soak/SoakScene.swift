// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import Stage
import SystemPackage

/// A vendor, a customer on a small disk, an agent whose calls can be made to fail, and the application that it updates.
actor SoakScene {
    nonisolated let stage: Stage
    nonisolated let customer: Customer
    nonisolated let disk: SmallDisk?
    private let vendor: Vendor
    private var url = ""
    private var listen = "127.0.0.1:0"
    private var agent: StagedProcess?
    private var agentStarts = 0
    /// The pipe through which the running agent's calls are made to fail.
    private var control: FilePath?
    private var hitsSeen = 0
    private var hasExchange = true

    static let product = "soak-app"
    static let id = "app"

    /// Folders of the scene. What the application says goes to a disk that is never full.
    nonisolated var live: FilePath { customer.folder.appending("srv/App") }
    nonisolated var old: FilePath { customer.folder.appending("srv/App_old") }
    nonisolated var state: FilePath { customer.folder.appending("srv/.ricambio").appending(Self.id) }
    nonisolated var data: FilePath { customer.folder.appending("data") }
    nonisolated var saying: FilePath { stage.folder.appending("saying") }

    init(folder: FilePath, executables: Executables) async throws {
        stage = try Stage(folder: folder, executables: executables)
        disk = try await SmallDisk(at: stage.folder.appending("customer"), stage: stage)
        customer = try Customer(stage: stage)
        vendor = Vendor(stage: stage)
    }

    /// Publishes `first` from its folder, installs it, and starts an agent that starts it.
    func begin(_ first: SoakRelease, from folder: FilePath) async throws {
        try await vendor.initialise()
        try await publish(first, folder)
        url = try await vendor.serve().url
        let files = stage.fileSystem
        for folder in [saying, data.appending("store"), live.removingLastComponent()] {
            try files.makeDirectories(folder)
        }
        let schema = Array("\(first.schema)\n".utf8)
        try files.replace(data.appending("database"), with: schema, permissions: 0o644)
        try files.replace(data.appending("store/schema"), with: schema, permissions: 0o644)
        let installation = StagedInstallation(
            id: Self.id, product: Self.product, folder: "srv/App", repository: url, root: vendor.root,
            command: SoakRelease.command, health: "command: [./check]")
        let installed = try await customer.install(installation)
        guard installed.succeeded else { throw StageError("install: \(installed.errorText)") }
        // The first start makes the account; from the second on everything is as in each round.
        try configure()
        let agent = try await customer.startAgent([installation])
        try await customer.logIn(to: agent)
        listen = agent.url.split(separator: "/").last.map(String.init) ?? listen
        try await agent.process.stop()
        try configure()
        try await startAgent(within: 60)
    }

    private func configure() throws {
        let keep = SoakRelease.keep.map { "      - " + $0 }.joined(separator: "\n")
        try customer.write(
            configuration: """
                listen: \(listen)
                state: ./state
                language: en
                scryptCost: 1024
                log: { format: console }
                mail: { from: ricambio@example.com, to: [admin@example.com], folder: ./mail }
                installations:
                  - id: \(Self.id)
                    product: \(Self.product)
                    channel: stable
                    folder: "\(live)"
                    repository: { url: "\(url)", root: "\(vendor.root)" }
                    service:
                      type: process
                      command: ["\(SoakRelease.command[0])"]
                      stopTimeout: 5
                      environment: { DATA: "\(data)", RUN: "\(saying)" }
                    health: { command: ["./check"], timeout: \(Self.healthTimeout) }
                    keep:
                \(keep)
                    data: ["\(data)/database", "\(data)/store"]
                    retention: 604800

                """)
    }

    private static let healthTimeout = 5

    // MARK: Vendor and administrator

    func publish(_ release: SoakRelease, _ folder: FilePath) async throws {
        try await vendor.publish(
            Self.product, release.version, server: folder,
            options: ["--level", "1", "--deltas", "1"] + (release.behaviour.migratesData ? ["--migrates-data"] : []))
    }

    /// Orders the update and does not wait for it.
    func order(_ version: String, graceSeconds: Int) async throws -> StagedProcess {
        try await stage.start(
            "order",
            [
                stage.executables.ricambio.string, "update", "--version", version, "--grace", "\(graceSeconds)",
                "--yes",
                "--json",
            ], environment: customer.environment, in: stage.folder)
    }

    func history() async throws -> [UpdateRun] {
        try await customer.answer([UpdateRun].self, ["history"], timeout: 30)
    }

    func status() async throws -> InstallationStatus? {
        try await customer.answer([InstallationStatus].self, ["status"], timeout: 30).first
    }

    // MARK: The agent

    func launchAgent() async throws {
        agentStarts += 1
        let control = stage.folder.appending("calls-\(agentStarts)")
        self.control = control
        hitsSeen = 0
        agent = try await stage.start(
            "agent",
            [stage.executables.folder.appending("failing-calls").string]
                + (hasExchange ? [] : ["--no-exchange"]) + ["--control", control.string, "--"]
                + [stage.executables.ricambio.string, "agent", "--config", customer.configurationFile.string],
            in: customer.folder)
    }

    func startAgent(within seconds: Double) async throws {
        if agent?.isRunning != true { try await launchAgent() }
        _ = try await agent?.line(after: "ricambio agent ready: ", within: seconds)
    }

    var isAgentRunning: Bool { agent?.isRunning == true }

    func killAgent() async throws { try await agent?.kill() }

    func stopAgent() async throws { try await agent?.stop() }

    /// From its next start on.
    func setExchange(_ isThere: Bool) async throws {
        guard isThere != hasExchange else { return }
        hasExchange = isThere
        try await stopAgent()
        try await startAgent(within: 60)
    }

    /// The process that the application noted, if it is still the application.
    func killApplication() -> Bool {
        guard let pid = text(saying.appending("process")).flatMap({ pid_t($0.filter(\.isNumber)) }), pid > 1,
            let place = try? stage.fileSystem.destination(ofLink: FilePath("/proc/\(pid)/cwd")),
            FilePath(place).starts(with: customer.folder)
        else { return false }
        return kill(pid, SIGKILL) == 0
    }

    /// Whether there was somebody to take it.
    func failCalls(_ line: String) -> Bool {
        guard let control else { return false }
        let pipe = open(control.string, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard pipe >= 0 else { return false }
        defer { close(pipe) }
        return write(pipe, line + "\n", line.utf8.count + 1) == line.utf8.count + 1
    }

    /// The calls that were failed since this was asked last.
    func hits() -> [String] {
        guard let control, let text = text(FilePath(control.string + ".hits")) else { return [] }
        let all = text.split(separator: "\n").map(String.init)
        defer { hitsSeen = all.count }
        return Array(all.dropFirst(hitsSeen))
    }

    nonisolated func text(_ file: FilePath) -> String? {
        (try? stage.fileSystem.read(file, limit: 64 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: The end

    /// Ends everything that runs here. With `keeping`, the customer's folder lies there afterwards.
    func end(keeping place: FilePath? = nil) async {
        await stage.cleanUp()
        // Whoever is left stands in the customer's folder: it was started by an agent of this scene.
        for name in (try? stage.fileSystem.entries(of: "/proc")) ?? [] {
            guard let pid = pid_t(name), pid != getpid(),
                let place = try? stage.fileSystem.destination(ofLink: FilePath("/proc/\(pid)/cwd")),
                FilePath(place).starts(with: customer.folder)
            else { continue }
            kill(pid, SIGKILL)
        }
        if let place {
            _ = try? await stage.run(["cp", "-a", customer.folder.string, place.appending("customer").string])
            for name in ["logs", "saying"] {
                _ = try? await stage.run(["cp", "-a", stage.folder.appending(name).string, place.string])
            }
        }
        await disk?.unmount(stage)
        try? stage.fileSystem.removeTree(stage.folder)
    }
}
