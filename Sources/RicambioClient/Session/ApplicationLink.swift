// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
public import Platform
import Synchronization

/// An application server's link to the agent that started it.
///
/// The application must work without its agent: an agent that is away delays nothing and refuses nobody. Connections
/// are made when they are needed and made anew when they break, and ``acceptsLogins`` is true until the agent says
/// otherwise.
public final class ApplicationLink: Sendable {
    /// The id of the installation in the agent's configuration.
    public let installation: String
    private let lazy: LazyConnection
    private let reconnection: Reconnection
    /// Seconds without the agent after which logins are accepted again, whatever it said last: an update that needs
    /// them refused cannot be going on.
    private let refusalLifetime: Double
    private let gate = Mutex(true)

    /// `nil` when the variables that an agent sets are not there: then the application runs on its own.
    public init?(
        environment: [String: String], reconnection: Reconnection = .init(), refusalLifetime: Double = 60,
        clock: any WallClock = SystemWallClock()
    ) {
        guard let url = environment[ApplicationEnvironment.agentURL], !url.isEmpty,
            let token = environment[ApplicationEnvironment.token], !token.isEmpty
        else { return nil }
        let fingerprint = environment[ApplicationEnvironment.fingerprint].flatMap { $0.isEmpty ? nil : $0 }
        installation = environment[ApplicationEnvironment.installation] ?? ""
        lazy = LazyConnection(url: url, trust: AgentTrust(fingerprint: fingerprint), token: token, clock: clock)
        self.reconnection = reconnection
        self.refusalLifetime = refusalLifetime
    }

    /// Whether people may log in now, as far as ``events()`` has told; true before anything was heard.
    public var acceptsLogins: Bool { gate.withLock { $0 } }

    /// Opens a session for a person whom the application has authenticated. `loginsRefused` means: tell the person
    /// that an update is near. Any other error is no reason to refuse the person; nobody can warn them, that is all.
    public func openSession(_ request: SessionRequest) async throws(ClientError) -> SessionTicket {
        do {
            return try await lazy.get().post("application/sessions", request)
        } catch  where error.code == .loginsRefused {
            gate.withLock { $0 = false }
            throw error
        }
    }

    /// The person has logged out, or has been logged out. A session that is gone already is fine.
    public func endSession(_ session: String) async throws(ClientError) {
        do {
            try await lazy.get().delete("application/sessions/\(session.percentEncoded)")
        } catch  where error.code == .notFound {
            return
        }
    }

    /// What the agent tells the application, from the state of logins on; goes on for as long as it is read.
    /// It throws only when the agent does not know this application (any more): then it is not its agent.
    ///
    /// Read it in one place. It is what keeps ``acceptsLogins`` right.
    public func events() -> AsyncThrowingStream<ApplicationEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(
            of: ApplicationEvent.self, throwing: (any Error).self)
        let task = Task {
            do {
                let connection = try await lazy.getWaiting(reconnection)
                let events = connection.events(
                    "application/events", as: ApplicationEvent.self, lastEventID: nil, reconnection: reconnection,
                    onSilence: { [self] in reopen(afterSilence: $0) })
                for try await event in events {
                    note(event.value)
                    continuation.yield(event.value)
                }
                continuation.finish()
            } catch {
                gate.withLock { $0 = true }
                continuation.finish(throwing: error is CancellationError ? nil : error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// Ends the link's connections; ``events()`` ends too.
    public func shutdown() async {
        await lazy.shutdown()
    }

    private func note(_ event: ApplicationEvent) {
        if event.kind == .logins, let accepted = event.accepted { gate.withLock { $0 = accepted } }
    }

    private func reopen(afterSilence seconds: Double) -> ApplicationEvent? {
        guard seconds >= refusalLifetime, !acceptsLogins else { return nil }
        return ApplicationEvent(id: 0, kind: .logins, accepted: true)
    }
}
