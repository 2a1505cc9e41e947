// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestServers

/// An HTTP/2 server whose every frame the test decides. It understands nothing but which streams are opened, and answers
/// each with the frames that the test gives for it.
final class ScriptedHTTP2: Sendable {
    /// RFC 9113, section 4.1.
    struct Frame: Sendable {
        var type: UInt8
        var flags: UInt8 = 0
        /// 0 is the connection; otherwise it is the stream that is answered.
        var isOfConnection = false
        var payload: [UInt8] = []

        /// 200 with a length of under 128 digits; fields are literals of RFC 7541's static table.
        static func ok(length: Int) -> Frame { head(0x88, length: length) }

        static func partial(length: Int, range: String) -> Frame {
            // `content-range` is entry 30.
            head(0x8A, length: length, more: [0x0F, 30 - 15, UInt8(range.utf8.count)] + Array(range.utf8))
        }

        /// `status` is an entry of the table; `content-length` is entry 28.
        private static func head(_ status: UInt8, length: Int, more: [UInt8] = []) -> Frame {
            let digits = Array("\(length)".utf8)
            return Frame(type: 1, flags: 4, payload: [status, 0x0F, 28 - 15, UInt8(digits.count)] + digits + more)
        }

        static func data(_ text: String, isLast: Bool = false) -> Frame {
            Frame(type: 0, flags: isLast ? 1 : 0, payload: Array(text.utf8))
        }

        static func reset(_ code: UInt8) -> Frame { Frame(type: 3, payload: [0, 0, 0, code]) }

        /// No stream after `last` is answered.
        static func goAway(last: UInt8, _ code: UInt8) -> Frame {
            Frame(type: 7, isOfConnection: true, payload: [0, 0, 0, last, 0, 0, 0, code])
        }

        static let settings = Frame(type: 4, isOfConnection: true)
        static let acknowledged = Frame(type: 4, flags: 1, isOfConnection: true)

        func bytes(stream: UInt32) -> [UInt8] {
            let count = payload.count
            let id = isOfConnection ? 0 : stream
            return [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags]
                + [24, 16, 8, 0].map { UInt8(id >> $0 & 255) } + payload
        }
    }

    enum Step: Sendable {
        case send(Frame)
        /// Nothing more comes, and the connection stays.
        case isMute
        case close
    }

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    let port: Int
    private let log = Mutex<[Int]>([])
    var url: String { "https://127.0.0.1:\(port)" }
    /// For each request that came: the number of its connection.
    var requests: [Int] { log.withLock { $0 } }

    private init(port: Int) { self.port = port }

    /// - Parameter script: the answer to the n-th request of all, from 0.
    static func run<Result>(
        certificate: TestCertificate, _ script: @escaping @Sendable (Int) -> [Step],
        _ body: (ScriptedHTTP2) async throws -> Result
    ) async throws -> Result {
        let context = try NIOSSLContext(configuration: certificate.serverConfiguration(protocols: ["h2"]))
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let server = ScriptedHTTP2(port: listener.channel.localAddress?.port ?? 0)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await listener.executeThenClose { connections in
                    try await withThrowingDiscardingTaskGroup { tasks in
                        var count = 0
                        for try await connection in connections {
                            let number = count
                            count += 1
                            tasks.addTask { try? await server.serve(connection, number, script) }
                        }
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(server)
        }
    }

    private func serve(
        _ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ number: Int, _ script: @Sendable (Int) -> [Step]
    ) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var bytes: [UInt8] = []
            var hasBegun = false
            for try await chunk in inbound {
                bytes += Array(buffer: chunk)
                if !hasBegun {
                    guard bytes.count >= Self.preface.count else { continue }
                    guard bytes.starts(with: Self.preface) else { return }
                    bytes.removeFirst(Self.preface.count)
                    hasBegun = true
                    try await outbound.write(ByteBuffer(bytes: Frame.settings.bytes(stream: 0)))
                }
                while let (type, flags, stream) = Self.take(&bytes) {
                    if type == 4, flags & 1 == 0 {
                        try await outbound.write(ByteBuffer(bytes: Frame.acknowledged.bytes(stream: 0)))
                    }
                    guard type == 1 else { continue }
                    let request = log.withLock { log in
                        log.append(number)
                        return log.count - 1
                    }
                    for step in script(request) {
                        switch step {
                        case .send(let frame): try await outbound.write(ByteBuffer(bytes: frame.bytes(stream: stream)))
                        case .isMute: try await Task.sleep(for: .seconds(600))
                        case .close: return
                        }
                    }
                }
            }
        }
    }

    /// Type, flags and stream of the first frame, if it is complete.
    private static func take(_ bytes: inout [UInt8]) -> (UInt8, UInt8, UInt32)? {
        guard bytes.count >= 9 else { return nil }
        let count = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
        guard bytes.count >= 9 + count else { return nil }
        let stream = bytes[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        defer { bytes.removeFirst(9 + count) }
        return (bytes[3], bytes[4], stream)
    }
}
