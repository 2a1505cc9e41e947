// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import AsyncHTTPClient
import Foundation
import HTTPFetcher
import Hummingbird
import HummingbirdTLS
public import Logging
import NIOCore
import Platform
import ServiceLifecycle
import SystemPackage
import TUF

/// What is printed once the agent listens.
public struct AgentReady: Sendable, Hashable {
    public var url: String
    /// SHA-256 of the certificate (DER), lower-case hex.
    public var fingerprint: String
    /// Of the first administrator, on the very first start only; it is stored nowhere.
    public var oneTimePassword: String?

    public var lines: [String] {
        var lines = ["ricambio agent ready: \(url)", "certificate fingerprint: \(fingerprint)"]
        if let oneTimePassword {
            lines.append(
                "administrator: \(Accounts.firstAdministrator)   one-time password: \(oneTimePassword)")
        }
        return lines
    }
}

/// The agent, put together: everything a machine's installations need, running until SIGTERM or SIGINT.
public struct AgentService: Sendable {
    private let configuration: AgentConfiguration
    private let logger: Logger
    private let fileSystem: any FileSystem = POSIXFileSystem()
    private let clock: any WallClock = SystemWallClock()

    public init(configuration: AgentConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Runs until it is told to stop; applications stop with it. Throws ``StartFailure`` when it cannot start.
    ///
    /// - Parameter onReady: called once, when the agent listens; by default its lines go to standard output.
    public func run(
        onReady: @escaping @Sendable (AgentReady) -> Void = AgentService.print
    ) async throws {
        let limit = MachineFacts.raiseOpenFileLimit()
        if limit < 8192 {
            logger.warning(
                "few connections are possible: raise the limit of open files", metadata: ["limit": "\(limit)"])
        }
        let state = try openState()
        defer { state.lock.release() }
        let certificate = try loadCertificate()
        let fetcher = HTTPFetcher(environment: ProcessInfo.processInfo.environment)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: Self.healthClient)
        let hasher = PasswordHasher(cost: configuration.scryptCost)
        let paced: any Fetcher =
            configuration.bandwidth.map { ThrottledFetcher(fetcher, bytesPerSecond: $0, clock: clock) } ?? fetcher
        let anywhere = RepositoryFetcher(paced, fileSystem: fileSystem)
        do {
            let agent = try await Assembly(
                configuration: configuration, database: state.database.writer, certificate: certificate,
                hasher: hasher, fetcher: anywhere, client: client, fileSystem: fileSystem, clock: clock, logger: logger)
            try await agent.run(onReady: onReady)
        } catch {
            await close(fetcher, client, hasher)
            throw startFailure(error)
        }
        await close(fetcher, client, hasher)
    }

    /// Writes the lines to standard output in one piece, also when that is a pipe.
    public static func print(_ ready: AgentReady) {
        let text = ready.lines.map { $0 + "\n" }.joined()
        _ = try? FileDescriptor.standardOutput.writeAll(Array(text.utf8))
    }

    private func close(_ fetcher: HTTPFetcher, _ client: HTTPClient, _ hasher: PasswordHasher) async {
        await fetcher.shutdown()
        try? await client.shutdown()
        await hasher.shutdown()
    }

    /// Applications are asked on this machine, often with a certificate of their own making.
    private static var healthClient: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = .makeClientConfiguration()
        configuration.tlsConfiguration?.certificateVerification = .none
        configuration.redirectConfiguration = .disallow
        return configuration
    }

    // MARK: Start

    private struct State {
        var database: StateDatabase
        var lock: any HeldLock
    }

    private func openState() throws(StartFailure) -> State {
        let folder = configuration.state
        do {
            try fileSystem.makeDirectories(folder)
            try fileSystem.setPermissions(0o700, of: folder)
            for name in ["tls", "mirror", "metadata"] { try fileSystem.makeDirectories(folder.appending(name)) }
            guard let lock = try fileSystem.lock(folder.appending("agent.lock")) else {
                throw failure(.locked, ["path": folder.string])
            }
            return State(database: try StateDatabase.open(folder.appending("ricambio.sqlite")), lock: lock)
        } catch let failure as StartFailure {
            throw failure
        } catch {
            throw failure(.stateFolderUnusable, ["path": folder.string, "reason": "\(error)"])
        }
    }

    private func loadCertificate() throws(StartFailure) -> ServerCertificate {
        let folder = configuration.state.appending("tls")
        do {
            return try ServerCertificate.load(
                own: configuration.tls, folder: folder, host: configuration.listen.host, machine: MachineFacts.name,
                fileSystem: fileSystem, clock: clock)
        } catch {
            let fault = error as? ServerCertificate.Fault
            let path = fault?.file ?? configuration.tls?.certificate ?? folder.appending("certificate.pem")
            throw failure(.certificateUnusable, ["path": path.string, "reason": fault?.reason ?? "\(error)"])
        }
    }

    private func failure(_ code: FailureCode, _ arguments: [String: String]) -> StartFailure {
        StartFailure(
            Catalogue.failure(code, arguments, language: configuration.language, state: .agentNotStarted))
    }

    private func startFailure(_ error: any Error) -> StartFailure {
        var arguments = ["port": "\(configuration.listen.port)"]
        switch error {
        case let failure as StartFailure: return failure
        case let error as IOError where error.errnoCode == EADDRINUSE: return failure(.portInUse, arguments)
        case let error as IOError where error.errnoCode == EACCES || error.errnoCode == EADDRNOTAVAIL:
            arguments["reason"] = "\(configuration.listen): \(Errno(rawValue: error.errnoCode))"
            return failure(.portNotAllowed, arguments)
        case is SocketAddressError:
            arguments["reason"] = "\(configuration.listen): this machine knows no such address"
            return failure(.portNotAllowed, arguments)
        case let error as IOError: return failure(.unexpected, ["reason": "\(Errno(rawValue: error.errnoCode))"])
        default:
            logger.critical("the agent cannot start", metadata: ["reason": "\(error)"])
            return failure(.unexpected, ["reason": "\(error)"])
        }
    }
}
