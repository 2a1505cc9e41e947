// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
internal import Foundation
public import Logging
public import Platform
internal import Replacement
public import ServiceControl
internal import SystemPackage

/// Carries out what ``UpdateMachine`` decides, for one installation, one run at a time. All of the outside world comes
/// through the initialiser.
///
/// At the agent's start: ``recover()``, before the service is started or supervised, and ``publishEnded()``; then, when
/// everything that a run needs is up, ``resume()`` if ``recover()`` returned a run. After that ``run(_:requestedBy:id:)`` at each order.
public actor UpdateRunner {
    /// Seconds that a service may be down, where a journal of an earlier agent does not say.
    private static let downSeconds = 30.0 * 60
    /// Kept files named in a run; more would only make each progress event long.
    static let namedKeptFiles = 1000

    public nonisolated let settings: InstallationSettings
    let service: any ServiceControl
    let commands: any CommandRunner
    let processes: any Processes
    let applicationEnvironment: @Sendable () async -> [String: String]
    let releases: any ReleaseSource
    let sessions: any SessionDrain
    let notifier: any Notifier
    let observer: any RunObserver
    let health: any HealthChecker
    let fileSystem: any FileSystem
    let clock: any WallClock
    let logger: Logger
    private let executor: QueueExecutor
    private(set) var active: RunContext?
    /// What is over is being removed; an order waits for it.
    var cleaning: Task<Void, Never>?
    /// What the administrator should know of the place: see ``problems``.
    var findings: [Finding: UpdateFailure] = [:]

    /// What a finding is about: each is told once, and goes when its cause is gone.
    enum Finding: Sendable, Hashable, Comparable {
        /// What stands at the live path.
        case folder
        /// What is installed cannot be written down.
        case truth
        /// What cannot be removed.
        case leftovers
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    public init(
        settings: InstallationSettings, service: any ServiceControl, commands: any CommandRunner,
        processes: any Processes,
        applicationEnvironment: @escaping @Sendable () async -> [String: String], releases: any ReleaseSource,
        sessions: any SessionDrain, notifier: any Notifier, observer: any RunObserver, health: any HealthChecker,
        fileSystem: any FileSystem, clock: any WallClock, logger: Logger
    ) {
        self.settings = settings
        self.service = service
        self.commands = commands
        self.processes = processes
        self.applicationEnvironment = applicationEnvironment
        self.releases = releases
        self.sessions = sessions
        self.notifier = notifier
        self.observer = observer
        self.health = health
        self.fileSystem = fileSystem
        self.clock = clock
        var logger = logger
        logger[metadataKey: "installation"] = "\(settings.id)"
        self.logger = logger
        executor = QueueExecutor("update-runner-\(settings.id)")
    }

    nonisolated var layout: InstallationLayout { settings.layout }
    nonisolated var journals: JournalStore { JournalStore(layout, fileSystem: fileSystem) }

    /// An identifier for a run that is about to be ordered.
    public static func newRunID() -> String { UUID().uuidString.lowercased() }

    /// What the live folder is; `nil` when nothing is installed there. From the moment that a new version has proven
    /// itself it is that one, whether or not the disk has taken the note of it yet.
    public func installedVersion() -> String? {
        if let active, active.machine.state.isUpdated { return active.journal.run.to }
        return try? InstalledRelease.load(layout, fileSystem)?.version
    }

    /// What the administrator should know, the most important first.
    public var problems: [UpdateFailure] { findings.sorted { $0.key < $1.key }.map(\.value) }

    /// The run that is going on, as it is now.
    public var currentRun: UpdateRun? { active?.journal.run }

    // MARK: - Ordering

    /// The whole table, from `requested` to `finished`. Never throws: the outcome says how it went. The outcome is
    /// `nil` only when the task was cancelled while the service was still up: the agent is going down, the journal
    /// stays, and ``resume()`` goes on after the next start.
    ///
    /// - Parameter id: names the run; the observer hears of it under this name.
    public func run(
        _ order: UpdateOrder, requestedBy: String, id: String = UpdateRunner.newRunID()
    ) async -> UpdateRun {
        let run = UpdateRun(
            id: id, installation: settings.id, product: settings.product, from: installedVersion() ?? "",
            to: order.version ?? "", order: order, requestedBy: requestedBy)
        await cleaning?.value
        let context: RunContext
        do {
            context = try open(run)
        } catch {
            return await refuse(run, because: error)
        }
        return await drive(context)
    }

    /// `true` when the run ends as cancelled: possible until `stopping`.
    public func cancel(by account: String) -> Bool {
        guard let active, active.machine.canBeCancelled, active.interruption == nil else { return false }
        logger.info("update cancelled", metadata: ["run": "\(active.journal.run.id)", "by": "\(account)"])
        interrupt(active, .cancelled)
        return true
    }

    private func open(_ run: UpdateRun) throws(UpdateFailure) -> RunContext {
        guard active == nil else { throw UpdateFailure(.updateRunning) }
        let lock = try takeLock()
        guard try journals.load() == nil else {
            lock.release()
            throw UpdateFailure(.updateRunning)
        }
        let deadline = clock.now.addingTimeInterval(
            settings.limits.preparationSeconds + Double(run.order.graceSeconds))
        var journal = Journal(run: run, state: .requested, deadline: deadline, heartbeat: clock.now)
        journal.whereabouts = Whereabouts.current(live: layout.live, fileSystem: fileSystem)
        let context = RunContext(
            journal: journal, machine: UpdateMachine(rollBackAttempts: settings.limits.rollBackAttempts), lock: lock,
            publisher: RunPublisher(observer))
        activate(context)
        return context
    }

    func activate(_ context: RunContext) { active = context }

    func takeLock() throws(UpdateFailure) -> any HeldLock {
        do {
            // Without the folder there is no installation, and nothing is to be made in its place.
            guard try fileSystem.exists(layout.live) || fileSystem.exists(layout.state) else {
                throw UpdateFailure(.notInstalled, ["path": layout.live.readable])
            }
            try fileSystem.makeDirectories(layout.state, permissions: 0o700)
            guard let lock = try OwnerLock.take(layout.place, fileSystem: fileSystem) else {
                throw UpdateFailure(.locked, ["path": layout.lock.readable])
            }
            return lock
        } catch {
            throw UpdateFailure(error)
        }
    }

    /// A run that never began: nothing was touched, but whoever ordered it hears of it.
    private func refuse(_ run: UpdateRun, because failure: UpdateFailure) async -> UpdateRun {
        var run = run
        let now = clock.now
        run.steps = [.requested, .finished].map { StepRecord(step: $0, startedAt: now, endedAt: now) }
        run.outcome = .failed
        run.failure = sentences(of: .failed(failure), in: run)
        logger.error("update refused", metadata: ["run": "\(run.id)", "failure": "\(failure.reason)"])
        await observer.runChanged(run)
        do {
            try await notifier.notify(run)
        } catch {
            logger.error("cannot notify", metadata: ["run": "\(run.id)", "error": "\(error)"])
        }
        return run
    }

    // MARK: - The loop

    func drive(_ context: RunContext) async -> UpdateRun {
        let heartbeat = Task { [clock, settings] in
            while !Task.isCancelled {
                try await clock.sleep(seconds: settings.limits.heartbeatSeconds)
                self.beat(context)
            }
        }
        await withTaskCancellationHandler {
            var effects = context.machine.begin()
            while let event = await carryOut(effects, context) { effects = context.machine.handle(event) }
        } onCancel: {
            Task { await self.suspend() }
        }
        heartbeat.cancel()
        let isStored = await context.publisher.finish()
        if context.journal.run.outcome != nil { close(context.journal, isStored: isStored) }
        // What was found at the live path is no secret of the run's.
        if context.journal.run.outcome == .failed { lookAtLive() }
        context.lock.release()
        active = nil
        return context.journal.run
    }

    /// A journal of a run that is over stays only for what nobody else has stored: how it ended. One that cannot be
    /// removed is no run either; the next one takes its place.
    private func close(_ journal: Journal, isStored: Bool) {
        do throws(UpdateFailure) {
            if !isStored, (try? journals.save(journal)) != nil { return }
            try journals.remove()
        } catch {
            logger.error("cannot remove the journal", metadata: ["error": "\(error.reason)"])
        }
    }

    /// `nil` when the run is over, or is to be left as it is.
    private func carryOut(_ effects: [UpdateMachine.Effect], _ context: RunContext) async -> UpdateMachine.Event? {
        for effect in effects {
            switch effect {
            case .record:
                // Nothing is begun that the journal does not know of; what is under way goes on without it.
                if let failure = record(context), context.machine.state.mustBeRecorded { return .failed(failure) }
            case .cancelWarning: await sessions.cancelWarning()
            case .acceptLogins: await sessions.acceptLogins(true)
            case .startWhatIsThere: await startWhatIsThere(context)
            case .work(let work): return await perform(work, context)
            case .end(let ending):
                logger.notice(
                    "update finished",
                    metadata: [
                        "run": "\(context.journal.run.id)", "outcome": "\(ending.outcome)",
                        "failure": "\(ending.failure?.reason ?? "none")",
                    ])
                return nil
            }
        }
        return nil
    }

    /// Runs the work until it is done, or interrupted and back.
    private func perform(_ work: UpdateMachine.Work, _ context: RunContext) async -> UpdateMachine.Event? {
        if context.isToSuspend, context.machine.canBeSuspended { return nil }
        let task = Task { try await self.carryOut(work, context) }
        context.work = task
        if context.interruption != nil, context.machine.canBeCancelled || context.machine.canBeSuspended {
            task.cancel()
        }
        let deadline = context.machine.canBeInterrupted ? watchDeadline(context) : nil
        let result = await task.result
        deadline?.cancel()
        context.work = nil
        switch context.interruption {
        case .cancelled where context.machine.canBeCancelled: return .cancelRequested
        case .deadlinePassed where context.machine.canBeInterrupted:
            context.interruption = nil
            // It came too late: the new version had just proven itself.
            if context.machine.state == .starting, case .success = result { return .succeeded }
            return .deadlinePassed
        case .suspended where context.machine.canBeSuspended: return nil
        case .cancelled, .deadlinePassed, .suspended, nil: break
        }
        switch result {
        case .success: return .succeeded
        case .failure(let error):
            let failure = UpdateFailure(error)
            logger.error(
                "update step failed",
                metadata: [
                    "run": "\(context.journal.run.id)", "step": "\(context.machine.state.step)",
                    "failure": "\(failure.reason)",
                ])
            return .failed(failure)
        }
    }

    private func watchDeadline(_ context: RunContext) -> Task<Void, any Error> {
        let left = context.journal.deadline.timeIntervalSince(clock.now)
        return Task { [clock] in
            try await clock.sleep(seconds: left)
            self.interrupt(context, .deadlinePassed)
        }
    }

    private func interrupt(_ context: RunContext, _ reason: RunContext.Interruption) {
        guard context.interruption == nil else { return }
        context.interruption = reason
        context.work?.cancel()
    }

    private func suspend() {
        guard let active else { return }
        // While the service is down it goes on first; afterwards the wish is remembered.
        active.isToSuspend = true
        if active.machine.canBeSuspended { interrupt(active, .suspended) }
    }

    private func beat(_ context: RunContext) {
        guard active === context else { return }
        context.journal.heartbeat = clock.now
        do { try journals.save(context.journal) } catch {
            logger.warning("cannot write the journal", metadata: ["error": "\(error.reason)"])
        }
    }

    /// Writes the state that was entered, before its work begins.
    private func record(_ context: RunContext) -> UpdateFailure? {
        let now = clock.now
        let state = context.machine.state
        context.enter(state.step, at: now)
        switch state {
        case .stopping:
            context.journal.deadline = now.addingTimeInterval(context.journal.downSeconds ?? Self.downSeconds)
        case .starting: context.journal.newVersionStarted = true
        case .finished(let ending): context.journal.run = ended(context.journal.run, ending)
        default: break
        }
        context.journal.state = state
        context.journal.heartbeat = now
        context.publisher.publish(context.journal.run)
        logger.info("update step", metadata: ["run": "\(context.journal.run.id)", "step": "\(state.step)"])
        do {
            try journals.save(context.journal)
            return nil
        } catch {
            logger.error("cannot write the journal", metadata: ["error": "\(error.reason)"])
            return error
        }
    }

    func ended(_ run: UpdateRun, _ ending: Ending) -> UpdateRun {
        var run = run
        run.outcome = ending.outcome
        run.failure = sentences(of: ending, in: run)
        return run
    }

    private func sentences(of ending: Ending, in run: UpdateRun) -> Failure? {
        guard var failure = ending.failure else { return nil }
        for (name, value) in ["from": run.from, "to": run.to, "version": run.to, "path": layout.live.string]
        where failure.arguments[name] == nil && !value.isEmpty {
            failure.arguments[name] = value
        }
        let state: SystemState? =
            switch ending {
            case .rolledBack: .rolledBack
            case .stranded: .notRunning
            case .failed, .cancelled, .updated: failure.stateWhileUp
            }
        return failure.sentences(in: run.order.language ?? settings.language, state: state)
    }
}

extension UpdateMachine.State {
    /// The new version has proven itself, and nothing undoes that any more.
    var isUpdated: Bool {
        switch self {
        case .cleaningUp(.updated), .notifying(.updated), .offeringClients(.updated), .finished(.updated): true
        default: false
        }
    }

    /// Until the new version is healthy, a step that cannot be recorded is not begun.
    var mustBeRecorded: Bool {
        switch self {
        case .requested, .downloading, .staging, .warning, .closing, .stopping, .carryingOver, .swapping, .starting:
            true
        case .rollingBack, .cleaningUp, .notifying, .offeringClients, .finished: false
        }
    }
}
