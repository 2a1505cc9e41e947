// SPDX-License-Identifier: Apache-2.0
internal import CPlatform
internal import Glibc
internal import Synchronization

/// A child or an adopted process. One thread waits for its end, so that nothing on the cooperative pool does, and
/// children are reaped even when nobody asks.
final class POSIXProcess: ProcessHandle {
    let identity: ProcessIdentity
    private let end: ProcessEndBox

    init(child pid: pid_t) {
        // Not reaped yet, so the number is its own, and its /proc entry is there even if it has ended already.
        var process = cplatform_process()
        let known = cplatform_process_read(pid, &process) == 0
        identity = ProcessIdentity(pid: pid, startTime: known ? process.start_time : 0, boot: currentBoot())
        let box = ProcessEndBox()
        end = box
        BlockingWork.startThread { box.finish(reap(pid)) }
    }

    init(adopted identity: ProcessIdentity, pidfd: Descriptor) {
        self.identity = identity
        let box = ProcessEndBox()
        end = box
        BlockingWork.startThread {
            var wanted = pollfd(fd: pidfd.number, events: Int16(POLLIN), revents: 0)
            _ = uninterrupted { poll(&wanted, 1, -1) }
            box.finish(.unknown)
        }
    }

    var isRunning: Bool { end.value == nil }

    func wait() async throws(CancellationError) -> ProcessEnd {
        guard let end = await end.wait() else { throw CancellationError() }
        return end
    }

    func terminate() { signal(SIGTERM) }

    func kill() { signal(SIGKILL) }

    /// Not `kill(-pid)` alone: a shell gives its jobs groups of their own within the session.
    private func signal(_ number: Int32) {
        for member in sessionMembers() {
            let pidfd = cplatform_pidfd_open(member.pid)
            guard pidfd >= 0 else { continue }
            let descriptor = Descriptor(pidfd)
            // Asked again with the pidfd in hand: a number that was re-used meanwhile is left alone.
            guard processIdentity(member.pid) == member else { continue }
            _ = cplatform_pidfd_send_signal(descriptor.number, number)
        }
    }

    func members() -> [ProcessIdentity] { sessionMembers() }

    private func sessionMembers() -> [ProcessIdentity] {
        let boot = identity.boot
        return allProcesses().compactMap { pid in
            var process = cplatform_process()
            guard cplatform_process_read(pid, &process) == 0, !process.isDead, process.session == identity.pid,
                process.start_time >= identity.startTime
            else { return nil }
            return ProcessIdentity(pid: pid, startTime: process.start_time, boot: boot)
        }
    }
}

func reap(_ pid: pid_t) -> ProcessEnd {
    var status: Int32 = 0
    guard case .success(pid) = uninterrupted({ waitpid(pid, &status, 0) }) else { return .unknown }
    let signal = status & 0x7f
    return signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
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
