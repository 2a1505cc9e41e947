// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
internal import Foundation
internal import Platform
internal import Replacement
internal import SystemPackage

/// After a crash, and at each start.
extension UpdateRunner {
    /// Before anything else at the agent's start, and before the service is started: a complete application is at the
    /// live path when it returns, unless what is there is a stranger's, which stays as it is (``problems`` says so).
    /// Quick: it only renames. Returns the run that the journal tells of, which ``resume()`` brings to its end; `nil`
    /// when none was open.
    ///
    /// Throws when another process owns the installation, or when the journal or the folders cannot be read; the
    /// service must not be started then.
    public func recover() throws(UpdateFailure) -> UpdateRun? {
        guard active == nil else { return active?.journal.run }
        do {
            try StateMove(settings: settings, fileSystem: fileSystem).follow()
            guard try fileSystem.exists(layout.state) else { return nil }
            let lock = try takeLock()
            close()
            var isKept = false
            defer { if !isKept { lock.release() } }
            guard let journal = try journals.load() else {
                lookAtLive()
                return nil
            }
            let inPlace = try folderInPlace(journal)
            guard try isHere(journal) else {
                try setAside(journal)
                return nil
            }
            // Its note could be written when the journal could not: nothing undoes an update that has been called one.
            let isUpdated = journal.state == .starting && inPlace == .new && cleanUp.isRecorded(journal)
            let machine = UpdateMachine.recovered(
                from: isUpdated ? .cleaningUp(.updated) : journal.state, inPlace: inPlace,
                rollBackAttempts: settings.limits.rollBackAttempts)
            logger.notice(
                "an update was interrupted",
                metadata: [
                    "run": "\(journal.run.id)", "step": "\(journal.state.step)", "next": "\(machine.state.step)",
                    "in place": "\(inPlace)",
                ])
            isKept = true
            activate(RunContext(journal: journal, machine: machine, lock: lock, publisher: RunPublisher(observer)))
            return journal.run
        } catch {
            throw UpdateFailure(error)
        }
    }

    /// An application that runs as somebody else has no business in what belongs to its updates: installations of before
    /// were open to it.
    private func close() {
        guard let found = try? fileSystem.attributes(of: layout.state), found.permissions & 0o077 != 0 else { return }
        try? fileSystem.setPermissions(0o700, of: layout.state)
    }

    /// Tells the observer how the last run ended, should a crash or the disk have been in the way of it. At each
    /// start after ``recover()``; does nothing while a run is open.
    public func publishEnded() async {
        guard active == nil, let ended = try? journals.ended(), await observer.runChanged(ended.run) else { return }
        do throws(UpdateFailure) { try journals.remove() } catch {
            logger.warning("cannot remove the journal", metadata: ["error": "\(error.reason)"])
        }
    }

    /// Brings the run that ``recover()`` found to its end; `nil` when there is none.
    public func resume() async -> UpdateRun? {
        guard let context = active, context.work == nil else { return nil }
        switch context.machine.state {
        // What was verified before the crash may have been changed since: it is built anew.
        case .warning, .closing:
            context.machine = UpdateMachine(state: .staging, rollBackAttempts: settings.limits.rollBackAttempts)
        // The time during which nobody was there is not the new version's: it may show that it is healthy first.
        case .starting:
            let patience = settings.health.timeoutSeconds + settings.limits.downReserveSeconds
            context.journal.deadline = max(context.journal.deadline, clock.now.addingTimeInterval(patience))
        default: break
        }
        return await drive(context)
    }

    /// Removes what is over or was left behind: an earlier version whose retention has ended, what could not be deleted
    /// the last time. Does nothing while a run is going on; call it now and then.
    public func cleanUpExpired() async {
        guard active == nil, cleaning == nil, let lock = try? takeLock() else { return }
        forgetEnded()
        let (cleanUp, now) = (cleanUp, clock.now)
        let task = Task {
            let failures = await BlockingWork.run { cleanUp.expired(now: now) }
            lock.release()
            note(failures, as: .leftovers)
            cleaning = nil
        }
        cleaning = task
        await task.value
    }

