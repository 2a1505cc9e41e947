// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import NIOCore
import Platform

/// One event of an agent's stream, decoded.
public struct AgentEvent<Value: Sendable>: Sendable {
    /// Resumes after this one when given as `lastEventID`.
    public var id: Int?
    /// The stream's name for it, e.g. `notice`.
    public var name: String
    public var value: Value
}

/// How an event stream is kept up.
public struct Reconnection: Sendable {
    /// Seconds before the first new attempt; doubled at each further one, with some randomness so that the
    /// workstations of a whole company do not come back in the same instant.
    public var firstDelay: Double = 0.5
    public var longestDelay: Double = 15
    /// Seconds without any answer from the agent after which the stream fails; `nil` means never.
    public var giveUpAfter: Double?

    public init(firstDelay: Double = 0.5, longestDelay: Double = 15, giveUpAfter: Double? = nil) {
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
        self.giveUpAfter = giveUpAfter
    }

    /// Seconds to wait before attempt `number` (0 is the first); `chance` is from 0 to 1.
    func delay(attempt number: Int, asked milliseconds: Int?, chance: Double) -> Double {
        let first = milliseconds.map { Double($0) / 1000 } ?? firstDelay
        let backedOff = first * pow(2, Double(min(number, 16)))
        return min(max(longestDelay, first), backedOff) * (0.5 + chance / 2)
    }
}

extension AgentConnection {
    /// The events of a stream from now on, or from after `lastEventID`. A broken connection is made anew and
    /// resumed, so that no event is lost and none comes twice; the sequence ends when the agent refuses
    /// (by an error), or says that there will be no more (HTTP 204).
    ///
    /// An event that cannot be decoded is one of a newer agent and is passed over.
    public func events<Value: Decodable & Sendable>(
        _ path: String, as type: Value.Type = Value.self, lastEventID: Int? = nil, reconnection: Reconnection = .init()
    ) -> AsyncThrowingStream<AgentEvent<Value>, any Error> {
        events(path, as: type, lastEventID: lastEventID, reconnection: reconnection, onSilence: { _ in nil })
    }

    /// `onSilence` is asked after each failed attempt, with the seconds since the agent was last heard, whether there
    /// is something to tell the reader meanwhile.
    func events<Value: Decodable & Sendable>(
        _ path: String, as type: Value.Type, lastEventID: Int?, reconnection: Reconnection,
        onSilence: @escaping @Sendable (Double) -> Value?
    ) -> AsyncThrowingStream<AgentEvent<Value>, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(
            of: AgentEvent<Value>.self, throwing: (any Error).self, bufferingPolicy: .bufferingOldest(4096))
        let task = Task {
            var source = EventSource(
                connection: self, path: path, reconnection: reconnection,
                parser: EventStreamParser(lastEventID: lastEventID.map(String.init) ?? ""))
            do {
                try await source.run { event in
                    switch event {
                    case .event(let event):
                        guard let value = try? APIJSON.decode(type, from: Data(event.data.utf8)) else { return }
                        try Self.yield(
                            AgentEvent(id: Int(event.lastEventID), name: event.name, value: value), to: continuation)
                    case .silence(let seconds):
                        guard let value = onSilence(seconds) else { return }
                        try Self.yield(AgentEvent(id: nil, name: "", value: value), to: continuation)
                    }
                }
                continuation.finish()
            } catch is CancellationError {
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    private static func yield<Value: Sendable>(
        _ event: AgentEvent<Value>, to continuation: AsyncThrowingStream<AgentEvent<Value>, any Error>.Continuation
    ) throws {
        if case .dropped = continuation.yield(event) {
            throw ClientError(.malformed, "Events are not read as fast as they come.")
        }
    }
}

/// One stream over as many connections as it takes.
private struct EventSource {
    enum Output {
        case event(ServerSentEvent)
        case silence(seconds: Double)
    }

    let connection: AgentConnection
    let path: String
    let reconnection: Reconnection
    var parser: EventStreamParser
    private var lastHeard: Double
    private var failures = 0

    init(connection: AgentConnection, path: String, reconnection: Reconnection, parser: EventStreamParser) {
        self.connection = connection
        self.path = path
        self.reconnection = reconnection
        self.parser = parser
        lastHeard = connection.clock.monotonicSeconds
    }

    mutating func run(_ output: (Output) throws -> Void) async throws {
        while true {
            do {
                guard try await followOnce(output) else { return }
            } catch let error as ClientError where error.isTransient {
                try Task.checkCancellation()
                let silence = connection.clock.monotonicSeconds - lastHeard
                if let limit = reconnection.giveUpAfter, silence >= limit { throw error }
                try output(.silence(seconds: silence))
            }
            let delay = reconnection.delay(
                attempt: failures, asked: parser.retryMilliseconds, chance: .random(in: 0...1))
            failures += 1
            try await connection.clock.sleep(seconds: delay)
        }
    }

    /// False when the agent says that there is nothing more to come.
    private mutating func followOnce(_ output: (Output) throws -> Void) async throws -> Bool {
        let response = try await connection.openStream(path, lastEventID: parser.lastEventID)
        if response.status.code == 204 { return false }
        // Half an event from the broken connection must not run into the first of the new one.
        parser = EventStreamParser(lastEventID: parser.lastEventID, retryMilliseconds: parser.retryMilliseconds)
        lastHeard = connection.clock.monotonicSeconds
        var chunks = response.body.makeAsyncIterator()
        while let chunk = try await next(&chunks) {
            lastHeard = connection.clock.monotonicSeconds
            let events: [ServerSentEvent]
            do {
                events = try parser.feed(chunk.readableBytesView)
            } catch {
                throw ClientError(.malformed, "The agent sent an event that is too long.")
            }
            for event in events {
                failures = 0
                try output(.event(event))
            }
        }
        return true
    }

    private func next<Chunks: AsyncIteratorProtocol>(_ chunks: inout Chunks) async throws -> ByteBuffer?
    where Chunks.Element == ByteBuffer {
        do {
            return try await chunks.next()
        } catch {
            throw ClientError(connection: error, address: connection.address)
        }
    }
}
