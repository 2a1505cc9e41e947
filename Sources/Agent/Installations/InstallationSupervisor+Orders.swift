// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Packaging
import Platform

// Orders: from the request to the run that carries it out, or to the mail that says why there is none.
extension InstallationSupervisor {
    func order(_ order: UpdateOrder, by account: String) async throws -> UpdateRun {
        try refuseWhileBusy()
        guard let installed = await runner.installedVersion() else {
            throw Refusal(.notInstalled, 409, ["path": configuration.folder.string])
        }
        let version: String
        do {
            version = try await self.version(for: order, installed: installed)
        } catch {
            throw Refusal(UpdateFailure(error))
        }
        try refuseWhileBusy()
        var order = order
        if order.version != nil { order.version = version }
        let run = UpdateRun(
            id: UpdateRunner.newRunID(), installation: id, product: configuration.product, from: installed,
            to: version, order: order, requestedBy: account)
        if let at = order.at, at > clock.now { return try await schedule(run, at: at) }
        return await start(run)
    }

    private func refuseWhileBusy() throws {
        guard case .idle = phase, scheduled == nil else { throw Refusal(.updateRunning, 409) }
    }

    private func version(for order: UpdateOrder, installed: String) async throws -> String {
        let version = try await watch.offer().version(for: order.version)
        guard order.at != nil else { return version }
        // The run itself would find this out, at night when nobody is there.
        let release = try await vendor.resolve(version: version).release
        if let required = release.requirements.fromVersion.flatMap({ Version($0) }),
            let here = Version(installed), here < required
        {
            throw UpdateFailure(.versionTooOld, ["version": installed, "required": required.text])
        }
        return version
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
        if let run = scheduled, run.id == id {
            scheduled = nil
            try await history.unschedule(id)
            let failure = Catalogue.failure(.cancelled, ["by": account], language: run.order.language ?? language)
            let ended = finished(run, .cancelled, failure)
            await tell(ended)
            await hub.runChanged(ended)
            return ended
        }
        guard case .running(id, let task) = phase, await runner.cancel(by: account) else {
            throw Refusal(.tooLateToCancel, 409)
        }
        await task?.value
        guard let run = await hub.latest(id) else { throw Refusal(.runUnknown, 404, ["id": id]) }
        return run
    }

    func ended(_ run: UpdateRun?) async {
        if let run { await hub.runChanged(run) }
        if case .running = phase { phase = .idle }
        Task {
            // An agent runs for months, and an update takes more than all the rest.
            await BlockingWork.run { ProcessMemory.giveBack() }
            await self.watch.look(unlessYoungerThan: 0)
            if let run, run.outcome == .updated { await self.tidyMirror(previous: run.from) }
        }
    }

    /// Workstations still on the previous version, and those that may soon get the next one, are served as before.
    private func tidyMirror(previous: String) async {
        let versions = [await runner.installedVersion(), previous, await watch.current].compactMap { $0 }
        do {
            try await mirror.keep(only: try await vendor.objects(of: Set(versions)))
        } catch {
            let failure = UpdateFailure(error)
            logger.warning("the mirror is not tidied up", metadata: ["reason": "\(failure.reason)"])
        }
    }

    // MARK: Times

    func startWhatIsDue() async {
        guard case .idle = phase, let run = scheduled, let at = run.order.at, at <= clock.now else { return }
        guard clock.now.timeIntervalSince(at) <= Self.lateness else {
            scheduled = nil
            let time = Catalogue.moment(at, run.order.language ?? language, timeZone: .current)
            await close(run, UpdateFailure(.missedItsTime, ["time": time]))
            return
        }
        do {
            try await history.unschedule(run.id)
        } catch {
            logger.error("a scheduled order cannot be taken up", metadata: ["run": "\(run.id)", "reason": "\(error)"])
            return
        }
        // It stays in the schedule until here, so that no other order comes between; it may have been cancelled.
        guard scheduled?.id == run.id else { return }
        scheduled = nil
        _ = await start(run)
    }

    /// Runs that the history knows as unfinished while neither a journal nor the schedule has them: the agent ended
    /// between taking an order up and writing it down. Nobody would ever finish them, and who watches would wait.
    func closeLostRuns(except interrupted: UpdateRun?) async throws {
        for run in try await history.unfinished(of: id) where run.id != interrupted?.id && run.id != scheduled?.id {
            await close(run, UpdateFailure(.interrupted, ["step": run.step.rawValue]))
        }
    }

    /// Ends a run that touched nothing; whoever ordered it hears of it. The mail comes first: should the agent end
    /// right here, the next start does it again rather than never.
    private func close(_ run: UpdateRun, _ failure: UpdateFailure) async {
        var failure = failure
        failure.arguments["from"] = run.from
        failure.arguments["version"] = run.to
        let run = finished(
            run, .failed, failure.sentences(in: run.order.language ?? language, state: .untouched))
        logger.error("update not run", metadata: ["run": "\(run.id)", "failure": "\(failure.reason)"])
        await tell(run)
        await hub.runChanged(run)
        do {
            try await history.unschedule(run.id)
        } catch {
            logger.error("an order stays in the schedule", metadata: ["run": "\(run.id)", "reason": "\(error)"])
        }
    }

    private func tell(_ run: UpdateRun) async {
        do {
            try await notifier.notify(run)
        } catch {
            logger.error("cannot notify", metadata: ["run": "\(run.id)", "reason": "\(error)"])
        }
    }

    private func finished(_ run: UpdateRun, _ outcome: UpdateOutcome, _ failure: Failure) -> UpdateRun {
        var run = run
        let now = clock.now
        for index in run.steps.indices where run.steps[index].endedAt == nil { run.steps[index].endedAt = now }
        run.steps.append(StepRecord(step: .finished, startedAt: now, endedAt: now))
        run.outcome = outcome
        run.failure = failure
        return run
    }
}
