// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import Synchronization

/// An SMTP server that greets, listens, and refuses every recipient for now, until it is told to accept; then it takes
/// mails and drops them.
public final class RefusingMailServer: Sendable {
    public let port: Int
    private let listener: any Channel
    private let mood: Mood

    public init() async throws {
        let mood = Mood()
        listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Conversation(mood: mood))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let own = listener.localAddress?.port else { throw StageError("The system gave no port.") }
        port = own
        self.mood = mood
    }

    /// How many recipients it has refused so far.
    public var refusals: Int { mood.refusals.load(ordering: .sequentiallyConsistent) }
    /// How many mails it has taken so far.
    public var accepted: Int { mood.accepted.load(ordering: .sequentiallyConsistent) }

    public func acceptFromNowOn() {
        mood.accepts.store(true, ordering: .sequentiallyConsistent)
    }

    public func stop() async {
        try? await listener.close()
    }
}

private final class Mood: Sendable {
    let accepts = Atomic<Bool>(false)
    let refusals = Atomic<Int>(0)
    let accepted = Atomic<Int>(0)
}

/// One connection: as much of RFC 5321 as a client needs to be refused, or to be rid of its mail.
private final class Conversation: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let mood: Mood
    private var line = ""
    private var isData = false

    init(mood: Mood) {
        self.mood = mood
    }

    func channelActive(context: ChannelHandlerContext) {
        say("220 refusing.example ready", context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        line += String(buffer: unwrapInboundIn(data))
        while let end = line.firstRange(of: "\r\n") {
            let command = String(line[..<end.lowerBound])
            line = String(line[end.upperBound...])
            answer(command, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ command: String, _ context: ChannelHandlerContext) {
        if isData {
            guard command == "." else { return }
            isData = false
            mood.accepted.add(1, ordering: .sequentiallyConsistent)
            return say("250 taken", context)
        }
        switch command.prefix(4).uppercased() {
        case "EHLO", "HELO", "MAIL", "RSET", "NOOP": say("250 refusing.example", context)
        case "RCPT" where mood.accepts.load(ordering: .sequentiallyConsistent): say("250 fine", context)
        case "RCPT":
            mood.refusals.add(1, ordering: .sequentiallyConsistent)
            say("450 4.7.1 nobody here takes mail now", context)
        case "DATA":
            isData = true
            say("354 go on", context)
        case "QUIT":
            say("221 bye", context)
            context.close(promise: nil)
        default: say("502 what?", context)
        }
    }

    private func say(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text + "\r\n")), promise: nil)
    }
}
