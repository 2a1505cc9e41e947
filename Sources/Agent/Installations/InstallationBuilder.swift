// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import AsyncHTTPClient
import Foundation
import GRDB
import HTTPFetcher
import Installation
import Logging
import Packaging
import Platform
import Replacement
import ServiceControl
import SystemPackage
import TUF

/// Makes a supervisor and everything it is made of from an installation's configuration.
struct InstallationBuilder {
    let configuration: AgentConfiguration
    let database: any DatabaseWriter
    let fetcher: any Fetcher
    let client: HTTPClient
    let fileSystem: any FileSystem
    let clock: any WallClock
    let logger: Logger
    let hub: RunHub
    let history: RunHistory
    let address: AgentAddress
    let notifier: MailNotifier
    /// The mirrors of all installations share it.
    let cache: MirrorCache

    func supervisor(_ installation: InstallationConfiguration) async throws -> InstallationSupervisor {
        let settings = settings(installation)
        let environment = environment(installation.id)
        let service = service(installation, settings, environment)
        let commands = POSIXCommandRunner()
        let installationID = try await identity(installation.id)
        let fetcher = FailoverFetcher(
            installation.repositoryURL, alternatives: installation.alternativeURLs, fetcher: fetcher)
        let releases = try releases(installation, settings, installationID, fetcher)
        let sessions = SessionRegistry(
            installation: installation.id,
            productName: installation.folder.lastComponent?.string ?? installation.product,
            store: SessionStore(database: database, installation: installation.id), clock: clock, logger: logger)
        let mirror = Mirror(
            folder: configuration.state.appending("mirror").appending(installation.id),
            upstream: installation.repositoryURL, fetcher: fetcher, index: releases, cache: cache,
            fileSystem: fileSystem, clock: clock)
        try await mirror.prepare()
        let runner = UpdateRunner(
            settings: settings, service: service, commands: commands, processes: POSIXProcesses(),
            applicationEnvironment: environment, releases: releases,
            sessions: sessions, notifier: notifier, observer: hub,
            health: InstallationHealth(
                probe: installation.health.probe, folder: settings.folder, service: service, client: client,
                commands: commands, environment: installation.service.variables),
            fileSystem: fileSystem, clock: clock, logger: logger)
        return InstallationSupervisor(
            .init(
                configuration: installation, language: configuration.language, sessions: sessions, mirror: mirror,
                runner: runner, service: service, vendor: releases, notifier: notifier, environment: environment,
                installationID: installationID, address: address),
            hub: hub, history: history, clock: clock, logger: logger)
    }

    private func settings(_ installation: InstallationConfiguration) -> InstallationSettings {
        let probe: HealthCheckSettings.Probe =
            switch installation.health.probe {
            case .http(let url): .http(url: url)
            case .tcp(let host, let port): .tcp(host: host, port: port)
            case .command(let command): .command(command)
            case .none: .running
            }
        let (command, stopSeconds): ([String], Double) =
            switch installation.service {
            case .none: ([], 0)
            case .process(let command, _, let stopTimeout): (command, stopTimeout)
            }
        let settings = InstallationSettings(
            id: installation.id, product: installation.product, channel: installation.channel,
            component: installation.component, platform: installation.platform, folder: installation.folder,
            keep: installation.keep.map { KeepRule($0.pattern, immutable: $0.immutable) },
            data: installation.data.map(DataSource.init),
            health: HealthCheckSettings(
                probe: probe, timeoutSeconds: installation.health.timeout,
                expectVersion: installation.health.expectVersion),
            command: command, stopSeconds: stopSeconds, agentVersion: AgentVersion.current,
            retentionSeconds: installation.retention,
            language: configuration.language)
        do {
            // The customer may have moved the folder and left a link.
            return try settings.following(links: fileSystem)
        } catch {
            logger.error("cannot follow the application folder", metadata: ["reason": "\(error)"])
            return settings
        }
    }

