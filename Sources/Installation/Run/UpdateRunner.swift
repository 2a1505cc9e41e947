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
    /// The last run that ended since the agent's start.
    private(set) var endedRun: String?
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
    var cleanUp: CleanUp { CleanUp(settings: settings, fileSystem: fileSystem) }
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
    public var problems: [UpdateFailure] {
        // Somebody may have put it right since.
        if active == nil, findings[.folder] != nil { lookAtLive() }
        return findings.sorted { $0.key < $1.key }.map(\.value)
    }

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
        // One that has ended here, and whose journal could not be removed, is none.
        let isOpen: Bool
        do throws(UpdateFailure) { isOpen = try journals.load().map { $0.run.id != endedRun } ?? false } catch {
            lock.release()
            throw error
        }
        guard !isOpen else {
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

    func deactivate() {
        if let run = active?.journal.run, run.outcome != nil { endedRun = run.id }
        active = nil
    }

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

    // MARK: - How it ended

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
        let language = run.order.language ?? settings.language
        switch ending {
        case .rolledBack: return failure.sentences(in: language, state: .rolledBack)
        case .failed, .cancelled, .updated: return failure.sentences(in: language, state: failure.stateWhileUp)
        case .stranded: return stranded(failure, in: run, language)
        }
    }

    /// What was found, and not what should have been.
    private func stranded(_ failure: UpdateFailure, in run: UpdateRun, _ language: Language) -> Failure {
        guard let standing = run.standing else { return failure.sentences(in: language, state: .notRunning) }
        var failure = failure
        if !standing.savedData.isEmpty { failure.arguments["saved"] = standing.savedData.joined(separator: ", ") }
        var sentences = failure.sentences(in: language)
        sentences.state = Catalogue.standing(standing, failure.arguments, language: language)
        return sentences
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
}
