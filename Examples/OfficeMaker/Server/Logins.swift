// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Crypto
import Foundation
import Logging
import RicambioClient
import ServiceLifecycle

/// One person logged in from one workstation.
struct Login: Sendable {
    var token: String
    var person: Person
    /// The agent's session of this login; `nil` without an agent.
    var session: String?
}

/// Who is logged in, and how often a wrong password was tried.
actor Logins {
    private let link: ApplicationLink?
    private let logger: Logger
    private var logins: [String: Login] = [:]
    private var failures: [String: [ContinuousClock.Instant]] = [:]

    init(link: ApplicationLink?, logger: Logger) {
        self.link = link
        self.logger = logger
    }

    func open(_ person: Person, session: String?) -> Login {
        let token = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0).base64EncodedString() }
        let login = Login(token: token, person: person, session: session)
        logins[token] = login
        return login
    }

    func login(token: String) -> Login? { logins[token] }

    /// The person has logged out.
    func close(token: String) async {
        guard let login = logins.removeValue(forKey: token) else { return }
        await endAtAgent(login)
    }

    /// The agent wants this session closed: the update begins.
    func close(session: String) async {
        for login in logins.values where login.session == session {
            logins[login.token] = nil
            await endAtAgent(login)
        }
    }

    private func endAtAgent(_ login: Login) async {
        guard let link, let session = login.session else { return }
        do {
            try await link.endSession(session)
        } catch {
            // It ends there by itself when its heartbeats stay away.
            logger.notice("The agent was not told of a logout: \(error)")
        }
    }

    /// Ten wrong passwords in a minute close the door to that name for the rest of it.
    func mayTry(_ name: String) -> Bool {
        let now = ContinuousClock.now
        failures[name]?.removeAll { now - $0 > .seconds(60) }
        return (failures[name]?.count ?? 0) < 10
    }

    func failed(_ name: String) {
        // Names are made up by whoever knocks: their number must not grow without end.
        if failures.count > 1000 { failures = [:] }
        failures[name, default: []].append(.now)
    }
}

/// Follows what the agent tells this application.
struct AgentEvents: Service {
    let link: ApplicationLink
    let logins: Logins
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            do {
                for try await event in link.events() {
                    guard event.kind == .closeSession, let session = event.session else { continue }
                    await logins.close(session: session)
                }
            } catch {
                logger.error("The agent does not know this application any more; it runs on without: \(error)")
            }
        }
        // A service that returns early would end the whole server.
        try? await gracefulShutdown()
    }
}
