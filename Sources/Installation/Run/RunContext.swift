// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Foundation
internal import Packaging
internal import Platform
internal import Replacement

/// The new folder of a run that is going on, and the old one: held open, so that nobody can put others in their place.
struct StagedVersion: Sendable {
    let entries: [ReleaseEntry]
    let carryOver: CarryOver
    var old: any Folder
    var new: any Folder
    /// What each of its files was when it had been verified.
    var verified: StagedRecord
    /// What was copied ahead.
    var kept: KeptIndex
}

/// What the runner knows of the run that is going on; lives and dies within the runner's isolation.
final class RunContext {
    enum Interruption {
        case cancelled
        case deadlinePassed
        /// The agent is going down: the journal stays, and the next start goes on.
        case suspended
    }

    var journal: Journal
    var machine: UpdateMachine
    let lock: any HeldLock
    let publisher: RunPublisher
    /// The work that is being done.
    var work: Task<Void, any Error>?
    var interruption: Interruption?
    /// The agent is going down.
    var isToSuspend = false
    var resolved: ResolvedRelease?
    var content: Content?
    var staged: StagedVersion?
    /// Monotonic seconds.
    var stopOrderedAt: Double?

    init(journal: Journal, machine: UpdateMachine, lock: any HeldLock, publisher: RunPublisher) {
        self.journal = journal
        self.machine = machine
        self.lock = lock
        self.publisher = publisher
    }

    func use(_ resolved: ResolvedRelease) {
        self.resolved = resolved
        journal.run.to = resolved.release.version
        journal.migratesData = resolved.release.migratesData
        journal.treeSHA256 = resolved.tree.contentSHA256
    }

    /// The step that ran has ended and this one begins; the same step goes on.
    func enter(_ step: UpdateStep, at now: Date) {
        if let last = journal.run.steps.indices.last {
            let record = journal.run.steps[last]
            if record.step == step, record.endedAt == nil || step == .finished { return }
            if journal.run.steps[last].endedAt == nil { journal.run.steps[last].endedAt = now }
        }
        journal.run.steps.append(
            StepRecord(step: step, startedAt: now, endedAt: step == .finished ? now : nil))
    }

    func count(_ bytes: ProgressMeter.Bytes) {
        guard let last = journal.run.steps.indices.last else { return }
        journal.run.steps[last].bytesDone = bytes.done
        journal.run.steps[last].bytesTotal = bytes.total
    }
}
