// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import Foundation
import Hummingbird
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import OfficeMaker
import RicambioClient
import ServiceLifecycle
import SystemPackage

/// The server of Office Maker. Its working directory is its own folder, where `VERSION` says which release it is.
@main struct OMServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "om-server", abstract: "The server of OM Business, OM Finance or OM Staff.")

    @Option(
        help: "business, finance or staff.",
        transform: { text in
            guard let edition = Edition(rawValue: text) else {
                throw ValidationError("“\(text)” is not business, finance or staff")
            }
            return edition
        })
    var edition: Edition
    @Option(help: "The port to listen on; 0 takes an unused one.")
    var port: Int
    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"
    @Option(help: "The folder of the data file, outside the application's own.")
    var data: String
    @Option(help: "Lines “user: password” for the first start; without it, passwords are made and written to DATA.")
    var people: String?
    @Option(help: "The N of scrypt for new passwords, a power of two.")
    var passwordCost = 16384
    @Option(help: "PEM file; relative to the folder, e.g. certificates/server.pem.")
    var tlsCertificate: String?
    @Option(help: "PEM file of the certificate's key.")
    var tlsKey: String?

    func run() async throws {
        do {
            try await serve()
        } catch let error as StartError {
            try fail(error.sentence)
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            try fail("Port \(port) is in use by another program. Nothing was started.")
        } catch let error as IOError {
            try fail("Cannot listen on \(host):\(port): \(error). Nothing was started.")
        }
    }

    private func fail(_ sentence: String) throws {
        FileHandle.standardError.write(Data("om-server: \(sentence)\n".utf8))
        throw ExitCode.failure
    }

    private func serve() async throws {
        var logger = Logger(label: "om-server", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .notice
        let folder = try OwnFolder(path: FilePath(FileManager.default.currentDirectoryPath))
        let database = try OfficeDatabase.open(
            folder: FilePath(data), edition: edition, version: folder.version, schema: folder.schema)
        let people = People(database: database, cost: passwordCost)
        try await people.seed(file: self.people.map { FilePath($0) }, folder: FilePath(data))
        try folder.prepare(edition: edition)

        let link = ApplicationLink(environment: ProcessInfo.processInfo.environment)
        let logins = Logins(link: link, logger: logger)
        let office = Office(
            edition: edition, folder: folder, database: database, people: people, logins: logins, link: link)
        let ready = "om-server \(edition.rawValue) \(folder.version) ready"
        var application = Application(
            router: office.router(), server: try tls().map { try .tls(tlsConfiguration: $0) } ?? .http1(),
            configuration: .init(address: .hostname(host, port: port), serverName: nil),
            services: link.map { [AgentEvents(link: $0, logins: logins, logger: logger)] } ?? [],
            onServerRunning: { [host] channel in
                let port = channel.localAddress?.port ?? 0
                FileHandle.standardOutput.write(Data("\(ready): \(host):\(port)\n".utf8))
            }, logger: logger)
        application.configuration.backlog = 256
        try await application.runService()
        await link?.shutdown()
        try database.close()
        FileHandle.standardOutput.write(Data("om-server stopped\n".utf8))
    }

    private func tls() throws -> TLSConfiguration? {
        guard let tlsCertificate, let tlsKey else {
            guard tlsCertificate == nil && tlsKey == nil else {
                throw StartError("--tls-certificate and --tls-key belong together: give both or none.")
            }
            return nil
        }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(tlsCertificate).map {
                NIOSSLCertificateSource.certificate($0)
            }
            let key = try NIOSSLPrivateKey(file: tlsKey, format: .pem)
            return .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        } catch {
            throw StartError("The certificate \(tlsCertificate) or its key \(tlsKey) cannot be used: \(error).")
        }
    }
}

/// Why the server does not start.
struct StartError: Error {
    var sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}
