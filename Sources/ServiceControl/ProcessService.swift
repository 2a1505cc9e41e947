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
/// **Never twice.** The application inherits, as its last descriptor (`RICAMBIO_LOCK_FD`), an open file description that
/// holds an exclusive `flock` on `application.lock`. The kernel releases that lock when the last process that has the
/// descriptor is gone, and at no other moment: not when the agent crashes, not when a record on disk is wrong or missing.
/// Every start takes the lock first, so a second application cannot start while anything of the first one lives.
/// `service.json` says which process to adopt and which mark (`RICAMBIO_MARK`) its processes bear; when a crash fell
/// between the spawn and that record, the process is found by the lock it holds.
///
/// **Stopped means stopped.** A stop ends everything of the application, also what left its session and closed the lock,
/// and says so only when nothing of it runs and nobody holds the lock.
public actor ProcessService: ServiceControl {
    private enum Phase {
        case stopped
        case starting
        case running(any ProcessHandle)
        case stopping
        case waiting(until: Date, reason: ServiceError?)
    }

    /// Seconds for what an application that crashed left behind to end when asked.
    private static let leftoverPatience = 1.0
    /// Seconds in which what ends together may end one after the other.
    private static let endTogether = 0.3

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
    /// What is left of an application whose first process has ended: nothing is started before it is gone.
    private var leftovers: (any ProcessHandle)?
    /// Why it last ended or did not start, to say each reason once.
    private var lastReason: ServiceError?

    private var adoption: Task<Void, Never>?
    private var launching: Task<Result<any ProcessHandle, ServiceError>, Never>?
    private var stopping: Task<Result<StopReport, ServiceError>, Never>?
    private var restart: Task<Void, Never>?
    /// Waits for the end of what runs, and for what then has to be done about it.
    private var watching: Task<Void, Never>?
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
        case .waiting(let until, let reason): .waitingToRestart(until: until, exits: exits, reason: reason)
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
                let found = await BlockingWork.run { setup.find() }
                guard case .stopped = phase else { return }
                switch found {
                case .nothing: return
                case .leftovers(let handle): leftovers = handle
                case .running(let handle):
                    logger.info("The application runs already and is supervised from here on", metadata: pid(handle))
                    isWanted = true
                    entered(handle)
                }
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
        guard settleSeconds > 0, await Ending.ends(handle, within: settleSeconds, clock) else { return }
        await watching?.value
        if case .waiting(_, let reason?) = phase { throw reason }
        throw ServiceError(
            .diedAtOnce,
            reason: "\(setup.program) ended within moments of its start; "
                + "its last lines are in \(setup.outputFile).", place: setup.program)
    }

    private func launch(environment: [String: String]) async throws(ServiceError) -> any ProcessHandle {
        phase = .starting
        let task = Task {
            let result = await launchWhenClear(environment)
            // Here and not after the wait below: whoever else waits for this task has to find it done.
            launching = nil
            switch result {
            case .success(let handle):
                logger.info("The application was started", metadata: pid(handle))
                entered(handle)
            case .failure(let error): waitToRestart(error)
            }
            return result
        }
        launching = task
        return try await task.value.get()
    }

    private func launchWhenClear(_ environment: [String: String]) async -> Result<any ProcessHandle, ServiceError> {
        let setup = setup
        if let error = await endLeftovers(patience: Self.leftoverPatience).error(.alreadyRunning, setup.program) {
            return .failure(error)
        }
        let first = await BlockingWork.run { setup.launch(environment: environment) }
        guard case .failure(let error) = first, error.code == .alreadyRunning else { return first }
        // Its first process is gone (else it would have been adopted), but something holds its lock.
        guard case .leftovers(let handle) = await BlockingWork.run({ setup.find() }) else { return first }
        leftovers = handle
        _ = await endLeftovers(patience: Self.leftoverPatience)
        return await BlockingWork.run { setup.launch(environment: environment) }
    }

    private func endLeftovers(patience: Double) async -> Ending.Outcome {
        guard let left = leftovers else { return .nothing }
        logger.warning("Processes that the application left behind are ended", metadata: pid(left))
        let outcome = await Ending(setup: setup, clock: clock).end(left, patience: patience)
        if outcome.isOver { leftovers = nil }
        return outcome
    }

    private func entered(_ handle: any ProcessHandle) {
        phase = .running(handle)
        startedAt = clock.monotonicSeconds
        watching = Task { [weak self] in
            guard let end = try? await handle.wait() else { return }
            await self?.ended(handle, end)
        }
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
        // A start may be followed by an end, an end by neither: nothing is started any more.
        while clearing != nil || launching != nil {
            await clearing?.value
            _ = await launching?.value
        }
        let began = clock.monotonicSeconds
        let outcome: Ending.Outcome
        if case .running(let handle) = phase {
            phase = .stopping
            logger.info("The application is asked to stop", metadata: pid(handle))
            leftovers = handle
            outcome = await Ending(setup: setup, clock: clock).end(handle, patience: stopTimeout)
            if !outcome.isOver, handle.isRunning { (phase, leftovers) = (.running(handle), nil) }
        } else if leftovers != nil {
            outcome = await endLeftovers(patience: stopTimeout)
        } else {
            (phase, exits) = (.stopped, 0)
            return .success(StopReport(forced: false, seconds: 0))
        }
        if let error = outcome.error(.doesNotStop, setup.program) {
            isWanted = true
            if case .running = phase {} else { waitToRestart(error) }
            return .failure(error)
        }
        (phase, leftovers, lastReason, exits) = (.stopped, nil, nil, 0)
        let setup = setup
        await BlockingWork.run { setup.forget() }
        let report = StopReport(forced: outcome.forced, seconds: clock.monotonicSeconds - began)
        logger.info("The application has stopped", metadata: ["forced": "\(report.forced)"])
        return .success(report)
    }

    // MARK: - Supervision

    public func run() async {
        await adoptOnce()
        isSupervising = true
        if case .waiting(let until, _) = phase { scheduleRestart(at: until) }
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
        leftovers = handle
        if clock.monotonicSeconds - startedAt >= backoff.resetAfter { exits = 0 }
        clearing = Task {
            var reason: ServiceError?
            if end == .exited(0) { reason = await wentToBackground(handle) }
            if reason == nil { logger.error("The application ended by itself: \(end)", metadata: pid(handle)) }
            // What it started and left behind still holds its lock, and perhaps its port.
            let patience = reason == nil ? Self.leftoverPatience : stopTimeout
            let outcome = await Ending(setup: setup, clock: clock).end(handle, patience: patience)
            if outcome.isOver { leftovers = nil }
            // Here and not after the wait below: whoever else waits for this task has to find it done.
            clearing = nil
            waitToRestart(reason)
        }
        await clearing?.value
    }

    /// The reason, when processes of it live on although they had a moment to end with it.
    private func wentToBackground(_ handle: any ProcessHandle) async -> ServiceError? {
        let end = clock.monotonicSeconds + Self.endTogether
        while true {
            let left = await BlockingWork.run { handle.members() }
            if left.isEmpty { return nil }
            if clock.monotonicSeconds >= end {
                return ServiceError(
                    .wentToBackground,
                    reason: "\(setup.program) ended with status 0 and left \(left.count) "
                        + "process\(left.count == 1 ? "" : "es") behind: run it in the foreground.",
                    place: setup.program)
            }
            try? await clock.sleep(seconds: Ending.longestPause)
        }
    }

    /// A failure of the configuration does not mend itself by trying: it is tried as rarely as anything.
    private func waitToRestart(_ reason: ServiceError?) {
        exits += 1
        let delay = reason?.code == .wentToBackground ? backoff.maximum : backoff.delay(exits: exits)
        let until = clock.now.addingTimeInterval(delay)
        if let reason, reason != lastReason { logger.error("The application does not run: \(reason)") }
        lastReason = reason
        phase = isWanted ? .waiting(until: until, reason: reason) : .stopped
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
