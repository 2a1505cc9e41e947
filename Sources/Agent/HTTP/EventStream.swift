// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Platform
import ServiceLifecycle

/// One server-sent event, or the comment that keeps a silent connection open.
enum ServerSentEvent: Sendable, Hashable {
    case event(name: String?, id: Int?, data: String)
    case heartbeat

    static func json(_ value: some Encodable, name: String?, id: Int?) throws -> ServerSentEvent {
        .event(name: name, id: id, data: String(decoding: try APIJSON.encode(value), as: UTF8.self))
    }

    var text: String {
        switch self {
        case .heartbeat: return ": \n\n"
        case .event(let name, let id, let data):
            var text = ""
            if let id { text += "id: \(id)\n" }
            if let name { text += "event: \(name)\n" }
            for line in data.split(separator: "\n", omittingEmptySubsequences: false) { text += "data: \(line)\n" }
            return text + "\n"
        }
    }
}

/// The sending end of one reader's stream. A reader that does not read is cut when its buffer is full: it comes back
/// with `Last-Event-ID` and gets what it missed.
struct EventChannel: Sendable {
    static let buffered = 64

    let stream: AsyncStream<ServerSentEvent>
    private let continuation: AsyncStream<ServerSentEvent>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.buffered))
    }

    func send(_ event: ServerSentEvent) {
        if case .dropped = continuation.yield(event) { continuation.finish() }
    }

    func finish() { continuation.finish() }

    func onEnd(_ action: @escaping @Sendable () -> Void) {
        continuation.onTermination = { _ in action() }
    }
}

extension Response {
    /// Answers with the events of the channel that `open` makes, until it ends, the reader is gone, or the agent shuts
    /// down.
    ///
    /// - Parameter open: called when the answer is being sent, and not when it never is: a reader that is registered
    ///   there is always taken out again. Refusals belong before it: here the status has been sent.
    static func events(
        request: Request, clock: any WallClock, heartbeatSeconds: Double = 15,
        _ open: @escaping @Sendable () async throws -> EventChannel
    ) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", accelBuffering: "no"],
            body: .init { writer in
                let channel = try await open()
                defer { channel.finish() }
                try await request.body.consumeWithInboundCloseHandler { _ in
                    try await withGracefulShutdownHandler {
                        try await withThrowingTaskGroup(of: Void.self) { group in
                            group.addTask {
                                while true {
                                    try await clock.sleep(seconds: heartbeatSeconds)
                                    channel.send(.heartbeat)
                                }
                            }
                            // The headers leave with the first bytes: readers know at once that they are connected.
                            try await writer.write(ByteBuffer(string: ServerSentEvent.heartbeat.text))
                            for await event in channel.stream {
                                try await writer.write(ByteBuffer(string: event.text))
                            }
                            group.cancelAll()
                        }
                    } onGracefulShutdown: {
                        channel.finish()
                    }
                } onInboundClosed: {
                    channel.finish()
                }
                try await writer.finish(nil)
            })
    }

    /// Tells reverse proxies not to hold events back.
    private static let accelBuffering = HTTPField.Name("X-Accel-Buffering") ?? .via
}

extension Request {
    /// What a reader that comes back has seen last.
    var lastEventID: Int? {
        HTTPField.Name("Last-Event-ID").flatMap { headers[$0] }.flatMap { Int($0) }
    }
}
