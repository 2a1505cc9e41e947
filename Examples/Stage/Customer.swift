// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
public import Platform
public import SystemPackage

/// The customer: a place for installations, an agent that runs them, and an administrator with the command line.
public struct Customer: Sendable {
    public let stage: Stage
    /// Holds the application folders, the agent's configuration and its state.
    public let folder: FilePath

    public init(stage: Stage, name: String = "customer") throws {
        self.stage = stage
        folder = stage.folder.appending(name)
        try stage.fileSystem.makeDirectories(folder)
    }

    public var configurationFile: FilePath { folder.appending("agent.yaml") }
    public var state: FilePath { folder.appending("state") }
    public var mail: FilePath { folder.appending("mail") }

    /// The administrator's environment: a login folder of the stage, never the person's own.
    public var environment: [String: String] { ["RICAMBIO_HOME": folder.appending("login").string] }

    // MARK: The command line

    /// Runs `ricambio` with these arguments; its exit code is an answer.
    public func ricambio(_ arguments: [String], input: String = "", timeout: Double = 120) async throws -> CommandResult
    {
        try await stage.run(
            [stage.executables.ricambio.string] + arguments, environment: environment, in: folder, input: input,
            timeout: timeout)
    }

    /// Runs `ricambio … --json`, which must succeed, and reads its answer.
    public func answer<Value: Decodable>(_ type: Value.Type, _ arguments: [String], timeout: Double = 120) async throws
        -> Value
    {
        let result = try await ricambio(arguments + ["--json"], timeout: timeout)
        guard result.succeeded else {
            throw StageError(
                "ricambio \(arguments.joined(separator: " ")): \(result.end)\n\(result.outputText)\(result.errorText)")
        }
        return try APIJSON.decode(type, from: Data(result.output))
    }

    /// `ricambio install` into `folder/<installation.folder>`.
    public func install(_ installation: StagedInstallation, options: [String] = []) async throws -> CommandResult {
        try await ricambio(
            [
                "install", "--repository", installation.repository, "--root", installation.root.string,
                "--product", installation.product, "--id", installation.id, "--channel", "stable", "--folder",
                folder.appending(installation.folder).string,
            ] + options, timeout: 300)
    }

    // MARK: The agent

    /// Writes `agent.yaml`.
    public func configure(
        _ installations: [StagedInstallation], listen: String = "127.0.0.1:0", mail: StagedMail? = nil
    ) throws {
        var lines = [
            "listen: \(listen)", "state: ./state", "language: en", "scryptCost: 1024", "log: { format: console }",
            "mail:", "  from: ricambio@example.com", "  to: [admin@example.com]",
        ]
        switch mail ?? .folder {
        case .folder: lines.append("  folder: ./mail")
        case .smtp(let port):
            lines.append("  smtp: { host: 127.0.0.1, port: \(port), security: none }")
        }
        lines.append("installations:")
        for installation in installations { lines += installation.configuration(in: folder) }
        try write(configuration: lines.joined(separator: "\n") + "\n")
    }

    public func write(configuration: String) throws {
        try stage.fileSystem.replace(configurationFile, with: Array(configuration.utf8), permissions: 0o644)
    }

