// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Foundation
internal import Packaging
internal import Platform
internal import Replacement
internal import ServiceControl
internal import SystemPackage

// What each step does.
extension UpdateRunner {
    func carryOut(_ work: UpdateMachine.Work, _ context: RunContext) async throws {
        switch work {
        case .prepare: try await prepare(context)
        case .download: try await download(context)
        case .stage: try await stage(context)
        case .warn: try await warn(context)
        case .close: try await close(context)
        case .stop: try await stop(context)
        case .carryOver: try await carryOver(context)
        case .swap: try await swap(context)
        case .start: try await start(context)
        case .rollBack(let attempt): try await rollBack(context, attempt: attempt)
        case .cleanUp(let ending): try await cleanUp(context, ending)
        case .notify(let ending): try await notifier.notify(ended(context.journal.run, ending))
        case .offerClients: await sessions.offerClients(version: context.journal.run.to)
        }
    }

    var staging: Staging { Staging(layout: layout, keep: KeepRules(settings.keep), fileSystem: fileSystem) }

    // MARK: - While the service is up

    private func warn(_ context: RunContext) async throws {
        let now = clock.now
        let grace = Double(context.journal.run.order.graceSeconds)
        let deadline: Date
        if let earlier = context.journal.run.deadline {
            // Warned before a crash: what is left of the time, or enough to hear of it again.
            deadline = max(earlier, now.addingTimeInterval(min(grace, 30)))
        } else {
            deadline = now.addingTimeInterval(grace)
        }
        context.journal.run.deadline = deadline
        try journals.save(context.journal)
        await sessions.warn(deadline: deadline, from: context.journal.run.from, to: context.journal.run.to)
        context.journal.run.sessions = await sessions.counts()
        context.publisher.publish(context.journal.run)
        try await sessions.waitUntilReadyOrDeadline(deadline)
        context.journal.run.sessions = await sessions.counts()
    }

    private func close(_ context: RunContext) async throws {
        context.journal.run.sessions = await sessions.close(within: settings.limits.closingSeconds)
        try Task.checkCancellation()
        // The grace time may have been long, backups large, and hands busy.
        let (staging, before) = (staging, try staged(context))
        let (after, pass) = try await blocking { flag in try staging.copyAgain(before, flag: flag) }
        context.staged = after
        name(pass, in: context)
        try requirePlaces(context)
    }

    /// Both folders are where they were, and nobody else's stands where one has to go: looked at while there is still
    /// nothing to undo.
    private func requirePlaces(_ context: RunContext) throws {
        switch try folderSwap(context).look() {
        case .old: break
        case .new: throw UpdateFailure(.unexpected, ["reason": "the new folder is in place already"])
        case .absent: throw UpdateFailure(.folderMissing, ["path": layout.live.readable])
        case .unknown(let why): throw UpdateFailure(unknown: why, at: layout.live)
        }
        let identifier = Identifier(fileSystem)
        switch try identifier.identify(layout.staged, among: [context.journal.folders?.new].compactMap(\.self)) {
        case .known: break
        case .absent: throw UpdateFailure(.folderMissing, ["path": layout.staged.readable])
        case .unknown(let why): throw UpdateFailure(unknown: why, at: layout.staged)
        }
        let retained = try InstalledRelease.load(layout, fileSystem)?.retained.map(\.record) ?? []
        if case .unknown = try identifier.identify(layout.old, among: retained) {
            throw UpdateFailure(.folderInTheWay, ["path": layout.old.readable])
        }
    }

    // MARK: - While it is down

    private func stop(_ context: RunContext) async throws {
        context.stopOrderedAt = clock.monotonicSeconds
        let report = try await service.stop()
        context.journal.run.applicationStopSeconds = report.seconds
        if report.forced { logger.warning("the application had to be stopped by force") }
    }

    private func carryOver(_ context: RunContext) async throws {
        let (staging, staged) = (staging, try staged(context))
        async let silence: Void = requireSilence()
        let pass = try await blocking { flag in try staging.copyChanged(staged, flag: flag) }
        try await silence
        name(pass, in: context)
        context.count(ProgressMeter.Bytes(done: pass.copiedBytes, total: pass.copiedBytes))
        guard context.journal.migratesData, !settings.data.isEmpty else { return }
        try await saveData(context)
    }

    private func swap(_ context: RunContext) async throws {
        let swap = try folderSwap(context)
        try await blocking { _ in try swap.forward() }
    }

    private func start(_ context: RunContext) async throws {
        // After a crash between the exchange and the rename, the old folder has not got its name yet.
        try await swap(context)
        let began = clock.monotonicSeconds
        try await startService()
        let healthy = try await waitUntilHealthy(context.journal.run.to, expectationOfNew(context))
        noteStart(context, began: began, healthy: healthy)
    }

