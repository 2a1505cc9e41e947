// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
public import HTTPFetcher
public import Platform

/// A workstation's side of one session: what it is told, and what it answers.
public actor WorkstationSession {
    public nonisolated let ticket: SessionTicket
    private let lazy: LazyConnection
    private let reconnection: Reconnection

    /// From the ticket that the application server handed over at login.
    public init(ticket: SessionTicket, reconnection: Reconnection = .init(), clock: any WallClock = SystemWallClock()) {
        self.init(
            ticket: ticket, trust: AgentTrust(fingerprint: ticket.fingerprint), reconnection: reconnection, clock: clock
        )
    }

    /// `trust` instead of what the ticket says: a customer's own authority, say.
    public init(
        ticket: SessionTicket, trust: AgentTrust, reconnection: Reconnection = .init(),
        clock: any WallClock = SystemWallClock()
    ) {
        self.ticket = ticket
        self.reconnection = reconnection
        lazy = LazyConnection(url: ticket.agentURL, trust: trust, token: ticket.ticket, clock: clock)
    }

    /// The session as the agent sees it.
    public func session() async throws(ClientError) -> Session {
        try await lazy.get().get("session")
    }

    /// Notices for this session, in order, each once, over as many connections as it takes; those after `lastID`
    /// when this is a program that has started anew. Ends when the session has ended.
    public nonisolated func notices(after lastID: Int? = nil) -> AsyncThrowingStream<Notice, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: Notice.self, throwing: (any Error).self)
        let task = Task { [lazy, reconnection] in
            do {
                let connection = try await lazy.getWaiting(reconnection)
                let events = connection.events(
                    "session/notices", as: Notice.self, lastEventID: lastID, reconnection: reconnection)
                for try await event in events { continuation.yield(event.value) }
                continuation.finish()
            } catch let error as ClientError where error.meansSessionEnded {
                continuation.finish()
            } catch {
                continuation.finish(throwing: error is CancellationError ? nil : error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// The person has saved their work and does not mind being closed. Repeating it changes nothing.
    public func ready() async throws(ClientError) {
        try await lazy.get().post("session/ready")
    }

    public func heartbeat() async throws(ClientError) {
        try await lazy.get().post("session/heartbeat")
    }

    /// Sends heartbeats until the session has ended or the task is cancelled; an agent that is away is no reason to stop.
    public func heartbeats(every seconds: Double = 15) async {
        while !Task.isCancelled {
            do throws(ClientError) {
                try await heartbeat()
            } catch {
                if error.meansSessionEnded { return }
            }
            do {
                try await lazy.clock.sleep(seconds: seconds)
            } catch {
                return
            }
        }
    }

    /// Ends the session. One that has ended already is fine.
    public func end() async throws(ClientError) {
        do {
            try await lazy.get().delete("session")
        } catch  where error.meansSessionEnded {
            return
        }
    }

    /// The client that belongs to this server now; `nil` when the release has none for `platform`.
    public func clientOffer(platform: String = Platform.current) async throws(ClientError) -> ClientOffer? {
        do {
            return try await lazy.get().get("session/client?platform=\(platform.percentEncoded)")
        } catch  where error.code == .notFound {
            return nil
        }
    }

    /// Fetches from the agent's mirror as this session; for ``ClientUpdate``.
    public func mirror() async throws(ClientError) -> HTTPFetcher {
        try await lazy.get().fetcher()
    }

    /// Ends the connections without ending the session.
    public func shutdown() async {
        await lazy.shutdown()
    }
}

extension ClientError {
    var meansSessionEnded: Bool { code == .unauthorized || code == .notFound }
}
