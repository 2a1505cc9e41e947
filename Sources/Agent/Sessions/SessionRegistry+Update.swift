// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation

// Driven by the update runner: warning, closing, offering.
extension SessionRegistry {
    /// Warns everyone who is not ready already and refuses new logins. Told again (after a restart, say), it warns
    /// again with what is left of the time.
    func warn(deadline: Date, from: String, to: String) async {
        if warning == nil { (warned, ready, sessionCounts) = ([], [], SessionCounts()) }
        warning = Warning(deadline: deadline, from: from, to: to)
        await acceptLogins(false)
        for id in members.keys {
            warned.insert(id)
            if members[id]?.session.state == .open { members[id]?.session.state = .warned }
            if members[id]?.session.state == .ready { ready.insert(id) }
        }
        sessionCounts.warned = warned.count
        await notify(members.keys.filter { members[$0]?.session.state == .warned }, .warning, from: from, to: to)
        changed()
    }

    /// Returns at `deadline`, or as soon as everybody is ready or has left.
    func waitUntilReadyOrDeadline(_ deadline: Date) async throws {
        let left = deadline.timeIntervalSince(clock.now)
        guard left > 0, !isEverybodyReady else { return }
        let clock = clock
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await clock.sleep(seconds: left) }
            group.addTask { await self.untilChanged { await self.isEverybodyReady } }
            try await group.next()
            group.cancelAll()
        }
        try Task.checkCancellation()
    }

    /// Has everybody closed who is still there: the workstation is told, and the application server closes the session.
    func close(within seconds: Double) async -> SessionCounts {
        let open = Array(members.keys)
        for id in open { members[id]?.session.state = .closing }
        await notify(open, .closing, from: warning?.from, to: warning?.to)
        for id in open { tellApplications(applicationEvent(.closeSession, session: id)) }
        if !open.isEmpty {
            let clock = clock
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await clock.sleep(seconds: seconds) }
                group.addTask { await self.untilChanged { await self.count == 0 } }
                await group.next()
                group.cancelAll()
            }
        }
        // The service stops next: whoever is left is disconnected by that.
        for id in Array(members.keys) { await end(id) }
        sessionCounts.ready = ready.count
        sessionCounts.closed = Set(open).subtracting(ready).count
        return counts()
    }

    func cancelWarning() async {
        guard let cancelled = warning else { return }
        let reopened = reopen()
        await notify(Array(members.keys), .cancelled, from: cancelled.from, to: cancelled.to)
        await acceptLogins(true)
        for id in reopened { await keep(id) }
    }

    /// A warning is over once logins are accepted.
    func acceptLogins(_ accepted: Bool) async {
        var reopened: [String] = []
        if accepted {
            warning = nil
            reopened = reopen()
        }
        if loginsAccepted != accepted {
            loginsAccepted = accepted
            tellApplications(applicationEvent(.logins, accepted: accepted))
        }
        for id in reopened { await keep(id) }
    }

    /// What people answered to a warning that is over counts no more; returns whose answers are on disk.
    private func reopen() -> [String] {
        let answered = members.values.filter { $0.session.state == .ready || $0.session.state == .closing }
        for id in members.keys where members[id]?.session.state != .ended { members[id]?.session.state = .open }
        return answered.map(\.session.id)
    }

    /// Everyone whose client is of another version is offered the server's.
    func offerClients(version: String) async {
        offeredVersion = version
        await notify(
            members.values.filter { $0.session.clientVersion.map { $0 != version } ?? false }.map(\.session.id),
            .clientOffered, from: nil, to: version)
    }

    func counts() -> SessionCounts {
        var counts = sessionCounts
        counts.ready = ready.count
        return counts
    }

    /// A session that has just been opened learns what everybody else was told.
    func greet(_ id: String) async {
        guard let version = offeredVersion, let client = members[id]?.session.clientVersion, client != version else {
            return
        }
        await notify([id], .clientOffered, from: client, to: version)
    }

    private var isEverybodyReady: Bool { members.values.allSatisfy { $0.session.state == .ready } }

    /// Waits until `condition` holds, looking at each change; ends when the task is cancelled.
    private func untilChanged(_ condition: @Sendable () async -> Bool) async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        lastReader += 1
        let key = lastReader
        watchers[key] = continuation
        defer { watchers[key] = nil }
        continuation.yield()
        for await _ in stream {
            if await condition() { return }
        }
    }
}
