// SPDX-License-Identifier: Apache-2.0
internal import CPlatform
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// The children of this process: those that it started, each of which somebody waits for, and the orphans that come to
/// it as a subreaper, which nobody waits for. There is one list because the system keeps one.
final class OwnChildren: Sendable {
    static let shared = OwnChildren()

    private struct State {
        var started: Set<pid_t> = []
        var claims: [pid_t: OwnProcesses.Claim] = [:]
        var adoptsOrphans = false
        var reaps = false
    }

    private let state = Mutex(State())

    /// Whether orphans come to this process: what it starts besides applications is marked from then on.
    var adoptsOrphans: Bool { state.withLock { $0.adoptsOrphans } }

    var snapshot: OwnProcesses {
        state.withLock { state in
            OwnProcesses(
                pid: getpid(), session: getsid(0), started: state.started, claims: Array(state.claims.values))
        }
    }

    // MARK: - Those that were started

    /// Runs `spawn` and knows its child before anybody else can take it for an orphan.
    ///
    /// - Parameters:
    ///   - folder: where an application is started, `nil` for anything else.
    ///   - adoptsOrphans: what it leaves behind is to come to this process.
    func start(
        application folder: FilePath? = nil, adoptsOrphans: Bool = false,
        _ spawn: () throws(LaunchError) -> pid_t
    ) throws(LaunchError) -> pid_t {
        try state.withLock { state throws(LaunchError) in
            if adoptsOrphans, !state.adoptsOrphans { state.adoptsOrphans = cplatform_adopt_orphans() == 0 }
            let pid = try spawn()
            state.started.insert(pid)
            if let folder, let entry = processEntry(pid) {
                state.claims[pid] = OwnProcesses.Claim(root: pid, startTime: entry.startTime, folder: folder)
            }
            if state.adoptsOrphans, !state.reaps { state.reaps = startReaping() }
            return pid
        }
    }

    /// Waits for the end of one that ``start(application:adoptsOrphans:_:)`` gave.
    func reap(_ pid: pid_t) -> ProcessEnd {
        var status: Int32 = 0
        let result = uninterrupted { waitpid(pid, &status, 0) }
        state.withLock { _ = $0.started.remove(pid) }
        guard case .success(pid) = result else { return .unknown }
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
    }

    /// Nobody asks for what the application left any more.
    func forget(application pid: pid_t) { state.withLock { _ = $0.claims.removeValue(forKey: pid) } }

    // MARK: - Orphans

    /// Not by ``BlockingWork``, which would do endless work on this thread when there are no more threads: then the
    /// next start tries again.
    private func startReaping() -> Bool {
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { _ in
                OwnChildren.shared.reapOrphans()
                return nil
            }, nil)
        if failure == 0 { pthread_detach(thread) }
        return failure == 0
    }

    /// Until there is no child any more. A child that somebody else waits for is left to them; while it waits to be
    /// reaped the system goes on naming it, so that the others are looked for, less and less often.
    private func reapOrphans() {
        var pause: useconds_t = 1000
        while true {
            var pid: pid_t = 0
            let named = uninterrupted { cplatform_next_ended_child(&pid) }
            if case .failure = named {
                // Under the lock, so that a start either finds this thread gone or its child is seen here.
                let isOver = state.withLock { state in
                    state.reaps = !state.started.isEmpty
                    return !state.reaps
                }
                if isOver { return }
            } else if reapOrphan(pid) {
                pause = 1000
                continue
            }
            usleep(pause)
            for entry in allProcesses() where entry.parent == getpid() && entry.isDead { _ = reapOrphan(entry.pid) }
            pause = min(pause * 2, 1_000_000)
        }
    }

    private func reapOrphan(_ pid: pid_t) -> Bool {
        guard let entry = processEntry(pid) else { return false }
        return state.withLock { state in
            let own = OwnProcesses(pid: getpid(), session: getsid(0), started: state.started, claims: [])
            guard own.isOrphan(entry) else { return false }
            return uninterrupted { waitpid(pid, nil, WNOHANG) } == .success(pid)
        }
    }
}