    private func rollBack(_ context: RunContext, attempt: Int) async throws {
        if attempt > 1 { try await clock.sleep(seconds: Double(attempt)) }
        let swap = try folderSwap(context)
        if try context.journal.newVersionStarted || swap.look() == .new {
            _ = try await service.stop()
            try await blocking { _ in try swap.back() }
            if context.journal.newVersionStarted { try await restoreData(context) }
        } else {
            try await blocking { _ in try swap.back() }
        }
        let began = clock.monotonicSeconds
        try await startService()
        var healthy: Double?
        if let before = context.journal.before, !before.isHealthy {
            // It was down or unwell before: that it runs is all that can be asked of it.
            logger.notice("the old version was not healthy before, and is not asked now")
        } else {
            let expectation = HealthExpectation.old(
                expectVersion: settings.health.expectVersion, before: context.journal.before)
            healthy = try await waitUntilHealthy(context.journal.run.from, expectation)
        }
        noteStart(context, began: began, healthy: healthy ?? clock.monotonicSeconds)
    }

    /// `healthy` is the moment of the first good answer. After a crash the monotonic clock knows nothing of the stop; the
    /// record of the step does.
    private func noteStart(_ context: RunContext, began: Double, healthy: Double) {
        context.journal.run.applicationStartSeconds = healthy - began
        if let stopped = context.stopOrderedAt {
            context.journal.run.downtimeSeconds = healthy - stopped
        } else if let stopped = context.journal.run.steps.first(where: { $0.step == .stopping })?.startedAt {
            let since = clock.now.timeIntervalSince(stopped) - (clock.monotonicSeconds - healthy)
            context.journal.run.downtimeSeconds = max(0, since)
        }
    }

    /// The last resort. What there is then is looked at, and told as it is.
    func startWhatIsThere(_ context: RunContext) async {
        var inPlace = Standing.Place.unknown
        do {
            switch try folderSwap(context).look() {
            case .old: inPlace = .old
            case .new:
                inPlace = .new
                try CleanUp(settings: settings, fileSystem: fileSystem).record(context.journal, now: clock.now)
            case .absent, .unknown: break
            }
        } catch {
            logger.error("cannot tell which version is in place", metadata: ["error": "\(error)"])
        }
        do {
            try await startService()
        } catch {
            logger.critical("the application does not start", metadata: ["error": "\(error)"])
        }
        let isRunning = if case .running = await service.state() { true } else { false }
        let saved = inPlace == .old && context.journal.newVersionStarted ? unrestored(context) : []
        context.journal.run.standing = Standing(inPlace: inPlace, isRunning: isRunning, savedData: saved)
    }

    // MARK: - Helpers

    /// One that dies at once is started again by supervision; whether it gets well is the health check's to say.
    private func startService() async throws {
        // The environment holds a token that is new each time: one for a start that does not happen would in the end
        // push out the one that the running application has.
        if case .running = await service.state() { return }
        do {
            try await service.start(environment: await applicationEnvironment())
        } catch  where error.code == .diedAtOnce {
            logger.warning("the application ended within moments of its start")
        }
    }

    func folderSwap(_ context: RunContext) throws -> Swap {
        guard let folders = context.journal.folders else {
            throw UpdateFailure(.unexpected, ["reason": "the journal does not know the folders"])
        }
        return try swap(folders, held: context.staged.map { Swap.Held(old: $0.old, new: $0.new) })
    }

    private func staged(_ context: RunContext) throws -> StagedVersion {
        guard let staged = context.staged else {
            throw UpdateFailure(.folderMissing, ["path": layout.staged.readable])
        }
        return staged
    }

    func name(_ pass: CarryOver.Pass, in context: RunContext) {
        context.journal.run.kept = pass.kept.prefix(Self.namedKeptFiles).map(\.readable)
        context.journal.run.keptCount = pass.keptCount
        context.journal.run.beside = pass.beside.prefix(Self.namedKeptFiles).map(\.readable)
    }

    func withProgress(_ context: RunContext, _ body: (ProgressMeter) async throws -> Void) async throws {
        let meter = ProgressMeter(clock: clock)
        let listener = Task {
            for await bytes in meter.changes { self.show(bytes, context) }
        }
        let result: Result<Void, any Error>
        do { result = .success(try await body(meter)) } catch { result = .failure(error) }
        meter.finish()
        await listener.value
        try result.get()
    }

    private func show(_ bytes: ProgressMeter.Bytes, _ context: RunContext) {
        context.count(bytes)
        context.publisher.publish(context.journal.run)
    }
}
