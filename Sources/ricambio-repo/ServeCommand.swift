// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Platform
internal import ServiceLifecycle
internal import SystemPackage

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serves DIR/public over HTTP on this machine, for trying things.",
        discussion: """
            Prints one line when it is ready. Ends on SIGTERM and SIGINT. In production, any web server or object \
            store serves the folder.
            """)

    @Argument(help: "The repository's folder.")
    var directory: String
    @Option(help: "The port on 127.0.0.1; 0 takes an unused one.")
    var port = 8080

    func run() async throws {
        let fileSystem = POSIXFileSystem()
        let folder = VendorFolder(path: FilePath(directory), fileSystem: fileSystem)
        guard try fileSystem.attributes(of: folder.layout.served)?.kind == .directory else {
            throw VendorError(.notFound, "\(directory) is not a repository: it has no folder “public”.")
        }
        guard (0...65_535).contains(port) else { throw VendorError(.usage, "--port is 0 to 65535.") }
        let directory = directory
        try await Self.serve(folder.layout.served, port: port, fileSystem: fileSystem) { port in
            Terminal.say("serving \(directory) at http://127.0.0.1:\(port)/")
        }
    }

    /// Returns after SIGTERM or SIGINT.
    static func serve(
        _ root: FilePath, port: Int, fileSystem: any FileSystem, isReady: @escaping @Sendable (Int) -> Void
    ) async throws {
        let logger = Self.logger
        let application = application(root, port: port, fileSystem: fileSystem, isReady: isReady)
        var configuration = ServiceGroupConfiguration(
            services: [application], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // Somebody who reads slowly must not keep it from ending.
        configuration.maximumGracefulShutdownDuration = .seconds(2)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError where error.errnoCode == Errno.addressInUse.rawValue {
            throw VendorError(.failed, "Port \(port) is in use: choose another with --port, or 0 for any.")
        }
    }

    static func application(
        _ root: FilePath, port: Int, fileSystem: any FileSystem, isReady: @escaping @Sendable (Int) -> Void
    ) -> some ApplicationProtocol {
        let files = StaticFiles(root: root, fileSystem: fileSystem)
        return Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in try await files.respond(to: request) },
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { isReady(port) }
            }, logger: logger)
    }

    private static var logger: Logger {
        var logger = Logger(label: "ricambio-repo") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }
}
