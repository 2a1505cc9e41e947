// SPDX-License-Identifier: Apache-2.0
import HTTPSemantics
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
import HummingbirdTLS
import Logging
import NIOCore
import Synchronization

/// A real web server with blobs, over one of the kinds of line that are met: a vendor's host, a CDN, an agent.
package final class BlobServer: Sendable {
    package enum Line: String, Sendable, CaseIterable {
        case plain = "HTTP/1.1"
        case tls = "HTTP/1.1 over TLS"
        case http2 = "HTTP/2 over TLS"

        package var isSecure: Bool { self != .plain }
    }

    /// What the first answer has of its own; those that follow are as they should be.
    package enum Fault: Sendable {
        case none
        /// Breaks off after so many bytes: closes the connection, or resets the stream.
        case breaksOff(after: Int)
        /// Ends after so many bytes as if that were all that was announced.
        case endsEarly(after: Int)
        /// From so many bytes on it is something else.
        case garbage(after: Int)
        /// This one for all answers: a range is answered by the whole.
        case noRanges
    }

    /// A request, as it came in.
    package struct Asked: Sendable, Hashable {
        package var path: String
        package var range: String?
        /// The same number, the same connection.
        package var connection: Int?
        package var isHTTP2: Bool
    }

    /// How many bytes are written at once.
    private static let piece = 10_000

    private let blobs: [String: [UInt8]]
    private let fault: Fault
    private let log = Mutex<[Asked]>([])

    private init(_ blobs: [String: [UInt8]], _ fault: Fault) {
        (self.blobs, self.fault) = (blobs, fault)
    }

    package var asked: [Asked] { log.withLock { $0 } }

    /// Serves `blobs`, by the last part of their path, on an unused port, which `body` gets.
    package static func run<Result: Sendable>(
        _ line: Line, _ blobs: [String: [UInt8]], _ fault: Fault = .none, certificate: TestCertificate,
        _ body: (BlobServer, _ port: Int) async throws -> Result
    ) async throws -> Result {
        let server = BlobServer(blobs, fault)
        let builder: HTTPServerBuilder =
            switch line {
            case .plain: .http1()
            case .tls: try .tls(.http1(), tlsConfiguration: certificate.serverConfiguration())
            case .http2: try .http2Upgrade(tlsConfiguration: certificate.serverConfiguration())
            }
        let (ports, running) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            responder: CallbackResponder { request, context in server.respond(to: request, context) },
            server: builder, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { running.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "blobs", factory: { _ in SwiftLogNoOpLogHandler() }))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { running.finish() }
                try await application.run()
            }
            defer { group.cancelAll() }
            guard let port = await ports.first(where: { _ in true }) else {
                try await group.waitForAll()
                throw CancellationError()
            }
            return try await body(server, port)
        }
    }

    private func respond(to request: Request, _ context: LineContext) -> Response {
        let path = request.uri.path
        let isFirst = log.withLock { log in
            log.append(
                Asked(
                    path: path, range: request.headers[.range], connection: context.channel.remoteAddress?.port,
                    // There each request has a channel of its own below the connection's, which is below the listener's.
                    isHTTP2: context.channel.parent?.parent != nil))
            return log.count == 1
        }
        guard let name = path.split(separator: "/").last.map(String.init), let blob = blobs[name] else {
            return Response(status: .notFound)
        }
        var range = request.headers[.range]
        if case .noRanges = fault { range = nil }
        let asked = FileRequest(isHead: request.method == .head, range: range)
        let fault = isFirst ? fault : .none
        switch asked.answer(tag: EntityTag(strong: name), length: Int64(blob.count)) {
        case .part(let bytes):
            return Response(
                status: .partialContent,
                headers: [.contentRange: "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/\(blob.count)"],
                body: Self.body(blob[Int(bytes.lowerBound)..<Int(bytes.upperBound)], fault))
        case .unsatisfiable:
            return Response(status: .rangeNotSatisfiable, headers: [.contentRange: "bytes */\(blob.count)"])
        default:
            return Response(status: .ok, body: Self.body(blob[...], fault))
        }
    }

    private static func body(_ bytes: ArraySlice<UInt8>, _ fault: Fault) -> ResponseBody {
        ResponseBody(contentLength: bytes.count) { writer in
            var rest = bytes
            switch fault {
            case .breaksOff(let count), .endsEarly(let count): rest = rest.prefix(count)
            case .garbage(let count): rest = rest.prefix(count) + rest.dropFirst(count).map { ~$0 }
            case .none, .noRanges: break
            }
            while !rest.isEmpty {
                try await writer.write(ByteBuffer(bytes: rest.prefix(piece)))
                rest = rest.dropFirst(piece)
            }
            if case .breaksOff = fault { throw CancellationError() }
            try await writer.finish(nil)
        }
    }
}

/// Knows which line a request came by.
private struct LineContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}
