// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Hummingbird

extension APIRoutes {
    /// For application servers.
    func addApplication(_ routes: Routes) {
        routes.on(.post, "/v1/application/sessions", .application) { request, context, caller in
            let registry = try self.installation(of: caller).sessions
            let wanted = try await request.json(SessionRequest.self, context: context)
            guard (1...200).contains(wanted.person.count), wanted.workstation.count <= 200 else {
                throw Refusal.invalid("person, workstation")
            }
            let (session, ticket) = try await registry.open(wanted)
            let address = try await address.get()
            return try .json(
                SessionTicket(
                    session: session.id, ticket: ticket, agentURL: address.url, fingerprint: address.fingerprint),
                status: .created)
        }
        routes.on(.delete, "/v1/application/sessions/{session}", .application) { _, context, caller in
            let registry = try self.installation(of: caller).sessions
            let id = try context.parameters.require("session")
            guard await registry.session(id) != nil else { throw Refusal(.sessionUnknown, 404) }
            await registry.end(id)
            return .noContent
        }
        routes.on(.get, "/v1/application/events", .application) { request, _, caller in
            let registry = try self.installation(of: caller).sessions
            return .events(request: request, clock: clock) { await registry.applicationEvents() }
        }
    }

    /// For workstations.
    func addWorkstation(_ routes: Routes) {
        routes.on(.get, "/v1/session", .workstation) { _, _, caller in
            let (registry, id) = try self.session(of: caller)
            guard let session = await registry.session(id) else { throw Refusal.sessionUnknown }
            return try .json(session)
        }
        routes.on(.get, "/v1/session/notices", .workstation) { request, _, caller in
            let (registry, id) = try self.session(of: caller)
            let last = request.lastEventID
            return .events(request: request, clock: clock) { try await registry.notices(for: id, after: last) }
        }
        routes.on(.post, "/v1/session/ready", .workstation) { _, _, caller in
            let (registry, id) = try self.session(of: caller)
            return try .json(try await registry.ready(id))
        }
        routes.on(.post, "/v1/session/heartbeat", .workstation) { _, _, caller in
            // The ticket that came with it was the sign of life.
            _ = try self.session(of: caller)
            return .noContent
        }
        routes.on(.delete, "/v1/session", .workstation) { _, _, caller in
            let (registry, id) = try self.session(of: caller)
            await registry.end(id)
            return .noContent
        }
        routes.on(.get, "/v1/session/client", .workstation) { request, _, caller in
            guard let platform = request.uri.queryParameters.get("platform"), ConfigurationParser.isName(platform)
            else {
                throw Refusal.invalid("platform")
            }
            let installation = try self.installation(of: caller)
            guard let client = try await installation.client(platform: platform) else {
                throw Refusal(.clientMissing, 404, ["platform": platform])
            }
            let mirror = try await address.get().url + "/v1/mirror/\(installation.id)/"
            return try .json(
                ClientOffer(
                    product: client.product, channel: client.channel, version: client.version, platform: platform,
                    repositoryURL: mirror))
        }
    }

    func addMirror(_ routes: Routes) {
        for method in [HTTPRequest.Method.get, .head] {
            routes.on(method, "/v1/mirror/{id}/{path}", .member) { request, context, caller in
                let installation = try installation(context)
                switch caller {
                case .application(let own), .workstation(let own, _):
                    // What another company's installation runs is nobody else's business.
                    guard own == installation.id else { throw Refusal.notFound }
                case .administrator, .anyone: break
                }
                // `/v1/mirror/ID/…`, as it was sent.
                let rest = request.uri.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(4)
                guard let path = MirrorPath(rest.joined(separator: "/")) else { throw Refusal.notFound }
                let content = try await installation.mirror.content(path)
                return try await MirrorResponse(content: content, eventLoop: context.eventLoop).answer(request)
            }
        }
    }

    private func installation(of caller: Caller) throws -> any ManagedInstallation {
        switch caller {
        case .application(let id), .workstation(let id, _): try installation(id)
        case .administrator, .anyone: throw Refusal.notAllowed
        }
    }

    private func session(of caller: Caller) throws -> (SessionRegistry, String) {
        guard case .workstation(let id, let session) = caller else { throw Refusal.notAllowed }
        return (try installation(id).sessions, session)
    }
}
