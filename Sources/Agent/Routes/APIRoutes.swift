// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Hummingbird
import Platform

/// The whole HTTP API, put together. `openapi.yaml` is its description.
struct APIRoutes: Sendable {
    let installations: [any ManagedInstallation]
    let accounts: Accounts
    let applications: ApplicationTokens
    let hub: RunHub
    let audit: AuditLog
    let language: Language
    let fileSystem: any FileSystem
    let clock: any WallClock
    /// How workstations and applications reach this agent; known once it listens.
    let address: AgentAddress

    /// The router, and every route in it.
    func build() -> (router: Router<AgentContext>, table: RouteTable) {
        let table = RouteTable()
        let router = Router(context: AgentContext.self)
        router.add(middleware: AnswerMiddleware())
        router.add(middleware: ProblemMiddleware(routes: table, language: language))
        let installations = installations
        let authenticator = Authenticator(accounts: accounts, applications: applications) { ticket in
            for installation in installations {
                if let session = await installation.sessions.session(ticket: ticket) {
                    return (installation.id, session)
                }
            }
            return nil
        }
        let routes = Routes(router: router, table: table, authenticator: authenticator)
        addGeneral(routes)
        addInstallations(routes)
        addUpdates(routes)
        addApplication(routes)
        addWorkstation(routes)
        addMirror(routes)
        return (router, table)
    }

    func installation(_ id: String) throws -> any ManagedInstallation {
        guard let installation = installations.first(where: { $0.id == id }) else {
            throw Refusal(.installationUnknown, 404, ["id": id])
        }
        return installation
    }

    func installation(_ context: AgentContext) throws -> any ManagedInstallation {
        try installation(try context.parameters.require("id"))
    }

    private func addGeneral(_ routes: Routes) {
        routes.on(.get, "/v1/health", .anyone) { _, _, _ in
            try .json(["status": "ok", "version": AgentVersion.current])
        }
        routes.on(.post, "/v1/login", .anyone) { request, context, _ in
            let login = try await request.json(LoginRequest.self, context: context)
            let answer: LoginAnswer
            do {
                answer = try await accounts.login(login, address: context.remoteAddress)
            } catch {
                // What was typed as a user may be a password: it stays out of the record unless it is a name.
                let name = await accounts.exists(login.user) ? login.user : "(unknown)"
                try await audit.record(actor: name, action: "login-refused", subject: context.remoteAddress)
                throw error
            }
            try await audit.record(actor: login.user, action: "login", subject: context.remoteAddress)
            var response = try Response.json(answer)
            response.setCookie(
                Cookie(
                    name: Authenticator.cookie, value: answer.token,
                    maxAge: max(0, Int(answer.expiresAt.timeIntervalSince(clock.now))), path: "/", secure: true,
                    httpOnly: true, sameSite: .strict))
            return response
        }
        routes.on(.post, "/v1/logout", .signedIn) { _, _, caller in
            if case .administrator(let administrator) = caller {
                try await accounts.logout(administrator)
                try await audit.record(actor: administrator.name, action: "logout", subject: "")
            }
            var response = Response.noContent
            response.setCookie(
                Cookie(
                    name: Authenticator.cookie, value: "", maxAge: 0, path: "/", secure: true, httpOnly: true,
                    sameSite: .strict))
            return response
        }
        routes.on(.get, "/v1/audit", .viewer) { request, _, _ in
            let limit = request.uri.queryParameters.get("limit", as: Int.self) ?? 500
            return try .json(try await audit.entries(limit: min(max(1, limit), 10_000)))
        }
    }
}

/// Where the agent is reached, once that is known.
actor AgentAddress {
    /// Where everybody reaches it, and where applications on this machine do.
    struct Known: Sendable, Hashable {
        var url: String
        var localURL: String
        /// `nil` for the customer's own certificate.
        var fingerprint: String?
    }

    private var known: Known?
    private var waiting: [CheckedContinuation<Known?, Never>] = []
    private var isGivenUp = false

    func set(_ address: Known) {
        known = address
        release()
    }

    /// The agent will never listen: nobody waits any longer.
    func giveUp() {
        isGivenUp = true
        release()
    }

    func get() async throws -> Known {
        if known == nil, !isGivenUp {
            _ = await withCheckedContinuation { waiting.append($0) }
        }
        guard let known else { throw CancellationError() }
        return known
    }

    private func release() {
        for continuation in waiting { continuation.resume(returning: known) }
        waiting = []
    }
}

public enum AgentVersion {
    public static let current = "0.2.0"
}
