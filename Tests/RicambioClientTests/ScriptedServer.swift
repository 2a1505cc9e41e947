// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestServers

/// A server whose every byte the test decides: what no honest server would send included. It answers one request per
/// connection.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        var method: String
        var target: String
        /// By lower-case name.
        var headers: [String: String]
        var body: String
    }

    struct Writer: Sendable {
        let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

        func write(_ text: String) async throws {
            try await outbound.write(ByteBuffer(string: text))
        }

        func write(_ bytes: [UInt8]) async throws {
            try await outbound.write(ByteBuffer(bytes: bytes))
        }

        func respond(_ status: String, _ headers: [String] = [], body: String = "") async throws {
            let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)", "Connection: close"] + headers
            try await write(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        }

        func json(_ body: String, status: String = "200 OK") async throws {
            try await respond(status, ["Content-Type: application/json"], body: body)
        }

        func problem(_ status: String, code: String, detail: String) async throws {
            let number = status.prefix(3)
            try await respond(
                status, ["Content-Type: application/problem+json"],
                body: """
                    {"type":"urn:ricambio:problem:\(code)","title":"t","status":\(number),"detail":"\(detail)","code":"\(code)"}
                    """)
        }

        /// The head of an event stream that lasts until the connection ends.
        func startEvents() async throws {
            try await write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        }
    }

    typealias Handler = @Sendable (Request, Writer) async throws -> Void

    let port: Int
    private let isTLS: Bool
    private let log = Mutex<[Request]>([])

    private init(port: Int, isTLS: Bool) {
        self.port = port
        self.isTLS = isTLS
    }

    var url: String { "\(isTLS ? "https" : "http")://127.0.0.1:\(port)" }
    var requests: [Request] { log.withLock { $0 } }

    /// The n-th connection presents the n-th certificate, the last one for all that follow; none means no TLS.
    static func run<Result>(
        certificates: [TestCertificate] = [], handler: @escaping Handler,
        _ body: (ScriptedServer) async throws -> Result
    ) async throws -> Result {
        let contexts = try certificates.map { try NIOSSLContext(configuration: $0.serverConfiguration()) }
        let count = Mutex(0)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let index = count.withLock { number in
                        defer { number += 1 }
                        return min(number, contexts.count - 1)
                    }
                    if index >= 0 {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: contexts[index]))
                    }
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let server = ScriptedServer(port: listener.channel.localAddress?.port ?? 0, isTLS: !contexts.isEmpty)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await listener.executeThenClose { connections in
                    try await withThrowingDiscardingTaskGroup { tasks in
                        for try await connection in connections {
                            tasks.addTask { try? await server.serve(connection, handler) }
                        }
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(server)
        }
    }

    private func serve(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ handler: Handler) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var text = ""
            for try await chunk in inbound {
                text += String(buffer: chunk)
                if let request = Self.parse(text) {
                    log.withLock { $0.append(request) }
                    try await handler(request, Writer(outbound: outbound))
                    break
                }
            }
        }
    }

    /// `nil` while something is missing.
    private static func parse(_ text: String) -> Request? {
        // Somebody begins to speak TLS to a server that does not.
        if text.utf8.first == 0x16 { return Request(method: "TLS", target: "", headers: [:], body: "") }
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        }
        let body = String(text[end.upperBound...])
        guard body.utf8.count >= Int(headers["content-length"] ?? "0") ?? 0 else { return nil }
        return Request(method: String(words[0]), target: String(words[1]), headers: headers, body: body)
    }
}
