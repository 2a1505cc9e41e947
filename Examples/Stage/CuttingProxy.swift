// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import Synchronization

/// A TCP relay before a server that, when told to, cuts every connection after so many bytes of answers, or lets
/// nothing more through without a word: the vendor's line going down in the middle of a download.
public final class CuttingProxy: Sendable {
    public let port: Int
    private let listener: any Channel
    private let line: Line

    /// Relays to `port` of this machine.
    public init(to port: Int) async throws {
        let line = Line()
        let group = MultiThreadedEventLoopGroup.singleton
        listener = try await ServerBootstrap(group: group)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { downstream in
                ClientBootstrap(group: downstream.eventLoop)
                    .channelInitializer { upstream in
                        upstream.eventLoop.makeCompletedFuture {
                            try upstream.pipeline.syncOperations.addHandler(Relay(to: downstream, counting: line))
                        }
                    }
                    .connect(host: "127.0.0.1", port: port)
                    .flatMapThrowing { upstream in
                        try downstream.pipeline.syncOperations.addHandler(Relay(to: upstream, counting: nil))
                    }
                    .flatMap { downstream.setOption(.autoRead, value: true) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let own = listener.localAddress?.port else { throw StageError("The system gave no port.") }
        self.port = own
        self.line = line
    }

    public var url: String { "http://127.0.0.1:\(port)/" }

    /// After `bytes` more bytes of answers every connection is cut, also those that come later.
    public func cut(after bytes: Int) {
        line.isSilent.store(false, ordering: .sequentiallyConsistent)
        line.left.store(bytes, ordering: .sequentiallyConsistent)
    }

    /// After `bytes` more bytes of answers nothing more comes, and every connection stays open.
    public func hold(after bytes: Int) {
        line.isSilent.store(true, ordering: .sequentiallyConsistent)
        line.left.store(bytes, ordering: .sequentiallyConsistent)
    }

    /// The line is whole again, for connections that are made from now on.
    public func mend() {
        line.left.store(.max, ordering: .sequentiallyConsistent)
    }

    /// Bytes of answers relayed so far.
    public var bytesRelayed: Int { line.relayed.load(ordering: .sequentiallyConsistent) }

    public func stop() async {
        try? await listener.close()
    }
}

/// What all connections of one proxy share.
private final class Line: Sendable {
    let left = Atomic<Int>(.max)
    let relayed = Atomic<Int>(0)
    let isSilent = Atomic<Bool>(false)

    /// Whether `count` more bytes still go through; only those are counted.
    func take(_ count: Int) -> Bool {
        let isWhole = left.load(ordering: .sequentiallyConsistent) == .max
        guard isWhole || left.subtract(count, ordering: .sequentiallyConsistent).newValue > 0 else { return false }
        relayed.add(count, ordering: .sequentiallyConsistent)
        return true
    }
}

/// Writes what it reads to its peer and closes with it. Both ends live on one event loop.
private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let peer: any Channel
    private let line: Line?

    init(to peer: any Channel, counting line: Line?) {
        self.peer = peer
        self.line = line
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        // What goes nowhere is not relayed, and not counted.
        guard peer.isActive else { return context.close(promise: nil) }
        if let line, !line.take(buffer.readableBytes) {
            guard !line.isSilent.load(ordering: .sequentiallyConsistent) else { return }
            peer.close(promise: nil)
            context.close(promise: nil)
            return
        }
        peer.writeAndFlush(buffer, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        peer.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
