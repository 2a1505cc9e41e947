// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
import Foundation

/// What an administrator does at an agent, as calls. The command line and the reference client use it.
public struct Administration: Sendable {
    public let connection: AgentConnection

    public init(_ connection: AgentConnection) {
        self.connection = connection
    }

    public init(connection: AgentConnection) {
        self.init(connection)
    }

    /// Logs in and, with `newPassword`, changes the password in the same step. Continue with ``loggedIn(_:)``.
    public func login(user: String, password: String, newPassword: String? = nil) async throws(ClientError)
        -> LoginAnswer
    {
        let request = LoginRequest(user: user, password: password, newPassword: newPassword)
        return try await connection.post("login", request)
    }

    /// The same agent as the account that `answer` is of.
    public func loggedIn(_ answer: LoginAnswer) -> Administration {
        Administration(connection.with(token: answer.token))
    }

    /// The token is worth nothing afterwards.
    public func logout() async throws(ClientError) {
        try await connection.post("logout")
    }

    public func installations() async throws(ClientError) -> [InstallationStatus] {
        try await connection.get("installations")
    }

    public func installation(_ id: String) async throws(ClientError) -> InstallationStatus {
        try await connection.get(Self.path(id))
    }

    /// Newest first.
    public func releases(of installation: String) async throws(ClientError) -> [ReleaseSummary] {
        try await connection.get(Self.path(installation, "releases"))
    }

    /// What an update would fetch, and what stands in its way. `nil` means the channel's current release.
    public func plan(
        of installation: String, version: String? = nil
    ) async throws(ClientError) -> UpdatePlan {
        try await connection.get(Self.path(installation, "plan") + (version.map { "?version=\($0)" } ?? ""))
    }

    public func sessions(of installation: String) async throws(ClientError) -> [Session] {
        try await connection.get(Self.path(installation, "sessions"))
    }

    /// Orders an update; the run goes on at the agent whether or not anybody watches.
    public func order(_ order: UpdateOrder, for installation: String) async throws(ClientError) -> UpdateRun {
        try await connection.post(Self.path(installation, "updates"), order)
    }

    /// `conflict` when the service is being stopped already: then it is finished or undone, not cancelled.
    public func cancel(_ run: String, of installation: String) async throws(ClientError) -> UpdateRun {
        try await connection.delete(Self.path(installation, "updates", run), as: UpdateRun.self)
    }

    /// Newest first.
    public func history(of installation: String) async throws(ClientError) -> [UpdateRun] {
        try await connection.get(Self.path(installation, "updates"))
    }

    public func run(_ run: String, of installation: String) async throws(ClientError) -> UpdateRun {
        try await connection.get(Self.path(installation, "updates", run))
    }

    /// The run as it changes, up to and with its end; survives a restart of the agent.
    public func watch(
        _ run: String, of installation: String, reconnection: Reconnection = .init(giveUpAfter: 300)
    ) -> AsyncThrowingStream<UpdateRun, any Error> {
        let events = connection.events(
            Self.path(installation, "updates", run, "events"), as: UpdateRun.self, reconnection: reconnection)
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: UpdateRun.self, throwing: (any Error).self)
        let task = Task {
            do {
                for try await event in events {
                    continuation.yield(event.value)
                    if event.value.outcome != nil { break }
                }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// The last lines that the application wrote.
    public func logs(of installation: String, lines: Int = 200) async throws(ClientError) -> String {
        try await connection.text(Self.path(installation, "logs") + "?lines=\(lines)")
    }

    public func audit() async throws(ClientError) -> [AuditEntry] {
        try await connection.get("audit")
    }

    static func path(_ installation: String, _ rest: String...) -> String {
        (["installations", installation.percentEncoded] + rest.map(\.percentEncoded)).joined(separator: "/")
    }
}