    /// Starts the agent without waiting for anything. Without privileges, permissions hold for root too.
    public func launchAgent(
        watching installations: [StagedInstallation], withoutPrivileges: Bool = false
    ) async throws -> StagedProcess {
        for installation in installations {
            let above = folder.appending(installation.folder).removingLastComponent()
            await stage.remember(
                serviceNote: above.appending(".ricambio").appending(installation.id).appending("service.json"))
        }
        var command = [stage.executables.ricambio.string, "agent", "--config", configurationFile.string]
        if withoutPrivileges, geteuid() == 0 {
            command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] + command
        }
        return try await stage.start("agent", command, in: folder)
    }

    /// Starts the agent and waits until it answers.
    public func startAgent(
        _ installations: [StagedInstallation], withoutPrivileges: Bool = false
    ) async throws -> StagedAgent {
        let process = try await launchAgent(watching: installations, withoutPrivileges: withoutPrivileges)
        let url = try await process.line(after: "ricambio agent ready: ")
        let fingerprint = try await process.line(after: "certificate fingerprint: ")
        return StagedAgent(process: process, url: url, fingerprint: fingerprint)
    }

    /// Starts an agent anew where one was killed; on the same port, so that the saved login and open streams find it.
    public func startAgainOnSamePort(
        _ agent: StagedAgent, _ installation: StagedInstallation
    ) async throws -> StagedAgent {
        let address = agent.url.split(separator: "/").last.map(String.init) ?? "127.0.0.1:0"
        try configure([installation], listen: address)
        return try await startAgent([installation])
    }

    /// Logs in as the first administrator: with the one-time password on the agent's first start, which is changed
    /// in the same step, and with the password chosen then later on.
    public func logIn(to agent: StagedAgent) async throws {
        let chosen = folder.appending("password")
        var options = ["--password-file", chosen.string]
        if try !stage.fileSystem.exists(chosen) {
            let line = try await agent.process.line(after: "administrator: admin   one-time password: ", within: 10)
            let oneTime = folder.appending("one-time-password")
            try stage.fileSystem.replace(oneTime, with: Array(line.utf8), permissions: 0o600)
            try stage.fileSystem.replace(chosen, with: Array("a password of the stage\n".utf8), permissions: 0o600)
            options = ["--password-file", oneTime.string, "--new-password-file", chosen.string]
        }
        let result = try await ricambio(
            ["login", agent.url, "--user", "admin", "--fingerprint", agent.fingerprint] + options)
        guard result.succeeded else { throw StageError("login: \(result.errorText)") }
    }
}

/// An agent that answers.
public struct StagedAgent: Sendable {
    public let process: StagedProcess
    public let url: String
    public let fingerprint: String
}

public enum StagedMail: Sendable {
    /// An `.eml` file per mail.
    case folder
    case smtp(port: Int)
}

/// One entry of `installations:` in `agent.yaml`.
public struct StagedInstallation: Sendable {
    public var id: String
    public var product: String
    /// Name of the live folder, below the customer's.
    public var folder: String
    public var repository: String
    public var root: FilePath
    public var command: [String]
    public var environment: [String: String] = [:]
    public var stopTimeout = 10
    /// The text after `health:`, without its time.
    public var health: String
    public var healthTimeout = 30
    public var keep: [String] = []
    /// The application's data, absolute.
    public var data: [FilePath] = []
    /// Seconds that the old folder is kept: Office Maker's vendor has it deleted at once.
    public var retention = 0

    public init(
        id: String, product: String, folder: String, repository: String, root: FilePath, command: [String],
        health: String
    ) {
        self.id = id
        self.product = product
        self.folder = folder
        self.repository = repository
        self.root = root
        self.command = command
        self.health = health
    }

    fileprivate func configuration(in place: FilePath) -> [String] {
        var lines = [
            "  - id: \(id)", "    product: \(product)", "    channel: stable",
            "    folder: \(quoted(place.appending(folder).string))",
            "    repository: { url: \(quoted(repository)), root: \(quoted(root.string)) }", "    service:",
            "      type: process", "      command: [\(command.map(quoted).joined(separator: ", "))]",
            "      stopTimeout: \(stopTimeout)",
        ]
        if !environment.isEmpty {
            lines.append("      environment:")
            lines += environment.sorted { $0.key < $1.key }.map { "        \($0.key): \(quoted($0.value))" }
        }
        lines += ["    health:", "      \(health)", "      timeout: \(healthTimeout)"]
        if !keep.isEmpty {
            lines.append("    keep:")
            lines += keep.map { "      - \($0)" }
        }
        if !data.isEmpty { lines.append("    data: [\(data.map { quoted($0.string) }.joined(separator: ", "))]") }
        lines.append("    retention: \(retention)")
        return lines
    }

    /// A double-quoted scalar of YAML; paths need no more than these escapes.
    private func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
