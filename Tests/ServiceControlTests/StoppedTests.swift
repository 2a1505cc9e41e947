// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Platform
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ServiceControl

/// Stopped means stopped: applications whose workers try to get away, with real processes.
@Suite struct StoppedTests {
    let folder: TemporaryFolder
    let live: FilePath
    let state: FilePath

    init() throws {
        folder = try TemporaryFolder()
        live = folder.path.appending("OM Business")
        state = folder.path.appending(".ricambio/one")
        // It says who it is, and whether another one runs.
        try folder.write(
            "OM Business/worker",
            """
            trap '' TERM
            exec 9>worker.lock
            flock -n 9 || echo two >> two
            echo $$ >> workers
            while :; do echo line >> written; sleep 0.01; done

            """)
    }

    private func service(
        _ script: String, stopTimeout: Double = 0.2, settle: Double = 0, backoff: Backoff = Backoff(initial: 0.01)
    ) throws -> ProcessService {
        try folder.write("OM Business/serve", "#!/bin/sh\necho $$ >> roots\n\(script)\n", permissions: 0o755)
        return agent(stopTimeout: stopTimeout, settle: settle, backoff: backoff)
    }

    /// What an agent that is started anew has.
    private func agent(
        stopTimeout: Double = 0.2, settle: Double = 0, backoff: Backoff = Backoff(initial: 0.01),
        state: FilePath? = nil, processes: any Processes = POSIXProcesses(),
        clock: any WallClock = SystemWallClock()
    ) -> ProcessService {
        ProcessService(
            command: ["./serve"], folder: live, stateFolder: state ?? self.state, stopTimeout: stopTimeout,
            settleSeconds: settle, backoff: backoff, processes: processes, clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func lines(_ name: String) -> [String] {
        let bytes = (try? POSIXFileSystem().read(live.appending(name), limit: 1 << 20)) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func pids(_ name: String) -> [Int32] { lines(name).compactMap { Int32($0) } }

    private func worker(_ number: Int = 1) async throws -> Int32 {
        #expect(try await eventually(seconds: 60) { pids("workers").count >= number && !lines("written").isEmpty })
        return try #require(pids("workers").last)
    }

    private func code(_ body: () async throws -> Void) async -> ServiceError? {
        do { try await body() } catch { return error as? ServiceError }
        return nil
    }

    /// Each way to get away: what finds it is in the brackets.
    static let ways = [
        "setsid sh worker & ",  // the lock
        "setsid sh worker 3>&- & ",  // the mark
        "env -i PATH=$PATH setsid sh worker 3>&- & ",  // the parent
        "env -i PATH=$PATH setsid sh -c 'setsid sh worker & exit 0' 3>&-; ",  // the subreaper
    ]

    @Test(
        "A worker that left the session, and the lock, and the environment, and ignores TERM is ended with the rest",
        arguments: ways)
    func worker(way: String) async throws {
        let service = try service(way + "trap 'exit 0' TERM; while :; do sleep 0.01; done")
        try await service.start(environment: [:])
        let worker = try await worker()
        #expect(try await service.stop().forced)
        #expect(try isGone(worker))
        let written = lines("written").count
        #expect(await service.state() == .stopped)
        try await service.start(environment: [:])
        _ = try await self.worker(2)
        #expect(lines("written").count >= written && lines("two").isEmpty)
        _ = try await service.stop()
        #expect(try pids("workers").allSatisfy(isGone))
    }

    @Test("What ends when asked is not forced, also in a session of its own")
    func asked() async throws {
        let service = try service(
            "setsid sh -c 'trap \"echo bye >> said; exit 0\" TERM; echo $$ >> ready; while :; do sleep 0.01; done' 3>&- & wait",
            stopTimeout: 20)
        try await service.start(environment: [:])
        #expect(try await eventually { !lines("ready").isEmpty })
        #expect(try await !service.stop().forced)
        #expect(lines("said") == ["bye"])
    }

    @Test("An agent that is started anew ends the marked workers of the application that it adopts")
    func adopted() async throws {
        let first = try service("setsid sh worker 3>&- & exec sleep 300")
        try await first.start(environment: [:])
        let worker = try await worker()
        _ = try await agent().stop()
        #expect(try isGone(worker))
        #expect(try isGone(try #require(pids("roots").first)))
    }

    @Test("A worker whose application ended while there was no agent is ended before the next start")
    func leftBehind() async throws {
        let first = try service("setsid sh worker 3>&- & exec sleep 300", backoff: Backoff(initial: 3600))
        try await first.start(environment: [:])
        let worker = try await worker()
        let record = try POSIXFileSystem().read(state.appending("service.json"), limit: 1 << 16)
        _ = try await first.stop()
        // As it was before that stop: the record of a process that is gone, and a worker with its mark.
        let text = String(decoding: record, as: UTF8.self)
        let mark = try #require(text.firstMatch(of: /"mark":"([0-9a-f]{32})"/)?.1)
        #expect(try isGone(worker))
        try POSIXFileSystem().replace(state.appending("service.json"), with: record, permissions: 0o600)
        let left = try POSIXProcesses().launch(
            Launch(
                ["/bin/sh", "worker"], environment: ["PATH": "/usr/bin:/bin", "RICAMBIO_MARK": String(mark)],
                workingDirectory: live, outputFile: folder.path.appending("log")))
        _ = try await self.worker(2)
        let next = agent()
        #expect(await next.state() == .stopped)
        try await next.start(environment: [:])
        #expect(!left.isRunning)
        _ = try await self.worker(3)
        #expect(lines("two").isEmpty)
        _ = try await next.stop()
        #expect(try pids("workers").allSatisfy(isGone))
    }

    @Test("A command that forks and returns is named, not started again and again")
    func wentToBackground() async throws {
        let service = try service(
            "setsid sh worker 3>&- >/dev/null 2>&1 & exit 0", settle: 20, backoff: Backoff(initial: 0.01, maximum: 3600)
        )
        let supervision = Task { await service.run() }
        let failure = await code { try await service.start(environment: [:]) }
        #expect(failure?.code == .wentToBackground)
        #expect(
            failure?.reason == "./serve ended with status 0 and left 1 process behind: run it in the foreground."
                || failure?.reason
                    == "./serve ended with status 0 and left 2 processes behind: run it in the foreground."
        )
        guard case .waitingToRestart(_, exits: 1, let reason) = await service.state() else {
            Issue.record("it waits")
            return
        }
        #expect(reason == failure)
        #expect(pids("roots").count == 1)
        #expect(try pids("workers").allSatisfy(isGone), "its workers were ended")
        _ = try await service.stop()
        supervision.cancel()
        await supervision.value
    }

    @Test("A command that forks and returns never has two workers at once")
    func neverTwo() async throws {
        let service = try service(
            "setsid sh worker 3>&- >/dev/null 2>&1 & exit 0", backoff: Backoff(initial: 0.01, maximum: 0.01))
        let supervision = Task { await service.run() }
        try await service.start(environment: [:])
        _ = try await worker(3)
        _ = try await service.stop()
        #expect(lines("two").isEmpty)
        #expect(try pids("workers").allSatisfy(isGone))
        supervision.cancel()
        await supervision.value
    }

    @Test("A record that was copied along with its folder leads to nobody else's application")
    func copiedRecord() async throws {
        let first = try service("exec sleep 300")
        try await first.start(environment: [:])
        let copy = folder.path.appending(".ricambio/copy")
        try POSIXFileSystem().makeDirectories(copy)
        for name in ["service.json", "application.lock"] {
            try POSIXFileSystem().copyFile(state.appending(name), to: copy.appending(name))
        }
        let other = agent(state: copy)
        #expect(await other.state() == .stopped)
        _ = try await other.stop()
        #expect(await first.state().isRunning)
        _ = try await first.stop()
    }

    @Test("A record of an earlier version, without mark and lock, is read")
    func earlierRecord() async throws {
        let first = try service("exec sleep 300")
        try await first.start(environment: [:])
        guard case .running(let pid) = await first.state() else { throw ServiceError(.notFound, reason: "", place: "") }
        let path = state.appending("service.json")
        let text = String(decoding: try POSIXFileSystem().read(path, limit: 1 << 16), as: UTF8.self)
        let process = try #require(text.firstMatch(of: /"process":\{[^}]*\}/)?.0)
        try POSIXFileSystem().replace(path, with: Array("{\(process)}".utf8), permissions: 0o600)
        // Without its lock only the record leads to it.
        try POSIXFileSystem().remove(state.appending("application.lock"))
        let next = agent()
        #expect(await next.state() == .running(pid: pid))
        _ = try await next.stop()
    }

    @Test("What runs on although it was killed is named, up to five")
    func doesNotStop() async throws {
        let stuck = StuckProcesses(count: 7)
        let service = agent(processes: stuck, clock: HurriedClock())
        try await service.start(environment: [:])
        let failure = await code { _ = try await service.stop() }
        #expect(failure?.code == .doesNotStop)
        #expect(
            failure?.reason
                == "./serve does not stop: stuck1 (process 1001), stuck2 (process 1002), stuck3 (process 1003), "
                + "stuck4 (process 1004), stuck5 (process 1005) and 2 more run on although killed.")
        #expect(await service.state() == .running(pid: 1001), "it is still supervised")
    }

    @Test("A lock that somebody holds means that it has not stopped")
    func heldLock() async throws {
        let stuck = StuckProcesses(count: 0)
        let service = agent(processes: stuck, clock: HurriedClock())
        try await service.start(environment: [:])
        let failure = await code { _ = try await service.stop() }
        #expect(failure?.code == .doesNotStop)
        #expect(failure?.reason.contains("holds its lock") == true)
    }
}

/// Processes that nothing ends.
private struct StuckProcesses: Processes {
    var count: Int

