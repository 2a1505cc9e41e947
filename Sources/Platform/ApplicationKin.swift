// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import SystemPackage

/// Which of the processes that were seen are of one application. What was seen goes in, the members come out; what
/// costs a look at a single process is asked for only where it can decide.
struct ApplicationKin {
    /// What tells of a single process beside its entry.
    struct Evidence {
        var mark: (pid_t) -> String?
        var holdsLock: (pid_t) -> Bool
        /// Where it works and where its program lies.
        var places: (pid_t) -> [FilePath]
    }

    /// The application's first process; `nil` when it is not known.
    var root: ProcessIdentity?
    /// The root's session has been seen empty: another one may have its number from then on.
    var sessionIsOver = false
    var mark: String?

    /// The earliest first.
    func members(among seen: [ProcessEntry], own: OwnProcesses, evidence: Evidence) -> [ProcessEntry] {
        let commands = own.commands
        // The first process of all is the parent of everybody's orphans.
        let candidates = seen.filter {
            !$0.isDead && $0.pid > 1 && $0.pid != own.pid && !commands.contains($0.pid)
        }
        let numberIsUsedAgain = seen.contains { $0.pid == root?.pid && !isRoot($0) }
        let session = sessionIsOver || numberIsUsedAgain ? nil : root
        var members: Set<pid_t> = []
        for entry in candidates where isMember(entry, session, own, evidence) { members.insert(entry.pid) }
        let children = Dictionary(grouping: candidates, by: \.parent)
        var parents = Array(members)
        while let parent = parents.popLast() {
            for child in children[parent] ?? [] where members.insert(child.pid).inserted { parents.append(child.pid) }
        }
        return candidates.filter { members.contains($0.pid) }
            .sorted { ($0.startTime, $0.pid) < ($1.startTime, $1.pid) }
    }

    private func isRoot(_ entry: ProcessEntry) -> Bool {
        entry.pid == root?.pid && entry.startTime == root?.startTime
    }

    private func isMember(
        _ entry: ProcessEntry, _ session: ProcessIdentity?, _ own: OwnProcesses, _ evidence: Evidence
    ) -> Bool {
        if isRoot(entry) { return true }
        if let session, entry.session == session.pid, entry.startTime >= session.startTime { return true }
        let isOrphan = own.isOrphan(entry)
        let found = mark != nil || isOrphan ? evidence.mark(entry.pid) : nil
        if let mark, found == mark { return true }
        if evidence.holdsLock(entry.pid) { return true }
        // One that cleared its environment, closed the lock and left the session came to this process all the same.
        guard mark != nil, found == nil, isOrphan, let root else { return false }
        return own.claimant(of: entry, places: evidence.places) == root.pid
    }
}

/// This process, what it started, and who may have left the orphans that came to it.
struct OwnProcesses: Sendable {
    /// An application that this process started.
    struct Claim: Sendable, Hashable {
        var root: pid_t
        var startTime: UInt64
        /// Where it was started, without symlinks.
        var folder: FilePath
    }

    var pid: pid_t
    var session: pid_t
    /// Its children whose end somebody waits for.
    var started: Set<pid_t>
    var claims: [Claim]

    /// What it started besides applications.
    var commands: Set<pid_t> { started.subtracting(claims.map(\.root)) }

    /// A child that this process did not start. Whatever it starts leads a session of its own and is in `started`, and
    /// what another library of this process started is in this process's session.
    func isOrphan(_ entry: ProcessEntry) -> Bool {
        entry.parent == pid && entry.session != session && !started.contains(entry.pid)
    }

    /// The root of the one application that can have left the orphan: the only one that is old enough, or the one
    /// whose folder it works in or comes from. `nil` when that cannot be told.
    func claimant(of orphan: ProcessEntry, places: (pid_t) -> [FilePath]) -> pid_t? {
        let able = claims.filter { $0.startTime <= orphan.startTime }
        if let leader = able.first(where: { $0.root == orphan.session }) { return leader.root }
        if able.count <= 1 { return able.first?.root }
        let places = places(orphan.pid)
        let near = able.filter { claim in places.contains { $0.starts(with: claim.folder) } }
        let nearest = near.map(\.folder.components.count).max()
        let claimants = near.filter { $0.folder.components.count == nearest }
        return claimants.count == 1 ? claimants[0].root : nil
    }
}