    private func service(
        _ installation: InstallationConfiguration, _ settings: InstallationSettings,
        _ environment: @escaping @Sendable () async -> [String: String]
    ) -> any ServiceControl {
        switch installation.service {
        case .none: NoService()
        case .process(let command, let variables, let stopTimeout):
            ProcessService(
                command: command, folder: settings.folder, stateFolder: settings.layout.state,
                environment: variables, stopTimeout: stopTimeout, environmentForRestart: environment, clock: clock,
                fileSystem: fileSystem, logger: logger)
        }
    }

    /// What an application finds in its environment: how to reach its agent, and the token to do so.
    private func environment(_ installation: String) -> @Sendable () async -> [String: String] {
        let (tokens, address, logger) = (ApplicationTokens(database: database, clock: clock), address, logger)
        return {
            do {
                let known = try await address.get()
                var environment = [
                    ApplicationEnvironment.agentURL: known.localURL,
                    ApplicationEnvironment.token: try await tokens.issue(for: installation),
                    ApplicationEnvironment.installation: installation,
                ]
                environment[ApplicationEnvironment.fingerprint] = known.fingerprint
                return environment
            } catch {
                // The application works without its agent; it only cannot be asked to close sessions.
                logger.error("an application gets no token", metadata: ["reason": "\(error)"])
                return [:]
            }
        }
    }

    private func releases(
        _ installation: InstallationConfiguration, _ settings: InstallationSettings, _ installationID: String,
        _ fetcher: any Fetcher
    ) throws(StartFailure) -> RepositoryReleases {
        let store = FileMetadataStore(
            directory: configuration.state.appending("metadata").appending(installation.id), fileSystem: fileSystem)
        let root = try trustedRoot(installation.trustedRoot)
        let updater = Updater(
            store: store, trustedRoot: root, metadataURL: installation.repositoryURL + "metadata/",
            targetsURL: installation.repositoryURL + "targets/", fetcher: fetcher, clock: clock)
        let repository = ReleaseRepository(
            updater: updater, baseURL: installation.repositoryURL, product: installation.product,
            channel: installation.channel, fetcher: fetcher)
        let (layout, fileSystem) = (settings.layout, fileSystem)
        return RepositoryReleases(
            repository: repository, component: installation.component, platform: installation.platform,
            installationID: installationID, fileSystem: fileSystem, clock: clock
        ) {
            (try? InstalledRelease.load(layout, fileSystem))?.version
        }
    }

    /// The customer's own file: what is wrong with it is not the vendor's fault, and is said before it is used.
    private func trustedRoot(_ file: FilePath) throws(StartFailure) -> [UInt8] {
        func unusable(_ reason: String) -> StartFailure {
            StartFailure(
                Catalogue.failure(
                    .rootUnusable, ["path": file.string, "reason": reason], language: configuration.language,
                    state: .agentNotStarted))
        }
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: file.string)) else {
            throw unusable("the file cannot be read")
        }
        do {
            _ = try TrustedMetadata(trustedRoot: Array(data), referenceTime: clock.now)
        } catch {
            throw unusable("this is not the root of a repository: \(error.reason)")
        }
        return Array(data)
    }

    /// Made once, kept for ever: a machine's place in every roll-out.
    private func identity(_ installation: String) async throws -> String {
        let fresh = Secret.identifier()
        return try await database.write { database in
            try database.execute(
                sql: "INSERT INTO identity (name, value) VALUES (?, ?) ON CONFLICT(name) DO NOTHING",
                arguments: [installation, fresh])
            return try String.fetchOne(
                database, sql: "SELECT value FROM identity WHERE name = ?", arguments: [installation]) ?? fresh
        }
    }
}

extension DataSource {
    init(_ data: DataConfiguration) {
        switch data {
        case .path(let path): self = .path(path)
        case .commands(let commands):
            self = .commands(
                DataCommands(
                    name: commands.name, save: commands.save, verify: commands.verify, restore: commands.restore,
                    size: commands.size, timeoutSeconds: commands.timeout))
        }
    }
}
