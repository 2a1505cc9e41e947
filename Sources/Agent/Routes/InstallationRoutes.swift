// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Hummingbird

extension APIRoutes {
    func addInstallations(_ routes: Routes) {
        routes.on(.get, "/v1/installations", .viewer) { _, _, _ in
            var list: [InstallationStatus] = []
            for installation in installations { list.append(await installation.status()) }
            return try .json(list)
        }
        routes.on(.get, "/v1/installations/{id}", .viewer) { _, context, _ in
            try .json(await installation(context).status())
        }
        routes.on(.get, "/v1/installations/{id}/releases", .viewer) { _, context, _ in
            try .json(try await installation(context).releases())
        }
        routes.on(.get, "/v1/installations/{id}/plan", .viewer) { request, context, _ in
            let version = request.uri.queryParameters.get("version")
            return try .json(try await installation(context).plan(version: version))
        }
        routes.on(.get, "/v1/installations/{id}/sessions", .viewer) { _, context, _ in
            try .json(await installation(context).sessions.sessions)
        }
        routes.on(.get, "/v1/installations/{id}/logs", .viewer) { request, context, _ in
            let lines = request.uri.queryParameters.get("lines", as: Int.self) ?? 200
            return .text(try await installation(context).log(lines: min(max(1, lines), 10_000)))
        }
    }

    func addUpdates(_ routes: Routes) {
        routes.on(.post, "/v1/installations/{id}/updates", .administrator) { request, context, caller in
            let installation = try installation(context)
            let order = try await request.json(UpdateOrder.self, context: context)
            try check(order)
            let run = try await installation.order(order, by: caller.name)
            try await audit.record(
                actor: caller.name, action: "order-update", subject: "\(installation.id) \(run.id) to \(run.to)")
            return try .json(run, status: .accepted)
        }
        routes.on(.get, "/v1/installations/{id}/updates", .viewer) { _, context, _ in
            let installation = try installation(context)
            let folders = await installation.keptFolders()
            return try .json(try await hub.runs(of: installation.id).map { $0.following(folders) })
        }
        routes.on(.get, "/v1/installations/{id}/updates/{run}", .viewer) { _, context, _ in
            try .json(try await run(context))
        }
        routes.on(.delete, "/v1/installations/{id}/updates/{run}", .administrator) { _, context, caller in
            let (installation, run) = (try installation(context), try await run(context))
            let cancelled = try await installation.cancel(run: run.id, by: caller.name)
            try await audit.record(
                actor: caller.name, action: "cancel-update", subject: "\(installation.id) \(run.id)")
            return try .json(cancelled)
        }
        routes.on(.get, "/v1/installations/{id}/updates/{run}/events", .viewer) { request, context, _ in
            let run = try await run(context)
            return .events(request: request, clock: clock) { await hub.follow(run) }
        }
    }

    private func run(_ context: AgentContext) async throws -> UpdateRun {
        let (installation, id) = (try installation(context), try context.parameters.require("run"))
        guard let run = try await hub.run(id, of: installation.id) else {
            throw Refusal(.runUnknown, 404, ["id": id])
        }
        return run.following(await installation.keptFolders())
    }

    private func check(_ order: UpdateOrder) throws {
        guard UpdateOrder.allowedGraceSeconds.contains(order.graceSeconds) else { throw Refusal(.graceOutOfRange, 422) }
        for address in order.email where !ConfigurationParser.isMailAddress(address) {
            throw Refusal(.addressInvalid, 422, ["address": address])
        }
        guard order.email.count <= 20 else { throw Refusal.invalid("email") }
        // A clock that is a little off at the workstation must not refuse "now".
        if let at = order.at, at < clock.now.addingTimeInterval(-60) { throw Refusal(.timeInThePast, 422) }
    }
}
