// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Foundation
internal import Packaging
internal import Platform
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

    var staging: Staging { Staging(layout: layout, keep: settings.keep, fileSystem: fileSystem) }

    // MARK: - While the service is up

    private func prepare(_ context: RunContext) async throws {
        guard let installed = try InstalledRelease.load(layout, fileSystem) else {
            throw UpdateFailure(.notInstalled, ["path": layout.live.string])
        }
        let order = context.journal.run.order
        let resolved = try await releases.resolve(version: order.version)
        context.use(resolved)
        // A channel whose current release is older was recalled to it; going back in versions is never automatic.
        if order.version == nil, let here = Version(installed.version), let there = Version(resolved.release.version),
            there <= here
        {
            throw UpdateFailure(.alreadyInstalled, ["version": installed.version])
        }
        let data = resolved.release.migratesData ? try DataSnapshots.places(of: settings.data, fileSystem) : []
        context.journal.data = data.map(\.string)
        let content = try await plan(resolved, context)
        let preflight = Preflight(settings, data: data, fileSystem: fileSystem, now: clock.now)
        let failures = try await blocking { flag in
            preflight.check(resolved, content, installed: installed, flag: flag)
        }
        for failure in failures { logger.error("preflight", metadata: ["failure": "\(failure.reason)"]) }
        if let first = failures.first { throw first }
    }

    /// After a crash it is asked for again: what was trusted then may have been recalled since.
    func resolved(_ context: RunContext) async throws -> ResolvedRelease {
        if let resolved = context.resolved { return resolved }
        let resolved = try await releases.resolve(version: context.journal.run.to)
        if resolved.isRecalled {
            throw UpdateFailure(.releaseRecalled, ["version": resolved.release.version])
        }
        context.use(resolved)
        return resolved
    }

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
        // Once more while the service is up: the grace time may have been long, and backups large.
        let (staging, staged) = (staging, try stagedTree(context))
        let result = try await blocking { flag in
            try staging.bringAhead(staged.tree, since: staged.kept, flag: flag)
        }
        context.staged = (staged.tree, result.index)
        name(result, in: context)
    }

    // MARK: - While it is down

    private func stop(_ context: RunContext) async throws {
        context.stopOrderedAt = clock.monotonicSeconds
        let report = try await service.stop()
        context.journal.run.applicationStopSeconds = report.seconds
        if report.forced { logger.warning("the application had to be stopped by force") }
    }

    private func carryOver(_ context: RunContext) async throws {
        let (staging, staged) = (staging, try stagedTree(context))
        let result = try await blocking { flag in
            try staging.bringChanged(staged.tree, since: staged.kept, flag: flag)
        }
        context.staged = (staged.tree, result.index)
        name(result, in: context)
        context.count(ProgressMeter.Bytes(done: result.copiedBytes, total: result.copiedBytes))
        guard context.journal.migratesData, !settings.data.isEmpty else { return }
        let snapshots = DataSnapshots(installation: settings.id, fileSystem: fileSystem)
        let places =
            try context.journal.data?.map { FilePath($0) } ?? DataSnapshots.places(of: settings.data, fileSystem)
        context.journal.snapshots = try snapshots.plan(places)
        // Known before they are made: clean-up after a crash removes them.
        try journals.save(context.journal)
        let planned = context.journal.snapshots
        context.journal.snapshots = try await blocking { flag in
            try planned.map { try snapshots.take($0, flag: flag) }
        }
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
        try await waitUntilHealthy(version: context.journal.run.to)
        context.journal.run.applicationStartSeconds = clock.monotonicSeconds - began
        noteDowntime(context)
    }

    private func rollBack(_ context: RunContext, attempt: Int) async throws {
        if attempt > 1 { try await clock.sleep(seconds: Double(attempt)) }
        let swap = try folderSwap(context)
        let newVersionStarted = context.journal.newVersionStarted
        if try newVersionStarted || swap.inPlace() == .new {
            _ = try await service.stop()
            let (saved, id, fileSystem) = (context.journal.snapshots, settings.id, fileSystem)
            try await blocking { _ in
                try swap.back()
                guard newVersionStarted else { return }
                let snapshots = DataSnapshots(installation: id, fileSystem: fileSystem)
                for snapshot in saved { try snapshots.restore(snapshot) }
            }
        } else {
            try await blocking { _ in try swap.back() }
        }
        let began = clock.monotonicSeconds
        try await startService()
        try await waitUntilHealthy(version: context.journal.run.from)
        context.journal.run.applicationStartSeconds = clock.monotonicSeconds - began
        noteDowntime(context)
    }

    /// After a crash the monotonic clock knows nothing of the stop; the record of the step does.
    private func noteDowntime(_ context: RunContext) {
        if let stopped = context.stopOrderedAt {
            context.journal.run.downtimeSeconds = clock.monotonicSeconds - stopped
        } else if let stopped = context.journal.run.steps.first(where: { $0.step == .stopping })?.startedAt {
            context.journal.run.downtimeSeconds = max(0, clock.now.timeIntervalSince(stopped))
        }
    }

    func startWhatIsThere(_ context: RunContext) async {
        do {
            if try folderSwap(context).inPlace() == .new {
                try CleanUp(settings: settings, fileSystem: fileSystem).recordNewVersion(
                    context.journal, now: clock.now)
            }
        } catch {
            logger.error("cannot tell which version is in place", metadata: ["error": "\(error)"])
        }
        do {
            try await startService()
        } catch {
            logger.critical("the application does not start", metadata: ["error": "\(error)"])
        }
    }

    // MARK: - Afterwards

    private func cleanUp(_ context: RunContext, _ ending: Ending) async throws {
        let cleanUp = CleanUp(settings: settings, fileSystem: fileSystem)
        let (journal, now) = (context.journal, clock.now)
        try await blocking { _ in
            switch ending {
            case .updated: try cleanUp.afterUpdate(journal, now: now)
            case .cancelled: try cleanUp.afterNoUpdate(journal, keepsDownload: true)
            case .failed(let failure):
                // What was fetched and verified is worth keeping, unless it is what was wrong.
                let keeps = failure.code != .packTampered && failure.code != .notEnoughSpace
                try cleanUp.afterNoUpdate(journal, keepsDownload: keeps)
            case .rolledBack: try cleanUp.afterNoUpdate(journal, keepsDownload: false)
            case .stranded: break
            }
        }
    }

    // MARK: - Helpers

    private func startService() async throws {
        // The environment holds a token that is new each time: one for a start that does not happen would in the end
        // push out the one that the running application has.
        if case .running = await service.state() { return }
        try await service.start(environment: await applicationEnvironment())
    }

    private func folderSwap(_ context: RunContext) throws -> FolderSwap {
        guard let old = context.journal.oldFolder, let new = context.journal.newFolder else {
            throw UpdateFailure(.unexpected, ["reason": "the journal does not know the folders"])
        }
        return FolderSwap(layout, old: old, new: new, fileSystem: fileSystem)
    }

    private func stagedTree(_ context: RunContext) throws -> (tree: Tree, kept: KeptIndex) {
        guard let staged = context.staged else {
            throw UpdateFailure(.folderMissing, ["path": layout.staged.string])
        }
        return staged
    }

    func name(_ result: CarryOver.Result, in context: RunContext) {
        context.journal.run.kept = Array(result.kept.prefix(Self.namedKeptFiles))
        context.journal.run.beside = Array(result.beside.prefix(Self.namedKeptFiles))
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

    /// Asks until it is healthy or its time is over.
    private func waitUntilHealthy(version expected: String) async throws {
        let limit = settings.health.timeoutSeconds
        let began = clock.monotonicSeconds
        var pause = 0.05
        var failure = UpdateFailure(.healthCheckFailed)
        var wrongSince: Double?
        while true {
            try Task.checkCancellation()
            let left = began + limit - clock.monotonicSeconds
            let answer = await health.check(
                expecting: settings.health.expectVersion ? expected : nil, timeoutSeconds: max(1, min(10, left)))
            switch judge(answer, expected) {
            case nil: return
            case .some(let reason): failure = reason
            }
            let now = clock.monotonicSeconds
            // A freshly started application that names another version will not change its mind.
            wrongSince = failure.code == .wrongVersion ? wrongSince ?? now : nil
            if let wrongSince, now - wrongSince >= 5 { throw failure }
            if case .waitingToRestart(_, let exits) = await service.state(), exits >= 4 {
                throw UpdateFailure(.serviceExited, ["version": expected])
            }
            guard now - began < limit else {
                failure.arguments["version"] = expected
                failure.arguments["seconds"] = String(limit)
                throw failure
            }
            try await clock.sleep(seconds: pause)
            pause = min(pause * 1.5, 1)
        }
    }

    private func judge(_ answer: Health, _ expected: String) -> UpdateFailure? {
        switch answer {
        case .unhealthy(let reason): UpdateFailure(.healthCheckFailed, ["reason": reason])
        case .healthy(let version):
            !settings.health.expectVersion || version == expected
                ? nil : UpdateFailure(.wrongVersion, ["expected": expected, "found": version ?? "?"])
        }
    }
}
