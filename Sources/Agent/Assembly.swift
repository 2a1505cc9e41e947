// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import AsyncHTTPClient
import Foundation
import GRDB
import HTTPFetcher
import Hummingbird
import HummingbirdTLS
import Installation
import Logging
import NIOCore
import Packaging
import Platform
import ServiceControl
import ServiceLifecycle
import SystemPackage
import TUF

/// The parts of one agent and how they hang together.
struct Assembly: Sendable {
    let configuration: AgentConfiguration
    let certificate: ServerCertificate
    let accounts: Accounts
    let outbox: Outbox
    let supervisors: [InstallationSupervisor]
    let address = AgentAddress()
    let routes: APIRoutes
    let logger: Logger

    init(
        configuration: AgentConfiguration, database: any DatabaseWriter, certificate: ServerCertificate,
        hasher: PasswordHasher, fetcher: any Fetcher, client: HTTPClient, fileSystem: any FileSystem,
        clock: any WallClock, logger: Logger
    ) async throws {
        self.configuration = configuration
        self.certificate = certificate
        self.logger = logger
        accounts = Accounts(database: database, hasher: hasher, clock: clock)
        let history = RunHistory(database: database)
        let hub = RunHub(history: history, clock: clock, logger: logger)
        outbox = Outbox(
            database: database,
            transport: Self.transport(configuration.mail.transport, configuration.state, fileSystem: fileSystem),
            clock: clock, logger: logger, machine: MachineFacts.name)
        let builder = InstallationBuilder(
            configuration: configuration, database: database, fetcher: fetcher, client: client,
            fileSystem: fileSystem, clock: clock, logger: logger, hub: hub, history: history, address: address,
            notifier: MailNotifier(
                outbox: outbox, settings: configuration.mail, language: configuration.language,
                productNames: Dictionary(
                    configuration.installations.map { ($0.id, $0.folder.lastComponent?.string ?? $0.product) },
                    uniquingKeysWith: { first, _ in first }), logger: logger),
            cache: MirrorCache(
                limit: configuration.mirrorBytes, fileSystem: fileSystem, clock: clock, logger: logger))
        var supervisors: [InstallationSupervisor] = []
        for installation in configuration.installations {
            supervisors.append(try await builder.supervisor(installation))
        }
        self.supervisors = supervisors
        routes = APIRoutes(
            installations: supervisors, accounts: accounts,
            applications: ApplicationTokens(database: database, clock: clock), hub: hub,
            audit: AuditLog(database: database, clock: clock), language: configuration.language,
            fileSystem: fileSystem, clock: clock, address: address)
    }

    private static func transport(
        _ transport: MailSettings.Transport, _ state: FilePath, fileSystem: any FileSystem
    ) -> any MailTransport {
        switch transport {
        case .folder(let folder): FolderTransport(folder: folder, fileSystem: fileSystem)
        case .smtp(let settings):
            SMTPTransport(
                settings: settings, spool: state.appending("mail"), runner: POSIXCommandRunner(),
                fileSystem: fileSystem)
        }
    }

    func run(onReady: @escaping @Sendable (AgentReady) -> Void) async throws {
        for supervisor in supervisors { await supervisor.prepare() }
        let problem = StartProblem()
        let application = try Application(
            responder: routes.build().router.buildResponder(),
            server: .tls(
                .http1(configuration: .init(idleTimeout: .seconds(120))), tlsConfiguration: certificate.tlsConfiguration
            ),
            configuration: .init(
                address: .hostname(configuration.listen.host, port: configuration.listen.port), serverName: nil,
                backlog: 1024),
            onServerRunning: { channel in
                do {
                    onReady(try await becomeReady(port: channel.localAddress?.port ?? configuration.listen.port))
                } catch {
                    await problem.set(error)
                }
            }, logger: quietLogger)
        // In this order they start, and end the other way round: streams first, then applications, then the mail.
        var services: [any Service] = [outbox]
        services += supervisors as [any Service]
        services.append(Server(application: application, address: address))
        let group = ServiceGroup(
            configuration: .init(
                services: services.map {
                    .init(
                        service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .cancelGroup)
                }, gracefulShutdownSignals: [.sigterm, .sigint], logger: quietLogger))
        try await group.run()
        if let error = await problem.error { throw error }
    }

    /// The HTTP server; when it cannot listen, those who wait for its address are let go, or nothing would ever end.
    private struct Server<Inner: Service>: Service {
        let application: Inner
        let address: AgentAddress

        func run() async throws {
            do {
                try await application.run()
            } catch {
                await address.giveUp()
                throw error
            }
            await address.giveUp()
        }
    }

    private actor StartProblem {
        private(set) var error: (any Error)?
        func set(_ error: any Error) { self.error = error }
    }

    /// The libraries' own remarks matter only when something is wrong.
    private var quietLogger: Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return quiet
    }

    private func becomeReady(port: Int) async throws -> AgentReady {
        let listen = ListenAddress(host: configuration.listen.host, port: port)
        let isEverywhere = ["0.0.0.0", "::"].contains(listen.host)
        let local = "https://\(isEverywhere ? ListenAddress(host: "127.0.0.1", port: port) : listen)"
        let seen = isEverywhere ? "https://\(ListenAddress(host: MachineFacts.name, port: port))" : local
        let url = configuration.publicURL ?? seen
        // The customer's own certificate is for the public name: only under that will it be trusted.
        await address.set(
            .init(
                url: url, localURL: certificate.isSelfMade ? local : url,
                fingerprint: certificate.isSelfMade ? certificate.fingerprint : nil))
        let password = try await accounts.makeFirstAdministrator()
        logger.notice("agent ready", metadata: ["url": "\(url)"])
        return AgentReady(url: url, fingerprint: certificate.fingerprint, oneTimePassword: password)
    }
}