    final class Handle: ProcessHandle {
        let identity = ProcessIdentity(pid: 1001, startTime: 1, boot: "test")
        let traces = ApplicationTraces(lockFile: nil)
        let left: [RunningProcess]
        var isRunning: Bool { !left.isEmpty }

        init(count: Int) {
            left = (0..<count).map {
                let identity = ProcessIdentity(pid: 1001 + Int32($0), startTime: 1, boot: "test")
                return RunningProcess(identity: identity, name: "stuck\($0 + 1)")
            }
        }

        func wait() async throws(CancellationError) -> ProcessEnd {
            do { while true { try await Task.sleep(for: .seconds(3600)) } } catch { throw CancellationError() }
        }
        func members() -> [RunningProcess] { left }
        func terminate() -> [RunningProcess] { left }
        func kill() -> [RunningProcess] { left }
    }

    func launch(_ launch: Launch) throws(LaunchError) -> any ProcessHandle { Handle(count: count) }
    func adopt(_ identity: ProcessIdentity, traces: ApplicationTraces) -> (any ProcessHandle)? { nil }
    func members(traces: ApplicationTraces) -> [RunningProcess] { [] }
    func isHeld(_ lockFile: FilePath) -> Bool { true }
    func listeners(port: UInt16) -> [RunningProcess] { [] }
}

/// Time goes by as fast as anybody waits for it.
private final class HurriedClock: WallClock {
    private let seconds = Mutex(0.0)

    var now: Date { Date(timeIntervalSince1970: 1_767_225_600 + monotonicSeconds) }
    var monotonicSeconds: Double { seconds.withLock { $0 } }

    func sleep(seconds: Double) async throws {
        try Task.checkCancellation()
        self.seconds.withLock { $0 += seconds }
        await Task.yield()
    }
}
