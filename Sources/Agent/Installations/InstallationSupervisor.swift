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
    /// Seconds between two looks for an old folder whose time is over.
    static let cleanUpInterval = 600.0
    /// Crashes in a row after which the administrator is told.
    static let crashesWorthTelling = 3
    /// Seconds after its time in which an ordered update is still begun: whoever chose the night did not choose the
    /// morning after.
    static let lateness = 3600.0

    nonisolated let id: String
    nonisolated let sessions: SessionRegistry
    nonisolated let mirror: Mirror
    let configuration: InstallationConfiguration
    let language: Language
    let runner: UpdateRunner
    private let service: any ServiceControl
    let vendor: any Vendor
    let watch: VendorWatch
    let notifier: any Notifier
    private let environment: @Sendable () async -> [String: String]
    let hub: RunHub
    let history: RunHistory
    private let address: AgentAddress
    let clock: any WallClock
    let logger: Logger

    enum Phase {
        case starting
        case idle
        case running(id: String, task: Task<Void, Never>?)
        case ending
    }

    var phase = Phase.starting
    /// The run that an agent before this one left in the middle.
    private var interrupted: UpdateRun?
    private var isPrepared = false
    /// Nobody else has the installation, and a complete application is in place.
    private var isOwner = false
    /// The application is this agent's to start and to stop.
    private var isServing = false
    /// The order that waits for its time.
    var scheduled: UpdateRun?
    private var startFailure: Failure?

    init(_ parts: Parts, hub: RunHub, history: RunHistory, clock: any WallClock, logger: Logger) {
        id = parts.configuration.id
        sessions = parts.sessions
        mirror = parts.mirror
        configuration = parts.configuration
        language = parts.language
        runner = parts.runner
        service = parts.service
        vendor = parts.vendor
        notifier = parts.notifier
        environment = parts.environment
        address = parts.address
        self.hub = hub
        self.history = history
        self.clock = clock
        var logger = logger
        logger[metadataKey: "installation"] = "\(parts.configuration.id)"
        self.logger = logger
        let runner = parts.runner
        watch = VendorWatch(parts.vendor, installationID: parts.installationID, clock: clock, logger: logger) {
            await runner.installedVersion()
        }
    }

    /// What a supervisor is made of.
    struct Parts: Sendable {
        var configuration: InstallationConfiguration
        var language: Language
        var sessions: SessionRegistry
        var mirror: Mirror
        var runner: UpdateRunner
        var service: any ServiceControl
        var vendor: any Vendor
        var notifier: any Notifier
        var environment: @Sendable () async -> [String: String]
        /// Random and lasting: this installation's place in a roll-out.
        var installationID: String
        var address: AgentAddress
    }

    // MARK: The agent's life

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.begin() }
            group.addTask { await self.watch.run() }
            group.addTask { await self.watchTimes() }
            // Returns when the agent is told to stop, or throws when it is cancelled: both end the installation's part.
            try? await gracefulShutdown()
            group.cancelAll()
        }
        await end()
    }

    /// Before the agent listens: recovery comes before anything else, whether or not the agent can start after it, and
    /// nobody may be told that a session has ended which only was not read yet.
    func prepare() async {
        guard !isPrepared else { return }
        isPrepared = true
        do {
            interrupted = try await runner.recover()
            isOwner = true
        } catch {
            startFailure = UpdateFailure(error).sentences(in: language, state: .serviceDown)
            logger.critical("recovery failed; the application is not started", metadata: ["reason": "\(error)"])
            return
        }
        await runner.publishEnded()
        do {
            let step = interrupted?.step
            try await sessions.restore(keepingReady: step == .warning || step == .closing)
            scheduled = try await history.scheduled(for: id)
            try await closeLostRuns(except: interrupted)
        } catch {
            logger.error("stored sessions or orders cannot be read", metadata: ["reason": "\(error)"])
        }
    }

    private func begin() async {
        await prepare()
        guard isOwner else {
            phase = .idle
            return
        }
        // An agent that will never listen leaves everything as it is.
        guard (try? await address.get()) != nil else { return }
        isServing = true
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
        // An application that another agent owns, or one before this left running, is not this one's to stop.
        guard isServing else { return }
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

    // MARK: Times

    private func watchTimes() async {
        // The first time soon after the start, when the application is up.
        var cleanedUp = -Double.infinity
        while (try? await clock.sleep(seconds: 1)) != nil {
            await startWhatIsDue()
            await sessions.endSilentSessions()
            if isOwner, clock.monotonicSeconds - cleanedUp > Self.cleanUpInterval {
                cleanedUp = clock.monotonicSeconds
                await runner.cleanUpExpired()
            }
        }
    }

    // MARK: What the administrator sees

    func status() async -> InstallationStatus {
        if case .idle = phase { await watch.look(unlessYoungerThan: VendorWatch.lookLifetime) }
        let condition = await service.state()
        // It runs: that it did not at first is over.
        if isServing, condition.isRunning { startFailure = nil }
        let vendorProblem = await watch.failure?.sentences(in: language)
        var run = scheduled
        if case .running(let id, _) = phase { run = await hub.latest(id) ?? run }
        return InstallationStatus(
            id: id, product: configuration.product, channel: configuration.channel,
            folder: configuration.folder.string, version: await runner.installedVersion(),
            available: await watch.available,
            service: ServiceState(condition), sessions: await sessions.count, run: run,
            problems: [startFailure, crashLoop(condition)].compactMap(\.self)
                + (await runner.problems.map { $0.sentences(in: language) })
                + [vendorProblem].compactMap(\.self), retained: await runner.keptVersions())
    }

    /// Where earlier versions, and foreign files of theirs, are by now.
    func keptFolders() async -> [OldFolder] { await runner.keptFolders() }

    private func crashLoop(_ condition: ServiceCondition) -> Failure? {
        guard case .waitingToRestart(_, let exits, let reason) = condition else { return nil }
        if let reason { return UpdateFailure(reason).sentences(in: language, state: .serviceDown) }
        guard exits >= Self.crashesWorthTelling else { return nil }
        return Catalogue.failure(.serviceExited, [:], language: language, state: .serviceDown)
    }

    func releases() async throws -> [ReleaseSummary] {
        do {
            return try await vendor.summaries(installed: await runner.installedVersion())
        } catch {
            throw Refusal(UpdateFailure(error))
        }
    }

    func plan(version: String?) async throws -> UpdatePlan {
        do {
            return try await runner.plan(version: version)
        } catch {
            throw Refusal(error)
        }
    }

    func log(lines: Int) async throws -> String { await service.recentOutput(lines: lines) }

    func client(platform: String) async throws -> ClientRelease? {
        guard let version = await runner.installedVersion() else { return nil }
        do {
            guard try await vendor.hasClient(version: version, platform: platform) else { return nil }
        } catch {
            throw Refusal(UpdateFailure(error))
        }
        return ClientRelease(product: configuration.product, channel: configuration.channel, version: version)
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
