// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Logging
import Packaging
import Platform
import ServiceControl
import ServiceLifecycle

/// Owns one installation for as long as the agent runs: recovery first, then its application, its orders and their
/// times, and a look at the vendor now and then.
actor InstallationSupervisor: ManagedInstallation, Service {
    /// Seconds between two looks at the vendor.
    static let checkInterval = 900.0
    /// Seconds for which what was seen there is good enough for an answer: one small request for the next.
    static let lookLifetime = 5.0
    /// Seconds between two looks for an old folder whose time is over.
    static let cleanUpInterval = 600.0
    /// Crashes in a row after which the administrator is told.
    static let crashesWorthTelling = 3

    nonisolated let id: String
    nonisolated let sessions: SessionRegistry
    nonisolated let mirror: Mirror
    private let configuration: InstallationConfiguration
    private let language: Language
    private let runner: UpdateRunner
    private let service: any ServiceControl
    private let releaseSource: RepositoryReleases
    private let environment: @Sendable () async -> [String: String]
    private let hub: RunHub
    private let history: RunHistory
    private let installationID: String
    private let address: AgentAddress
    private let clock: any WallClock
    private let logger: Logger

    private enum Phase {
        case starting
        case idle
        case running(id: String, task: Task<Void, Never>?)
        case ending
    }

    private var phase = Phase.starting
    private var scheduled: UpdateRun?
    private var available: String?
    private var checkFailure: Failure?
    private var startFailure: Failure?

    init(_ parts: Parts, hub: RunHub, history: RunHistory, clock: any WallClock, logger: Logger) {
        id = parts.configuration.id
        sessions = parts.sessions
        mirror = parts.mirror
        configuration = parts.configuration
        language = parts.language
        runner = parts.runner
        service = parts.service
        releaseSource = parts.releases
        environment = parts.environment
        installationID = parts.installationID
        address = parts.address
        self.hub = hub
        self.history = history
        self.clock = clock
        var logger = logger
        logger[metadataKey: "installation"] = "\(parts.configuration.id)"
        self.logger = logger
    }

    /// What a supervisor is made of.
    struct Parts: Sendable {
        var configuration: InstallationConfiguration
        var language: Language
        var sessions: SessionRegistry
        var mirror: Mirror
        var runner: UpdateRunner
        var service: any ServiceControl
        var releases: RepositoryReleases
        var environment: @Sendable () async -> [String: String]
        /// Random and lasting: this installation's place in a roll-out.
        var installationID: String
        var address: AgentAddress
    }

    // MARK: The agent's life

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.begin() }
            group.addTask { await self.watchVendor() }
            group.addTask { await self.watchTimes() }
            // Returns when the agent is told to stop, or throws when it is cancelled: both end the installation's part.
            try? await gracefulShutdown()
            group.cancelAll()
        }
        await end()
    }

    /// Recovery comes before anything else; what runs is then what is in place.
    private func begin() async {
        // An agent that will never listen leaves everything as it is.
        guard (try? await address.get()) != nil else { return }
        let interrupted: UpdateRun?
        do {
            interrupted = try await runner.recover()
        } catch {
            startFailure = UpdateFailure(error).sentences(in: language)
            logger.critical("recovery failed; the application is not started", metadata: ["reason": "\(error)"])
            phase = .idle
            return
        }
        do {
            try await sessions.restore()
            scheduled = try await history.scheduled(for: id)
        } catch {
            logger.error("stored sessions or orders cannot be read", metadata: ["reason": "\(error)"])
        }
        if let version = await runner.installedVersion() {
            if !(interrupted?.step.isServiceDown ?? false) { await startApplication() }
            await sessions.offerClients(version: version)
        }
        if let interrupted {
            let task = Task { await self.ended(await runner.resume()) }
            phase = .running(id: interrupted.id, task: task)
        } else {
            phase = .idle
        }
        await service.run()
    }

    private func startApplication() async {
        do {
            if await !service.state().isRunning { try await service.start(environment: await environment()) }
            startFailure = nil
        } catch {
            startFailure = UpdateFailure(error).sentences(in: language)
            logger.error("the application cannot be started", metadata: ["reason": "\(error)"])
        }
    }

    /// A run that is on its way while the service is still up is left for the next start; one that is further is
    /// brought to its end. Then the application stops with the agent, as with any service manager.
    private func end() async {
        if case .running(_, let task?) = phase {
            task.cancel()
            await task.value
        }
        phase = .ending
        let (service, logger) = (service, logger)
        // Not a child of this task, which may be cancelled: stopping takes its time.
        await Task {
            do {
                _ = try await service.stop()
            } catch {
                logger.error("the application does not stop", metadata: ["reason": "\(error)"])
            }
        }.value
    }

    // MARK: Orders

    func order(_ order: UpdateOrder, by account: String) async throws -> UpdateRun {
        try refuseWhileBusy()
        guard let installed = await runner.installedVersion() else {
            throw Refusal(.notInstalled, 409, ["path": configuration.folder.string])
        }
        if order.version == nil {
            // A look that was begun before the order may have missed what was published just now.
            await look?.value
            await lookAtVendor(unlessYoungerThan: 0)
        }
        try refuseWhileBusy()
        if order.version == installed || (order.version == nil && current == installed) {
            throw Refusal(.alreadyInstalled, 409, ["version": installed])
        }
        let run = UpdateRun(
            id: UpdateRunner.newRunID(), installation: id, product: configuration.product, from: installed,
            to: order.version ?? current ?? "", order: order, requestedBy: account)
        if let at = order.at, at > clock.now { return try await schedule(run, at: at) }
        return await start(run)
    }

    private func refuseWhileBusy() throws {
        guard case .idle = phase, scheduled == nil else { throw Refusal(.updateRunning, 409) }
    }

    /// Returns with the run's first state, which is in the history by then; the run goes on.
    private func start(_ run: UpdateRun) async -> UpdateRun {
        let runner = runner
        let task = Task {
            await self.ended(await runner.run(run.order, requestedBy: run.requestedBy, id: run.id))
        }
        phase = .running(id: run.id, task: task)
        return await hub.whenKnown(run.id)
    }

    private func schedule(_ run: UpdateRun, at: Date) async throws -> UpdateRun {
        var run = run
        run.steps = [StepRecord(step: .requested, startedAt: clock.now)]
        scheduled = run
        do {
            try await history.schedule(run, at: at)
        } catch {
            scheduled = nil
            throw error
        }
        await hub.runChanged(run)
        logger.notice("update scheduled", metadata: ["run": "\(run.id)", "at": "\(at)"])
        return run
    }

    func cancel(run id: String, by account: String) async throws -> UpdateRun {
        if var run = scheduled, run.id == id {
            scheduled = nil
            try await history.unschedule(id)
            let now = clock.now
            run.steps = run.steps.map { step in
                var step = step
                step.endedAt = step.endedAt ?? now
                return step
            }
            run.steps.append(StepRecord(step: .finished, startedAt: now, endedAt: now))
            run.outcome = .cancelled
            run.failure = Catalogue.failure(.cancelled, ["by": account], language: run.order.language ?? language)
            await hub.runChanged(run)
            return run
        }
        guard case .running(id, let task) = phase, await runner.cancel(by: account) else {
            throw Refusal(.tooLateToCancel, 409)
        }
        await task?.value
        guard let run = await hub.latest(id) else { throw Refusal(.runUnknown, 404, ["id": id]) }
        return run
    }

    private func ended(_ run: UpdateRun?) async {
        if let run { await hub.runChanged(run) }
        if case .running = phase { phase = .idle }
        Task { await self.lookAtVendor(unlessYoungerThan: 0) }
    }

    // MARK: Times

    private func watchTimes() async {
        var cleanedUp = clock.monotonicSeconds
        while (try? await clock.sleep(seconds: 1)) != nil {
            await startWhatIsDue()
            await sessions.endSilentSessions()
            if clock.monotonicSeconds - cleanedUp > Self.cleanUpInterval {
                cleanedUp = clock.monotonicSeconds
                await runner.cleanUpExpired()
            }
        }
    }

    private func startWhatIsDue() async {
        guard case .idle = phase, let run = scheduled, let at = run.order.at, at <= clock.now else { return }
        scheduled = nil
        do {
            try await history.unschedule(run.id)
        } catch {
            logger.error("a scheduled order cannot be taken up", metadata: ["reason": "\(error)"])
            scheduled = run
            return
        }
        _ = await start(run)
    }

    private func watchVendor() async {
        repeat {
            await lookAtVendor(unlessYoungerThan: 0)
        } while (try? await clock.sleep(seconds: Self.checkInterval)) != nil
    }

    /// The channel's current release, as of the last look.
    private var current: String?

    private var look: Task<Void, Never>?
    private var lastLook: Double?

    /// Several who want to know at once share one look.
    private func lookAtVendor(unlessYoungerThan age: Double) async {
        if let lastLook, clock.monotonicSeconds - lastLook < age { return }
        let task = look ?? Task { await self.lookNow() }
        look = task
        // A vendor that cannot be reached must not make everybody wait for it again and again.
        guard checkFailure == nil || age == 0 else { return }
        await task.value
    }

    private func lookNow() async {
        defer {
            look = nil
            lastLook = clock.monotonicSeconds
        }
        do {
            let channel = try await releaseSource.channel()
            let installed = await runner.installedVersion()
            current = channel.current
            checkFailure = nil
            available = Self.offer(channel, installed: installed, installationID: installationID, now: clock.now)
        } catch {
            available = nil
            current = nil
            let failure = UpdateFailure(error)
            checkFailure = failure.sentences(in: language)
            logger.warning("the vendor's repository cannot be used", metadata: ["reason": "\(failure.reason)"])
        }
    }

    /// What the channel offers this installation; `nil` when there is nothing newer, or not yet here.
    static func offer(
        _ channel: ChannelDocument, installed: String?, installationID: String, now: Date
    ) -> String? {
        guard let installed, !channel.recalled.contains(channel.current) else { return nil }
        guard let new = Version(channel.current), let old = Version(installed), new > old else { return nil }
        return channel.rollout.includes(installationID, at: now) ? channel.current : nil
    }

    // MARK: What the administrator sees

    func status() async -> InstallationStatus {
        if case .idle = phase { await lookAtVendor(unlessYoungerThan: Self.lookLifetime) }
        let condition = await service.state()
        var run = scheduled
        if case .running(let id, _) = phase { run = await hub.latest(id) ?? run }
        return InstallationStatus(
            id: id, product: configuration.product, channel: configuration.channel,
            folder: configuration.folder.string, version: await runner.installedVersion(), available: available,
            service: ServiceState(condition), sessions: await sessions.count, run: run,
            problem: startFailure ?? crashLoop(condition) ?? checkFailure)
    }

    private func crashLoop(_ condition: ServiceCondition) -> Failure? {
        guard case .waitingToRestart(_, let exits) = condition, exits >= Self.crashesWorthTelling else { return nil }
        return Catalogue.failure(.serviceExited, [:], language: language, state: .notRunning)
    }

    func releases() async throws -> [ReleaseSummary] {
        do {
            return try await releaseSource.summaries(installed: await runner.installedVersion())
        } catch {
            throw Refusal(UpdateFailure(error))
        }
    }

    func log(lines: Int) async throws -> String { await service.recentOutput(lines: lines) }

    func client(platform: String) async throws -> (product: String, version: String)? {
        guard let version = await runner.installedVersion() else { return nil }
        do {
            guard try await releaseSource.hasClient(version: version, platform: platform) else { return nil }
        } catch {
            throw Refusal(UpdateFailure(error))
        }
        return (configuration.product, version)
    }
}

extension ServiceState {
    init(_ condition: ServiceCondition) {
        switch condition {
        case .stopped: self = .stopped
        case .starting: self = .starting
        case .running: self = .running
        case .stopping: self = .stopping
        case .waitingToRestart: self = .waitingToRestart
        }
    }
}

extension RunHub: RunObserver {}

extension SessionRegistry: SessionDrain {}
