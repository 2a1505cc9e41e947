// SPDX-License-Identifier: Apache-2.0
import Logging
import Platform
import ServiceControl
import SystemPackage
import Testing
import TestSupport

/// With real processes: shell scripts in a folder with a blank in its name.
@Suite struct ProcessServiceTests {
    let folder: TemporaryFolder
    let live: FilePath
    let state: FilePath

    init() throws {
        folder = try TemporaryFolder()
        live = folder.path.appending("OM Business")
        state = folder.path.appending(".ricambio/one")
        try POSIXFileSystem().makeDirectories(live)
    }

    /// Each start writes a line; what follows is the script's.
    private func service(
        _ script: String, stopTimeout: Double = 60, settle: Double = 0, backoff: Backoff = Backoff(initial: 0.01)
    ) throws -> ProcessService {
        let file = try folder.write(
            "OM Business/serve", "#!/bin/sh\necho started $TOKEN\n\(script)\n", permissions: 0o755)
        #expect(file.lastComponent == "serve")
        return agent(stopTimeout: stopTimeout, settle: settle, backoff: backoff)
    }

    /// What an agent that is started anew has.
    private func agent(
        stopTimeout: Double = 60, settle: Double = 0, backoff: Backoff = Backoff(initial: 0.01),
        command: [String] = ["./serve"]
    ) -> ProcessService {
        ProcessService(
            command: command, folder: live, stateFolder: state, stopTimeout: stopTimeout, settleSeconds: settle,
            backoff: backoff, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func starts() async throws -> Int {
        let text = (try? POSIXFileSystem().read(state.appending("application.log"), limit: 1 << 20)) ?? []
        return String(decoding: text, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("started") }.count
    }

    private func code(_ body: () async throws -> Void) async -> ServiceError.Code? {
        do { try await body() } catch { return (error as? ServiceError)?.code }
        return nil
    }

    private func runningPID(_ service: ProcessService) async -> Int32? {
        if case .running(let pid) = await service.state() { pid } else { nil }
    }

    @Test("It starts in the live folder with the environment it is given, and stops when asked")
    func startAndStop() async throws {
        let service = try service("pwd; exec sleep 300")
        #expect(await service.state() == .stopped)
        try await service.start(environment: ["TOKEN": "t1"])
        #expect(await service.state().isRunning)
        #expect(try await eventually { await service.recentOutput(lines: 9) == "started t1\n\(live)\n" })
        #expect(await service.recentOutput(lines: 1) == "\(live)\n")
        let report = try await service.stop()
        #expect(!report.forced && report.seconds < 60)
        #expect(await service.state() == .stopped)
        #expect(try await service.stop() == StopReport(forced: false, seconds: 0))
    }

    @Test("Two starts at once run it once")
    func once() async throws {
        let service = try service("exec sleep 300")
        async let a: Void = service.start(environment: [:])
        async let b: Void = service.start(environment: [:])
        _ = try await (a, b)
        try await service.start(environment: [:])
        _ = try await eventually { try await starts() >= 1 }
        _ = try await service.stop()
        #expect(try await starts() == 1)
    }

    @Test("An agent that is started anew adopts what runs, and can stop it")
    func adoption() async throws {
        let first = try service("exec sleep 300")
        try await first.start(environment: [:])
        let pid = await runningPID(first)
        let second = agent()
        #expect(pid != nil)
        #expect(await runningPID(second) == pid)
        try await second.start(environment: [:])
        #expect(try await !second.stop().forced)
        #expect(await second.state() == .stopped)
        #expect(try isGone(pid ?? 0))
        #expect(try await starts() == 1)
    }

    @Test("A crash between the start and its record does not lead to a second application")
    func adoptionWithoutRecord() async throws {
        let first = try service("exec sleep 300")
        try await first.start(environment: [:])
        let pid = await runningPID(first)
        for record in [nil, "{", #"{"process":{"pid":1,"startTime":1,"boot":"x"}}"#] {
            try POSIXFileSystem().remove(state.appending("service.json"))
            if let record { try folder.write(".ricambio/one/service.json", record) }
            let next = agent()
            try await next.start(environment: [:])
            #expect(pid != nil)
            #expect(await runningPID(next) == pid)
        }
        _ = try await agent().stop()
        #expect(try isGone(pid ?? 0))
    }

    @Test("A helper that outlived the application is ended before the next start")
    func leftovers() async throws {
        let first = try service("sleep 300 & echo helper $!; exec sleep 300")
        try await first.start(environment: [:])
        #expect(try await eventually { await first.recentOutput(lines: 9).contains("helper") })
        let pid = await runningPID(first) ?? 0
        // The agent is gone; then the application's main process dies alone.
        let runner = POSIXCommandRunner()
        _ = try await runner.run(Command(["sh", "-c", "kill -9 \(pid)"], environment: ["PATH": "/bin:/usr/bin"]))
        #expect(try await eventually { try isGone(pid) })
        let next = agent()
        try await next.start(environment: [:])
        let newPID = await runningPID(next)
        #expect(newPID != nil && newPID != pid)
        _ = try await next.stop()
    }

    @Test("What ignores the request is stopped by force, with everything it started")
    func force() async throws {
        let service = try service(
            "trap '' TERM; sleep 300 & sleep 300 & echo ready; while :; do wait; done", stopTimeout: 0.3)
        try await service.start(environment: [:])
        #expect(try await eventually { await service.recentOutput(lines: 9).contains("ready") })
        let report = try await service.stop()
        #expect(report.forced)
        #expect(!POSIXProcesses().isHeld(state.appending("application.lock")))
    }

    @Test("A caller that is cancelled while it stops does not turn asking into force")
    func cancelledStop() async throws {
        let service = try service("trap 'sleep 0.3; exit 0' TERM; echo ready; sleep 300 & wait")
        try await service.start(environment: [:])
        #expect(try await eventually { await service.recentOutput(lines: 9).contains("ready") })
        let task = Task { try await service.stop() }
        task.cancel()
        #expect(try await !task.value.forced)
    }

    @Test("What ends by itself is started again, until it is stopped on purpose")
    func restarts() async throws {
        let service = try service("exit 1", backoff: Backoff(initial: 0.01, maximum: 0.02))
        let supervision = Task { await service.run() }
        try await service.start(environment: ["TOKEN": "t1"])
        #expect(try await eventually(seconds: 60) { try await starts() >= 4 })
        #expect(await service.recentOutput(lines: 1) == "started t1\n")
        _ = try await service.stop()
        #expect(await service.state() == .stopped)
        let count = try await starts()
        // Long enough for ten restarts, had they not been called off.
        try await Task.sleep(for: .milliseconds(200))
        #expect(try await starts() == count)
        supervision.cancel()
        await supervision.value
    }

    @Test("The end of supervision leaves the application running")
    func supervisionEnds() async throws {
        let service = try service("exec sleep 300")
        try await service.start(environment: [:])
        let supervision = Task { await service.run() }
        supervision.cancel()
        await supervision.value
        #expect(await service.state().isRunning)
        _ = try await service.stop()
    }

    @Test("An adopted application that ends is started again")
    func restartOfAdopted() async throws {
        let first = try service("exec sleep 300")
        try await first.start(environment: [:])
        let pid = await runningPID(first) ?? 0
        let second = agent()
        let supervision = Task { await second.run() }
        #expect(await runningPID(second) == pid)
        let runner = POSIXCommandRunner()
        _ = try await runner.run(Command(["sh", "-c", "kill -9 \(pid)"], environment: ["PATH": "/bin:/usr/bin"]))
        #expect(try await eventually { try await starts() == 2 })
        #expect(try await eventually { await second.state().isRunning })
        _ = try await second.stop()
        supervision.cancel()
        await supervision.value
    }

    @Test("A program that is missing, not executable, without a folder, or dies at once is named as such")
    func refusals() async throws {
        let missing = agent(command: ["./none"])
        #expect(await code { try await missing.start(environment: [:]) } == .notFound)
        guard case .waitingToRestart(_, exits: 1, let reason) = await missing.state(), reason?.code == .notFound else {
            Issue.record("a failed start counts as wanted")
            return
        }
        _ = try await missing.stop()
        #expect(await missing.state() == .stopped)
        try folder.write("OM Business/plain", "text")
        #expect(await code { try await agent(command: ["./plain"]).start(environment: [:]) } == .notExecutable)
        let dying = try service("exit 1", settle: 20)
        #expect(await code { try await dying.start(environment: [:]) } == .diedAtOnce)
        try POSIXFileSystem().removeTree(live)
        #expect(await code { try await agent().start(environment: [:]) } == .noFolder)
    }

    @Test("A process that is not the application's and holds its lock is not killed, and named")
    func foreignLock() async throws {
        try POSIXFileSystem().makeDirectories(state)
        let held = try POSIXFileSystem().lock(state.appending("application.lock"))
        #expect(held != nil)
        let service = try service("exec sleep 300")
        #expect(await code { try await service.start(environment: [:]) } == .alreadyRunning)
        held?.release()
        try await service.start(environment: [:])
        _ = try await service.stop()
    }

    @Test("A log that has grown too large is put aside while the application writes on")
    func rotation() async throws {
        try POSIXFileSystem().makeDirectories(state)
        try folder.write(".ricambio/one/application.log", String(repeating: "x", count: 2000))
        try folder.write("OM Business/serve", "#!/bin/sh\necho started\nexec sleep 300\n", permissions: 0o755)
        let service = ProcessService(
            command: ["./serve"], folder: live, stateFolder: state, settleSeconds: 0, outputLimit: 1000,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await service.start(environment: [:])
        #expect(try await eventually { try await starts() == 1 })
        #expect(try POSIXFileSystem().attributes(of: state.appending("application.log"))?.size == 8)
        #expect(try POSIXFileSystem().attributes(of: state.appending("application.log.1"))?.size == 2000)
        _ = try await service.stop()
    }

    @Test("The wait before a restart doubles up to its maximum")
    func backoff() {
        let backoff = Backoff(initial: 1, maximum: 10)
        #expect((1...6).map { backoff.delay(exits: $0) } == [1, 2, 4, 8, 10, 10])
    }
}
