// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
import Foundation
public import Platform
public import SystemPackage

/// The shortest whole story: a vendor with two releases of ``ScriptApplication``, a customer whose agent runs the
/// first. Everything is real; only the application is small.
public struct ScriptScene: Sendable {
    public let stage: Stage
    public let vendor: Vendor
    public let customer: Customer
    /// What the agent fetches through.
    public let line: CuttingProxy
    public var installation: StagedInstallation
    /// The application's own folder for what it writes.
    public let data: FilePath

    public static let product = "script-app"

    public var live: FilePath { customer.folder.appending(installation.folder) }

    /// Publishes `old`, installs it, and publishes `new`.
    public init(
        stage: Stage, old: ScriptApplication = .init(version: "1.0"), new: ScriptApplication = .init(version: "2.0")
    ) async throws {
        self.stage = stage
        vendor = Vendor(stage: stage)
        customer = try Customer(stage: stage)
        data = customer.folder.appending("data")
        try stage.fileSystem.makeDirectories(data)
        try await vendor.initialise()
        try await ScriptScene.publish(old, stage, vendor)
        let served = try await vendor.serve()
        line = try await CuttingProxy(to: served.port)
        installation = StagedInstallation(
            id: "script", product: ScriptScene.product, folder: "srv/Script App", repository: line.url,
            root: vendor.root, command: ScriptApplication.command, health: "command: [./check]")
        installation.environment = ["DATA": data.string]
        installation.keep = ["preferences/**", "{ path: backups/**, immutable: true }"]
        installation.stopTimeout = 5
        installation.healthTimeout = 10
        try stage.fileSystem.makeDirectories(live.removingLastComponent())
        let result = try await customer.install(installation)
        guard result.succeeded else { throw StageError("install: \(result.outputText)\(result.errorText)") }
        try await ScriptScene.publish(new, stage, vendor)
    }

    private static func publish(_ application: ScriptApplication, _ stage: Stage, _ vendor: Vendor) async throws {
        let folder = stage.folder.appending("releases").appending(application.version)
        try application.write(to: folder, fileSystem: stage.fileSystem)
        try await vendor.publish(product, application.version, server: folder, options: ["--level", "1"])
    }

    /// Publishes one more release.
    public func publish(_ application: ScriptApplication) async throws {
        try await ScriptScene.publish(application, stage, vendor)
    }

    /// Writes the configuration, starts the agent, logs in, and waits until the application is up.
    public func begin(mail: StagedMail? = nil) async throws -> StagedAgent {
        try customer.configure([installation], mail: mail)
        let agent = try await customer.startAgent([installation])
        try await customer.logIn(to: agent)
        try await eventually("the application is up") { upVersion == "1.0" }
        return agent
    }

    /// The version that runs now, as the application itself says.
    public var upVersion: String? {
        guard let bytes = try? stage.fileSystem.read(data.appending("up"), limit: 100) else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init)
    }

    /// The versions that were started, in order.
    public var starts: [String] {
        guard let bytes = try? stage.fileSystem.read(data.appending("starts"), limit: 1 << 20) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// `ricambio update` with no grace time, to its end.
    public func update(_ options: [String] = []) async throws -> CommandResult {
        try await customer.ricambio(["update", "--grace", "0", "--yes"] + options, timeout: 180)
    }

    /// The runs so far, newest first.
    public func history() async throws -> [UpdateRun] {
        try await customer.answer([UpdateRun].self, ["history"])
    }

    /// Bytes of packs that the agent has on disk and has not finished fetching.
    public func partlyFetched() throws -> Int {
        let downloads = live.removingLastComponent().appending(".ricambio").appending(installation.id)
            .appending("downloads")
        guard try stage.fileSystem.attributes(of: downloads) != nil else { return 0 }
        return try stage.fileSystem.entries(of: downloads).filter { $0.hasSuffix(".partial") }.reduce(0) { sum, name in
            sum + Int(try stage.fileSystem.attributes(of: downloads.appending(name))?.size ?? 0)
        }
    }

    public func read(_ path: String) throws -> String {
        String(decoding: try stage.fileSystem.read(live.pushing(FilePath(path)), limit: 1 << 20), as: UTF8.self)
    }

    /// Writes a file of the customer's into the live folder.
    public func write(_ path: String, _ text: String) throws {
        let file = live.pushing(FilePath(path))
        try stage.fileSystem.makeDirectories(file.removingLastComponent())
        try stage.fileSystem.replace(file, with: Array(text.utf8), permissions: 0o644)
    }
}
