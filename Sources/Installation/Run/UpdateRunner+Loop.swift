// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Foundation
internal import Platform

/// Seconds that a service may be down, where a journal of an earlier agent does not say.
private let downSecondsUnsaid = 30.0 * 60

/// The machine is fed with what became of its effects, until it has none.
extension UpdateRunner {
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
        deactivate()
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

    func interrupt(_ context: RunContext, _ reason: RunContext.Interruption) {
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
            context.journal.deadline = now.addingTimeInterval(context.journal.downSeconds ?? downSecondsUnsaid)
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
}

extension UpdateMachine.State {
    /// Until the new version is healthy, a step that cannot be recorded is not begun.
    var mustBeRecorded: Bool {
        switch self {
        case .requested, .downloading, .staging, .warning, .closing, .stopping, .carryingOver, .swapping, .starting:
            true
        case .rollingBack, .cleaningUp, .notifying, .offeringClients, .finished: false
        }
    }
}