    /// The journal of a run that has ended here, and that could be neither written nor removed then.
    private func forgetEnded() {
        guard let endedRun, let journal = try? journals.load(), journal.run.id == endedRun else { return }
        try? journals.remove()
    }

    /// The first of what cannot be removed stands for all; none is a problem that has gone.
    func note(_ failures: [UpdateFailure], as finding: Finding) {
        let before = findings[finding]
        findings[finding] = failures.first
        guard let failure = failures.first, failure != before else { return }
        logger.warning("\(finding)", metadata: ["failure": "\(failure.reason)"])
    }

    // MARK: - What is in place

    /// What stands at the live path, by what is recorded; a stranger's is a finding.
    @discardableResult
    func lookAtLive() -> Found? {
        do {
            guard let installed = try InstalledRelease.load(layout, fileSystem) else { return nil }
            let live = LiveFolder(settings: settings, fileSystem: fileSystem)
            let found = try live.find(installed)
            note(LiveFolder.failure(found, layout).map { [$0] } ?? [], as: .folder)
            guard case .known = found else { return found }
            let settled = try live.require(installed, now: clock.now)
            if settled.version != installed.version {
                logger.notice(
                    "an earlier version was put back by hand",
                    metadata: ["from": "\(installed.version)", "to": "\(settled.version)"])
                try settled.save(layout, fileSystem)
            } else if settled != installed {
                // A copy of what was recorded need not be read again each time that somebody asks; the next order notes it too.
                try? settled.save(layout, fileSystem)
            }
            return found
        } catch {
            note([UpdateFailure(error)], as: .folder)
            return nil
        }
    }

    private func folderInPlace(_ journal: Journal) throws -> FolderInPlace {
        guard let folders = journal.folders else {
            switch lookAtLive() {
            case .unknown: return .unknown
            case .absent: throw UpdateFailure(.folderMissing, ["path": layout.live.readable])
            case .known, nil: return .old
            }
        }
        switch try swap(folders).repair() {
        case .old: return .old
        case .new: return .new
        case .absent: throw UpdateFailure(.folderMissing, ["path": layout.live.readable])
        case .unknown(let why):
            note([UpdateFailure(unknown: why, at: layout.live)], as: .folder)
            return .unknown
        }
    }

    func swap(_ folders: SwapRecord, held: Swap.Held? = nil) throws -> Swap {
        let retained = try InstalledRelease.load(layout, fileSystem)?.retained.map(\.record) ?? []
        return Swap(layout.place, folders, others: retained, held: held, fileSystem: fileSystem)
    }

    // MARK: - A copy of an installation

    private func isHere(_ journal: Journal) throws -> Bool {
        guard let written = journal.whereabouts else { return true }
        return Whereabouts.current(live: layout.live, fileSystem: fileSystem).isHere(written)
    }

    /// The journal of another place, which was copied here with its folder: it speaks of data that is not this
    /// installation's. What is in place is complete; the rest is the original's business.
    private func setAside(_ journal: Journal) throws {
        if let folders = journal.folders {
            let found = try Identifier(fileSystem).identify(layout.live, among: [folders.old, folders.new])
            if case .known(let record, _) = found, record.id == folders.new.id, !cleanUp.isRecorded(journal) {
                var copied = journal
                copied.folders?.new = record
                try cleanUp.record(copied, now: clock.now)
            }
        }
        let aside = layout.state.appending("journal-\(journal.run.id).copied.json")
        try fileSystem.remove(aside)
        try fileSystem.rename(layout.journal, to: aside)
        try fileSystem.syncDirectory(layout.state)
        logger.warning(
            "a copied installation: the run that its journal tells of is not continued here",
            metadata: ["run": "\(journal.run.id)", "journal": "\(aside)"])
        lookAtLive()
    }
}
