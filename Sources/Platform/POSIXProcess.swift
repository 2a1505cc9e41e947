// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// A child or an adopted process. One thread waits for its end, so that nothing on the cooperative pool does, and
/// children are reaped even when nobody asks.
final class POSIXProcess: ProcessHandle {
    let identity: ProcessIdentity
    let traces: ApplicationTraces
    private let isChild: Bool
    private let end: ProcessEndBox
    private let memory = Mutex(Memory())

    /// What one look has to tell the next.
    private struct Memory {
        var sessionIsOver = false
        /// A second request to end makes some programs drop what they are still writing.
        var asked: Set<ProcessEntry.Identity> = []
    }

    init(child pid: pid_t, traces: ApplicationTraces) {
        // Not reaped yet, so the number is its own, and its /proc entry is there even if it has ended already.
        identity = ProcessIdentity(pid: pid, startTime: processEntry(pid)?.startTime ?? 0, boot: currentBoot())
        self.traces = traces
        isChild = true
        let box = ProcessEndBox()
        end = box
        BlockingWork.startThread { box.finish(OwnChildren.shared.reap(pid)) }
    }

    init(adopted identity: ProcessIdentity, traces: ApplicationTraces, pidfd: Descriptor) {
        self.identity = identity
        self.traces = traces
        isChild = false
        let box = ProcessEndBox()
        end = box
        BlockingWork.startThread {
            var wanted = pollfd(fd: pidfd.number, events: Int16(POLLIN), revents: 0)
            _ = uninterrupted { poll(&wanted, 1, -1) }
            box.finish(.unknown)
        }
    }

    deinit { if isChild { OwnChildren.shared.forget(application: identity.pid) } }

    var isRunning: Bool { end.value == nil }

    func wait() async throws(CancellationError) -> ProcessEnd {
        guard let end = await end.wait() else { throw CancellationError() }
        return end
    }

    func members() -> [RunningProcess] { running(look()) }

    func terminate() -> [RunningProcess] {
        let members = look()
        for member in members where memory.withLock({ $0.asked.insert(member.identity).inserted }) {
            signal(member, SIGTERM)
        }
        return running(members)
    }

    func kill() -> [RunningProcess] {
        let members = look()
        for member in members { signal(member, SIGKILL) }
        return running(members)
    }

    private func running(_ members: [ProcessEntry]) -> [RunningProcess] {
        members.map { $0.running(boot: identity.boot) }
    }

    private func look() -> [ProcessEntry] {
        let kin = ApplicationKin(
            root: identity, sessionIsOver: memory.withLock { $0.sessionIsOver }, mark: traces.mark)
        let (seen, members) = lookAround(kin, lockFile: traces.lockFile)
        // As long as a process has it, dead or alive, the system gives a session's number to nobody else.
        if !isRunning, !seen.contains(where: { $0.session == identity.pid }) {
            memory.withLock { $0.sessionIsOver = true }
        }
        return members
    }
}

/// One look at the machine, and who of those seen is of the application.
func lookAround(_ kin: ApplicationKin, lockFile: FilePath?) -> (seen: [ProcessEntry], members: [ProcessEntry]) {
    // A child that is started or reaped during the look is in one of the two.
    let before = OwnChildren.shared.snapshot
    let seen = allProcesses()
    var own = OwnChildren.shared.snapshot
    own.started.formUnion(before.started)
    let holders = lockFile.flatMap(LockHolders.init)
    let evidence = ApplicationKin.Evidence(
        mark: processMark, holdsLock: { holders?.include($0) ?? false }, places: processPlaces)
    return (seen, kin.members(among: seen, own: own, evidence: evidence))
}

/// The end of a process, once it has come, and those who wait for it.
final class ProcessEndBox: Sendable {
    private struct State {
        var end: ProcessEnd?
        var waiters: [UInt64: CheckedContinuation<ProcessEnd?, Never>] = [:]
        var next: UInt64 = 0
    }

    private let state = Mutex(State())

    var value: ProcessEnd? { state.withLock { $0.end } }

    func finish(_ end: ProcessEnd) {
        let waiters = state.withLock { state in
            state.end = end
            defer { state.waiters = [:] }
            return state.waiters.values.map { $0 }
        }
        for waiter in waiters { waiter.resume(returning: end) }
    }

    /// `nil` when the task is cancelled.
    func wait() async -> ProcessEnd? {
        let ticket = state.withLock { state in
            state.next += 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: ProcessEnd?? = state.withLock { state in
                    if let end = state.end { return .some(end) }
                    if Task.isCancelled { return .some(nil) }
                    state.waiters[ticket] = continuation
                    return .none
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: ticket) }?.resume(returning: nil)
        }
    }
}
