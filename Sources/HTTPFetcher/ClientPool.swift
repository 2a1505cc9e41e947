// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Synchronization

/// The HTTP clients of one fetcher: one for each proxy that has been needed, and one that goes without.
///
/// A client sends the next request over the HTTP/2 connection that it has, also when that has gone mute (for the system it is
/// alive until a quarter of an hour has passed) or is just ending. So a client with such a connection is given up as a whole:
/// whoever comes next gets a new one, and the old one ends with the last fetch that uses it.
final class ClientPool: Sendable {
    typealias Proxy = ProxyEnvironment.Proxy

    private struct State {
        var current: [Proxy?: HTTPClient] = [:]
        /// By identity, those that were given up among them.
        var used: [ObjectIdentifier: (client: HTTPClient, count: Int)] = [:]
        var isShutDown = false
    }

    private let state = Mutex(State())
    private let make: @Sendable (Proxy?) -> HTTPClient

    init(making make: @escaping @Sendable (Proxy?) -> HTTPClient) {
        self.make = make
    }

    deinit {
        // Whoever forgot to shut down leaks nothing; after a shut-down this only reports that it was one.
        for client in state.withLock({ Array($0.current.values) }) { client.shutdown { _ in } }
    }

    /// To be given back. `nil` after a shut-down.
    func borrow(for proxy: Proxy?) -> HTTPClient? {
        state.withLock { state in
            guard !state.isShutDown else { return nil }
            let client = state.current[proxy] ?? make(proxy)
            state.current[proxy] = client
            state.used[ObjectIdentifier(client), default: (client, 0)].count += 1
            return client
        }
    }

    /// - Parameter isSpent: whether one of its connections is mute or broken.
    func giveBack(_ client: HTTPClient, for proxy: Proxy?, isSpent: Bool) {
        let id = ObjectIdentifier(client)
        let isDone = state.withLock { state in
            if isSpent, state.current[proxy] === client, !state.isShutDown { state.current[proxy] = nil }
            let users = (state.used[id]?.count ?? 1) - 1
            state.used[id] = users > 0 ? (client, users) : nil
            return users <= 0 && state.current[proxy] !== client
        }
        if isDone { client.shutdown { _ in } }
    }

    func shutdown() async {
        let clients = state.withLock { state in
            state.isShutDown = true
            return Array(state.current.values) + state.used.values.map(\.client)
        }
        for client in clients { try? await client.shutdown() }
    }
}
