// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import Foundation
import HTTPFetcher
import Installation
import Logging
import Packaging
import Platform
import SystemPackage
import TUF

/// Which part of a release.
enum Component: String, CaseIterable, ExpressibleByArgument {
    case server, client, standalone
}

struct InstallCommand: AsyncParsableCommand, CommandForPeople {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Puts a product's newest release into a folder, from nothing but the repository and its root.",
        discussion: "The folder must be empty or absent. It appears complete, or not at all.")

    @Option(help: "The vendor's repository.")
    var repository: String

    @Option(help: "The vendor's root, received by another way than the network.")
    var root: String

    @Option(help: "The product.")
    var product: String

    @Option(help: "Where it is to be.")
    var folder: String

    @Option(help: "The channel.")
    var channel = "stable"

    @Option(help: "The version; default: the channel's current one.")
    var version: String?

    @Option(help: "The installation's name, as the agent's configuration calls it; default: the product's.")
    var id: String?

    @Option(help: "Which part of the release.")
    var component = Component.server

    @Option(help: "The platform; default: this machine's.")
    var platform = Platform.current

    @OptionGroup var output: OutputOptions

    var chosenLanguage: Language { output.chosenLanguage }

    func validate() throws {
        try Names.check(repository: repository)
        try Names.check(product, option: "--product")
        try Names.check(channel, option: "--channel")
        try Names.check(id, option: "--id")
        try Names.check(platform, option: "--platform")
        if let version { try Names.check(version: version) }
        guard !folder.isEmpty else { throw ValidationError("--folder must name a folder.") }
    }

    func run() async throws {
        let fetcher = HTTPFetcher()
        let installed: InstalledRelease
        do {
            installed = try await install(fetcher: fetcher)
        } catch {
            await fetcher.shutdown()
            var asked = ["product": product, "channel": channel]
            asked["version"] = version
            let failure = UpdateFailure(error.code, error.arguments.merging(asked) { said, _ in said })
            throw CommandLineError(failure, output.chosenLanguage, state: .nothingInstalled)
        }
        await fetcher.shutdown()
        let shown = Shown(
            id: settings.id, product: installed.product, version: installed.version, component: installed.component,
            platform: installed.platform, folder: settings.folder.string)
        if output.json {
            Console.print(data: try APIJSON.encode(shown, pretty: true))
        } else {
            Console.print(
                Catalogue.text(
                    .installedInto,
                    ["product": shown.product, "version": shown.version, "folder": shown.folder],
                    output.chosenLanguage))
        }
    }

    /// What `--json` says.
    private struct Shown: Encodable {
        var id: String
        var product: String
        var version: String
        var component: String
        var platform: String
        var folder: String
    }

    private var settings: InstallationSettings {
        let place = FilePath(FileManager.default.currentDirectoryPath).pushing(FilePath(folder))
        return InstallationSettings(
            id: id ?? product, product: product, channel: channel, component: component.rawValue, platform: platform,
            folder: place.lexicallyNormalized(), language: output.chosenLanguage)
    }

    private func install(fetcher: HTTPFetcher) async throws(UpdateFailure) -> InstalledRelease {
        let fileSystem = POSIXFileSystem()
        let trusted = try trustedRoot(fileSystem)
        let base = repository.hasSuffix("/") ? repository : repository + "/"
        let updater = Updater(
            store: PassingMetadataStore(), trustedRoot: trusted, metadataURL: base + "metadata/",
            targetsURL: base + "targets/", fetcher: fetcher, clock: SystemWallClock())
        let releases = OneInstallation(
            repository: ReleaseRepository(
                updater: updater, baseURL: base, product: product, channel: channel, fetcher: fetcher),
            component: component.rawValue, platform: platform, fileSystem: fileSystem)
        var logger = Logger(label: "ricambio.install") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        let installer = Installer(settings: settings, releases: releases, fileSystem: fileSystem, logger: logger)
        guard !output.json, Console.isOutputTerminal else { return try await installer.install(version: version) }
        let line = InstallProgress(language: output.chosenLanguage)
        defer { line.clear() }
        return try await installer.install(version: version) { line.show($0, $1, $2) }
    }

    /// The root that the person named; a damaged one is no fault of the vendor's repository.
    private func trustedRoot(_ fileSystem: any FileSystem) throws(UpdateFailure) -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try fileSystem.read(FilePath(root), limit: UpdaterLimits().rootBytes)
        } catch {
            throw UpdateFailure(.rootUnusable, ["path": root, "reason": error.code.reason])
        }
        do {
            _ = try TrustedMetadata(trustedRoot: bytes, referenceTime: Date())
        } catch {
            throw UpdateFailure(.rootUnusable, ["path": root, "reason": error.reason])
        }
        return bytes
    }
}

/// The vendor's releases, for one installation that is being made.
private struct OneInstallation: ReleaseSource {
    var repository: ReleaseRepository
    var component: String
    var platform: String
    var fileSystem: any FileSystem

    func resolve(version: String?) async throws -> ResolvedRelease {
        try await repository.refresh()
        let channel = try await repository.channelDocument()
        let version = version ?? channel.current
        let release = try await repository.release(version)
        guard release.part(component: component, platform: platform) != nil else {
            throw UpdateFailure(
                .partMissing, ["version": version, "component": component, "platform": platform])
        }
        return ResolvedRelease(
            release: release,
            tree: try await repository.tree(release, component: component, platform: platform),
            isRecalled: channel.recalled.contains(version))
    }

    func fetch(
        _ plan: ContentPlan, of release: ResolvedRelease, into downloads: FilePath,
        progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws {
        try await repository.fetch(plan, of: release.tree, into: downloads, fileSystem: fileSystem, progress: progress)
    }
}
