// SPDX-License-Identifier: Apache-2.0
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
public import Logging
public import Platform
public import SystemPackage

/// The embedded default: the agent itself starts and supervises the application.
///
/// **Never twice.** The application inherits, as descriptor 3, an open file description that holds an exclusive `flock`
/// on `application.lock`. The kernel releases that lock when the last process that has the descriptor is gone, and at no
/// other moment: not when the agent crashes, not when a record on disk is wrong or missing. Every start takes the lock
/// first, so a second application cannot start while anything of the first one lives. `service.json` only says which
/// process to adopt; when a crash fell between the spawn and that record, the process is found by the lock it holds.
public actor ProcessService: ServiceControl {
    private enum Phase {
        case stopped
        case starting
        case running(any ProcessHandle)
        case stopping
        case waiting(until: Date)
    }

    private let setup: ProcessSetup
    private let stopTimeout: Double
    private let settleSeconds: Double
    private let backoff: Backoff
    private let clock: any WallClock
    private let logger: Logger
    private let environmentForRestart: (@Sendable () async -> [String: String])?

    private var phase = Phase.stopped
    private var startedAt = 0.0
    private var exits = 0
    private var lastEnvironment: [String: String] = [:]
    private var isSupervising = false
    /// Stopped on purpose until start: a restart that is due does not happen.
    private var isWanted = false

    private var adoption: Task<Void, Never>?
    private var launching: Task<Result<any ProcessHandle, ServiceError>, Never>?
    private var stopping: Task<Result<StopReport, ServiceError>, Never>?
    private var restart: Task<Void, Never>?
    /// What an application that ended by itself left behind is being ended.
    private var clearing: Task<Void, Never>?

    /// - Parameters:
    ///   - command: the program and its arguments; a program with a slash is relative to `folder`.
    ///   - folder: the live folder; the application's working directory.
    ///   - stateFolder: `.ricambio/<id>`; made when missing.
    ///   - environment: what the configuration adds to a few harmless variables of the agent (`PATH`, `HOME`, `LANG`…).
    ///   - stopTimeout: seconds between asking and forcing.
    ///   - settleSeconds: how long a start watches for an application that dies at once.
    ///   - environmentForRestart: what a restart by supervision adds; without it, what the last start was given.
    public init(
        command: [String], folder: FilePath, stateFolder: FilePath, environment: [String: String] = [:],
        stopTimeout: Double = 30, settleSeconds: Double = 0.05, backoff: Backoff = Backoff(),
        outputLimit: Int64 = 10 << 20, environmentForRestart: (@Sendable () async -> [String: String])? = nil,
        processes: any Processes = POSIXProcesses(), clock: any WallClock = SystemWallClock(),
        fileSystem: any FileSystem = POSIXFileSystem(), logger: Logger
    ) {
        setup = ProcessSetup(
            command: command, folder: folder, stateFolder: stateFolder, environment: environment,
            outputLimit: outputLimit, processes: processes, fileSystem: fileSystem)
        self.stopTimeout = stopTimeout
        self.settleSeconds = settleSeconds
        self.backoff = backoff
        self.environmentForRestart = environmentForRestart
        self.clock = clock
        self.logger = logger
    }

    // MARK: - What it is doing

    public func state() async -> ServiceCondition {
        await adoptOnce()
        return condition
    }

    private var condition: ServiceCondition {
        switch phase {
        case .stopped: .stopped
        case .starting: .starting
        case .running(let handle): .running(pid: handle.identity.pid)
        case .stopping: .stopping
        case .waiting(let until): .waitingToRestart(until: until, exits: exits)
        }
    }

    public func recentOutput(lines: Int) async -> String {
        let setup = setup
        return await BlockingWork.run { setup.recentOutput(lines: lines) }
    }

    /// Once in this agent's life: takes over what an agent before it left running.
    private func adoptOnce() async {
        if adoption == nil {
            adoption = Task {
                let setup = setup
                guard let handle = await BlockingWork.run({ setup.findRunning() }), case .stopped = phase else {
                    return
                }
                logger.info("The application runs already and is supervised from here on", metadata: pid(handle))
                isWanted = true
                entered(handle)
            }
        }
        await adoption?.value
    }

    // MARK: - Start

    public func start(environment: [String: String]) async throws(ServiceError) {
        await adoptOnce()
        await clearing?.value
        while let stopping { _ = await stopping.value }
        isWanted = true
        lastEnvironment = environment
        restart?.cancel()
        switch phase {
        case .running: return
        case .starting:
            _ = try await launching?.value.get()
            return
        case .stopped, .waiting, .stopping: break
        }
        let handle = try await launch(environment: environment)
        guard await diesAtOnce(handle) else { return }
        throw ServiceError(
            .diedAtOnce,
            reason: "\(setup.program) ended within moments of its start; "
                + "its last lines are in \(setup.outputFile).", place: setup.program)
    }

    private func launch(environment: [String: String]) async throws(ServiceError) -> any ProcessHandle {
        phase = .starting
        let (setup, clock) = (setup, clock)
        let task = Task { await setup.launch(environment: environment, clock: clock) }
        launching = task
        let result = await task.value
        launching = nil
        switch result {
        case .success(let handle):
            logger.info("The application was started", metadata: pid(handle))
            entered(handle)
            return handle
        case .failure(let error):
            logger.error("The application did not start: \(error)")
            waitToRestart()
            throw error
        }
    }

    private func entered(_ handle: any ProcessHandle) {
        phase = .running(handle)
        startedAt = clock.monotonicSeconds
        Task { [weak self] in
            guard let end = try? await handle.wait() else { return }
            await self?.ended(handle, end)
        }
    }

    private func diesAtOnce(_ handle: any ProcessHandle) async -> Bool {
        guard settleSeconds > 0 else { return false }
        let (clock, settle) = (clock, settleSeconds)
        return await Self.endsWithin(settle, handle, clock)
    }

    // MARK: - Stop

    public func stop() async throws(ServiceError) -> StopReport {
        await adoptOnce()
        isWanted = false
        restart?.cancel()
        if let stopping { return try await stopping.value.get() }
        // A task of its own: a caller that is cancelled must not turn "ask" into "force".
        let task = Task { await performStop() }
        stopping = task
        let result = await task.value
        return try result.get()
    }

    private func performStop() async -> Result<StopReport, ServiceError> {
        defer { stopping = nil }
        await clearing?.value
        if let launching { _ = await launching.value }
        // `launch` goes on after the same value; it has to have entered what it started.
        while case .starting = phase { await Task.yield() }
        guard case .running(let handle) = phase else {
            phase = .stopped
            return .success(StopReport(forced: false, seconds: 0))
        }
        let began = clock.monotonicSeconds
        phase = .stopping
        logger.info("The application is asked to stop", metadata: pid(handle))
        handle.terminate()
        let endedWhenAsked = await Self.endsWithin(stopTimeout, handle, clock)
        if !endedWhenAsked {
            logger.warning("The application did not stop when asked and is stopped by force", metadata: pid(handle))
        }
        let clear = await Self.clear(handle, patience: endedWhenAsked ? 2 : 0, clock)
        guard clear.isClear else {
            phase = .running(handle)
            isWanted = true
            return .failure(
                ServiceError(
                    .doesNotStop,
                    reason: "\(setup.program) (process \(handle.identity.pid)) runs on although it was killed.",
                    place: setup.program))
        }
        phase = .stopped
        exits = 0
        let setup = setup
        await BlockingWork.run { setup.forget() }
        let report = StopReport(forced: !endedWhenAsked || clear.forced, seconds: clock.monotonicSeconds - began)
        logger.info("The application has stopped", metadata: ["forced": "\(report.forced)"])
        return .success(report)
    }

    /// Whether it ended in that time.
    private static func endsWithin(_ seconds: Double, _ handle: any ProcessHandle, _ clock: any WallClock) async -> Bool
    {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { (try? await handle.wait()) != nil }
            group.addTask {
                try? await clock.sleep(seconds: seconds)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
    }

    /// Waits until nothing of it runs any more; what is left after `patience` seconds is ended by force.
    private static func clear(
        _ handle: any ProcessHandle, patience: Double, _ clock: any WallClock
    ) async -> (isClear: Bool, forced: Bool) {
        let began = clock.monotonicSeconds
        var forced = false
        while true {
            let members = await BlockingWork.run { handle.members() }
            guard handle.isRunning || !members.isEmpty else { return (true, forced) }
            let waited = clock.monotonicSeconds - began
            if waited >= patience + 10 { return (false, forced) }
            if waited >= patience {
                forced = true
                // Again each time: what is killed may just have started something.
                await BlockingWork.run { handle.kill() }
            }
            try? await clock.sleep(seconds: 0.02)
        }
    }

    // MARK: - Supervision

    public func run() async {
        await adoptOnce()
        isSupervising = true
        if case .waiting(let until) = phase { scheduleRestart(at: until) }
        while !Task.isCancelled {
            let setup = setup
            await BlockingWork.run { setup.rotateOutput() }
            guard (try? await clock.sleep(seconds: 60)) != nil else { break }
        }
        isSupervising = false
        restart?.cancel()
    }

    private func ended(_ handle: any ProcessHandle, _ end: ProcessEnd) async {
        guard case .running(let current) = phase, current === handle else { return }
        phase = .starting
        logger.error("The application ended by itself: \(end)", metadata: pid(handle))
        if clock.monotonicSeconds - startedAt >= backoff.resetAfter { exits = 0 }
        let clock = clock
        clearing = Task {
            // What it started and left behind still holds its lock, and perhaps its port.
            _ = await Self.clear(handle, patience: 1, clock)
            // Here and not after the wait below: whoever else waits for this task has to find it done.
            clearing = nil
            waitToRestart()
        }
        await clearing?.value
    }

    private func waitToRestart() {
        exits += 1
        let until = clock.now.addingTimeInterval(backoff.delay(exits: exits))
        phase = isWanted ? .waiting(until: until) : .stopped
        if isSupervising && isWanted { scheduleRestart(at: until) }
    }

    private func scheduleRestart(at time: Date) {
        restart?.cancel()
        let (clock, delay) = (clock, time.timeIntervalSince(clock.now))
        restart = Task { [weak self] in
            guard (try? await clock.sleep(seconds: delay)) != nil else { return }
            await self?.restartNow()
        }
    }

    private func restartNow() async {
        let environment = await environmentForRestart?() ?? lastEnvironment
        guard isWanted, isSupervising, !Task.isCancelled, stopping == nil, case .waiting = phase else { return }
        // A failure has been logged, and the next try is scheduled.
        _ = try? await launch(environment: environment)
    }

    private func pid(_ handle: any ProcessHandle) -> Logger.Metadata { ["pid": "\(handle.identity.pid)"] }
}
