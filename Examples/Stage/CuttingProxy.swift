// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

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
                        line.add(downstream)
                    }
                    .flatMap { downstream.setOption(.autoRead, value: true) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let own = listener.localAddress?.port else { throw StageError("The system gave no port.") }
        self.port = own
        self.line = line
    }

    public var url: String { "http://127.0.0.1:\(port)/" }

    /// After exactly `bytes` more bytes of answers every connection is cut, also those that come later.
    public func cut(after bytes: Int) { line.end(after: bytes, silently: false) }

    /// After exactly `bytes` more bytes of answers nothing more comes, and every connection stays open.
    /// - Parameter onlyOne: whether the line is whole for all but the connection that this happens to.
    public func hold(after bytes: Int, onlyOne: Bool = false) {
        line.end(after: bytes, silently: true, onlyOne: onlyOne)
    }

    /// The line is whole again, for connections that are made from now on: those that were held stay mute.
    public func mend() { line.mend() }

    /// Ends every connection that there is, those that are held among them.
    public func finish() async { await line.endAll(withReset: false) }

    /// Breaks every connection that there is, as a machine does that has forgotten them: with a reset.
    public func reset() async { await line.endAll(withReset: true) }

    /// Bytes of answers relayed so far.
    public var bytesRelayed: Int { line.relayed }
    /// Connections made so far.
    public var connections: Int { line.connections }

    public func stop() async {
        try? await listener.close()
    }
}

/// What all connections of one proxy share.
private final class Line: Sendable {
    private struct State {
        /// `nil` while the line is whole.
        var left: Int?
        var isSilent = false
        /// The line mends with the first connection that this happens to.
        var isForOne = false
        var relayed = 0
        var connections = 0
        var open: [ObjectIdentifier: any Channel] = [:]
    }

    private let state = Mutex(State())

    var relayed: Int { state.withLock { $0.relayed } }
    var connections: Int { state.withLock { $0.connections } }

    func end(after bytes: Int, silently: Bool, onlyOne: Bool = false) {
        state.withLock { ($0.left, $0.isSilent, $0.isForOne) = (bytes, silently, onlyOne) }
    }

    func mend() { state.withLock { $0.left = nil } }

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        state.withLock { state in
            state.connections += 1
            state.open[id] = channel
        }
        channel.closeFuture.whenComplete { _ in self.state.withLock { $0.open[id] = nil } }
    }

    func endAll(withReset isReset: Bool) async {
        for channel in state.withLock({ Array($0.open.values) }) {
            if isReset {
                let none = linger(l_onoff: 1, l_linger: 0)
                try? await (channel as? any SocketOptionProvider)?.setSoLinger(none).get()
            }
            try? await channel.close()
        }
    }

    enum Rest { case goesOn, ends, isMute }

    /// How many of `count` more bytes still go through, and what comes then.
    func take(_ count: Int) -> (Int, Rest) {
        state.withLock { state in
            let taken = min(count, state.left ?? count)
            state.left = state.left.map { $0 - taken }
            state.relayed += taken
            guard taken < count else { return (taken, .goesOn) }
            if state.isForOne { state.left = nil }
            return (taken, state.isSilent ? .isMute : .ends)
        }
    }
}

/// Writes what it reads to its peer and closes with it. Both ends live on one event loop.
private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let peer: any Channel
    private let line: Line?
    private var rest = Line.Rest.goesOn

    init(to peer: any Channel, counting line: Line?) {
        self.peer = peer
        self.line = line
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        // What goes nowhere is not relayed, and not counted.
        guard peer.isActive else { return context.close(promise: nil) }
        guard rest == .goesOn else { return }
        var taken = buffer.readableBytes
        if let line { (taken, rest) = line.take(taken) }
        if let part = buffer.readSlice(length: taken), taken > 0 { peer.writeAndFlush(part, promise: nil) }
        // The end comes behind the last byte that goes through, never before it.
        if rest == .ends { peer.close(mode: .output, promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        guard rest != .isMute else { return }
        peer.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
