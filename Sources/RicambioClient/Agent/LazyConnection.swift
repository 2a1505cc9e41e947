// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Platform

/// Connects when it is first needed, and tries again at the next need when that failed: an application starts
/// whether or not its agent answers yet.
actor LazyConnection {
    private let url: String
    private let trust: AgentTrust
    private let token: String
    nonisolated let clock: any WallClock
    private var connection: AgentConnection?
    private var isShutDown = false

    init(url: String, trust: AgentTrust, token: String, clock: any WallClock) {
        self.url = url
        self.trust = trust
        self.token = token
        self.clock = clock
    }

    func get() async throws(ClientError) -> AgentConnection {
        if let connection { return connection }
        let new = try await AgentConnection(url: url, trust: trust, token: token, clock: clock)
        guard !isShutDown else {
            await new.shutdown()
            throw ClientError(.cancelled, "The link to the agent has been shut down.")
        }
        // Two calls may have connected at the same time: the first one's connection is everybody's.
        if let connection {
            await new.shutdown()
            return connection
        }
        connection = new
        return new
    }

    /// Waits for the agent as an event stream does; gives up only when it refuses to be talked to.
    func getWaiting(_ reconnection: Reconnection, onFailure: @Sendable (Double) -> Void = { _ in }) async throws
        -> AgentConnection
    {
        let started = clock.monotonicSeconds
        var failures = 0
        while true {
            do throws(ClientError) {
                return try await get()
            } catch {
                guard error.isTransient else { throw error }
                try Task.checkCancellation()
                let silence = clock.monotonicSeconds - started
                if let limit = reconnection.giveUpAfter, silence >= limit { throw error }
                onFailure(silence)
                try await clock.sleep(
                    seconds: reconnection.delay(attempt: failures, asked: nil, chance: .random(in: 0...1)))
                failures += 1
            }
        }
    }

    func shutdown() async {
        isShutDown = true
        let old = connection
        connection = nil
        await old?.shutdown()
    }
}
