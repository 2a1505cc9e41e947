// SPDX-License-Identifier: Apache-2.0
public import AgentAPI

/// How a run ends, before it is in words.
public enum Ending: Sendable, Hashable, Codable {
    case updated
    case rolledBack(UpdateFailure)
    case cancelled
    /// Before the service was stopped.
    case failed(UpdateFailure)
    /// Even rolling back failed: a person is needed, and nothing that they may need is cleaned up.
    case stranded(UpdateFailure)

    public var outcome: UpdateOutcome {
        switch self {
        case .updated: .updated
        case .rolledBack: .rolledBack
        case .cancelled: .cancelled
        case .failed, .stranded: .failed
        }
    }

    public var failure: UpdateFailure? {
        switch self {
        case .rolledBack(let failure), .failed(let failure), .stranded(let failure): failure
        case .updated, .cancelled: nil
        }
    }
}

/// The decisions of an update run, and nothing else: events go in, effects come out. It does no I/O and knows no time.
///
/// What it promises, whatever happens (`UpdateMachineTests` go through every state and event):
/// - Until `stopping`, a failure, a cancellation or the deadline ends the run with the service never touched.
/// - From `stopping` until the new version is healthy, every one of them leads to `rollingBack`.
/// - From then on nothing undoes the update.
/// - A run that has stopped the service ends only after the service was found healthy, or, when even rolling back
///   fails, after everything was tried to have it running.
/// - Each state is recorded before its work begins, so that a crash finds what was about to be done.
public struct UpdateMachine: Sendable, Hashable {
    public enum State: Sendable, Hashable, Codable {
        case requested
        case downloading
        case staging
        case warning
        case closing
        case stopping
        case carryingOver
        case swapping
        case starting
        /// Because of a failure; attempts count from 1.
        case rollingBack(UpdateFailure, attempt: Int)
        case cleaningUp(Ending)
        case notifying(Ending)
        case offeringClients(Ending)
        case finished(Ending)
    }

    public enum Event: Sendable, Hashable {
        /// The state's work is done.
        case succeeded
        /// The state's work could not be done; it has stopped.
        case failed(UpdateFailure)
        /// The administrator wants no update; the state's work has stopped.
        case cancelRequested
        /// The run's time is over; the state's work has stopped.
        case deadlinePassed
    }

    /// Carried out in order.
    public enum Effect: Sendable, Hashable {
        /// Write the state to the journal, durably, before anything that follows.
        case record
        /// Do the state's work and report how it went: the only effect that leads to an event.
        case work(Work)
        /// Tell whoever was warned that there is no update.
        case cancelWarning
        case acceptLogins
        /// Start whatever is in place; the last resort after rolling back failed.
        case startWhatIsThere
        /// The run is over: publish it and drop the journal.
        case end(Ending)
    }

    public enum Work: Sendable, Hashable {
        /// Ask for the release, run the preflight.
        case prepare
        case download
        case stage
        case warn
        case close
        case stop
        case carryOver
        case swap
        case start
        case rollBack(attempt: Int)
        case cleanUp(Ending)
        case notify(Ending)
        case offerClients
    }

    public private(set) var state: State
    private let rollBackAttempts: Int

    /// A fresh run, or one that goes on from `state`. Nothing happens before ``begin()``.
    public init(state: State = .requested, rollBackAttempts: Int = 3) {
        self.state = state
        self.rollBackAttempts = rollBackAttempts
    }

    /// The effects that start the work of the state it is in.
    public func begin() -> [Effect] { Self.entering(state) }

    public mutating func handle(_ event: Event) -> [Effect] {
        switch state {
        case .requested: undisturbed(event, next: .downloading)
        case .downloading: undisturbed(event, next: .staging)
        case .staging: undisturbed(event, next: .warning)
        case .warning: undisturbed(event, next: .closing)
        case .closing: undisturbed(event, next: .stopping)
        case .stopping: down(event, next: .carryingOver)
        case .carryingOver: down(event, next: .swapping)
        case .swapping: down(event, next: .starting)
        case .starting: down(event, next: .cleaningUp(.updated))
        case .rollingBack(let failure, let attempt): rolledBack(event, because: failure, attempt: attempt)
        case .cleaningUp(let ending): settled(event, next: .notifying(ending))
        case .notifying(.updated): settled(event, next: .offeringClients(.updated))
        case .notifying(let ending): settled(event, next: .finished(ending))
        case .offeringClients(let ending): settled(event, next: .finished(ending))
        case .finished: []
        }
    }

    /// Whether ``Event/cancelRequested`` would still end the run.
    public var canBeCancelled: Bool {
        switch state {
        case .requested, .downloading, .staging, .warning, .closing: true
        case .stopping, .carryingOver, .swapping, .starting, .rollingBack, .cleaningUp, .notifying, .offeringClients,
            .finished:
            false
        }
    }

    /// Whether the run may be left as it is when the agent goes down, for the next start to go on with: the service is up,
    /// and what has been done so far is on disk.
    public var canBeSuspended: Bool {
        if case .cleaningUp = state { true } else { canBeCancelled }
    }

    /// Whether ``Event/deadlinePassed`` may interrupt the state's work. Renaming is never interrupted; nor is what
    /// brings the system back to rest.
    public var canBeInterrupted: Bool {
        switch state {
        case .requested, .downloading, .staging, .warning, .closing, .stopping, .carryingOver, .starting: true
        case .swapping, .rollingBack, .cleaningUp, .notifying, .offeringClients, .finished: false
        }
    }

    // MARK: - Transitions

    private mutating func enter(_ next: State) -> [Effect] {
        state = next
        return Self.entering(next)
    }

    /// The service is up, and nobody has lost anything.
    private mutating func undisturbed(_ event: Event, next: State) -> [Effect] {
        switch event {
        case .succeeded: enter(next)
        case .failed(let failure): enter(.cleaningUp(.failed(failure)))
        case .cancelRequested: enter(.cleaningUp(.cancelled))
        case .deadlinePassed: enter(.cleaningUp(.failed(UpdateFailure(.deadlinePassed))))
        }
    }

    /// The service is down, or may be.
    private mutating func down(_ event: Event, next: State) -> [Effect] {
        switch event {
        case .succeeded: enter(next)
        case .failed(let failure): enter(.rollingBack(failure, attempt: 1))
        case .deadlinePassed: enter(.rollingBack(UpdateFailure(.deadlinePassed), attempt: 1))
        case .cancelRequested: []
        }
    }

    private mutating func rolledBack(_ event: Event, because failure: UpdateFailure, attempt: Int) -> [Effect] {
        switch event {
        case .succeeded: return enter(.cleaningUp(.rolledBack(failure)))
        case .failed where attempt < rollBackAttempts:
            return enter(.rollingBack(failure, attempt: attempt + 1))
        case .failed(let other):
            let arguments = ["reason": other.reason, "cause": failure.reason]
            return enter(.notifying(.stranded(UpdateFailure(.rollbackFailed, arguments))))
        case .cancelRequested, .deadlinePassed: return []
        }
    }

    /// Folder and service are as they should be. What fails from here on is reported by whoever carries it out, but
    /// never keeps a run from ending.
    private mutating func settled(_ event: Event, next: State) -> [Effect] {
        switch event {
        case .succeeded, .failed: enter(next)
        case .cancelRequested, .deadlinePassed: []
        }
    }

    /// What belongs to a state comes from the state alone: a crash halfway through it is answered by all of it again.
    private static func entering(_ state: State) -> [Effect] {
        switch state {
        case .requested: [.record, .work(.prepare)]
        case .downloading: [.record, .work(.download)]
        case .staging: [.record, .work(.stage)]
        case .warning: [.record, .work(.warn)]
        case .closing: [.record, .work(.close)]
        case .stopping: [.record, .work(.stop)]
        case .carryingOver: [.record, .work(.carryOver)]
        case .swapping: [.record, .work(.swap)]
        case .starting: [.record, .work(.start)]
        case .rollingBack(_, let attempt): [.record, .work(.rollBack(attempt: attempt))]
        // Logins first: cleaning up a large folder takes its time, and people are waiting.
        case .cleaningUp(.updated): [.record, .acceptLogins, .work(.cleanUp(.updated))]
        case .cleaningUp(let ending): [.record, .cancelWarning, .acceptLogins, .work(.cleanUp(ending))]
        case .notifying(.stranded(let failure)):
            [.record, .startWhatIsThere, .cancelWarning, .acceptLogins, .work(.notify(.stranded(failure)))]
        case .notifying(let ending): [.record, .work(.notify(ending))]
        case .offeringClients: [.record, .work(.offerClients)]
        case .finished(let ending): [.record, .end(ending)]
        }
    }
}

extension UpdateMachine.State {
    public var step: UpdateStep {
        switch self {
        case .requested: .requested
        case .downloading: .downloading
        case .staging: .staging
        case .warning: .warning
        case .closing: .closing
        case .stopping: .stopping
        case .carryingOver: .carryingOver
        case .swapping: .swapping
        case .starting: .starting
        case .rollingBack: .rollingBack
        case .cleaningUp: .cleaningUp
        case .notifying: .notifying
        case .offeringClients: .offeringClients
        case .finished: .finished
        }
    }
}

// MARK: - After a crash

/// What a crash left at the live path, after recovery has made sure that there is something.
public enum FolderInPlace: Sendable, Hashable {
    case old
    case new
    /// Neither: somebody put it there. It is started as it is, and nothing is moved or removed.
    case unknown
}

extension UpdateMachine {
    /// The run that a journal tells of, going on as the last column of the design's table says.
    public static func recovered(
        from state: State, inPlace: FolderInPlace, rollBackAttempts: Int = 3
    ) -> UpdateMachine {
        let interrupted = UpdateFailure(.interrupted, ["step": state.step.rawValue])
        let stranger = State.notifying(.stranded(UpdateFailure(.folderUnknown)))
        let next: State =
            switch (state, inPlace) {
            // The service is up and nobody noticed: go on. Each of these can be done again; a stranger's folder is
            // found before anything is done to it.
            case (.requested, _), (.downloading, _), (.staging, _), (.warning, _), (.closing, _): state
            case (.stopping, .unknown), (.carryingOver, .unknown), (.swapping, .unknown), (.starting, .unknown),
                (.rollingBack, .unknown):
                stranger
            // The old version is untouched: start it.
            case (.stopping, _), (.carryingOver, _): .rollingBack(interrupted, attempt: 1)
            case (.swapping, .new), (.starting, .new): .starting
            // Before the exchange, or somebody put the old folder back by hand; their word counts.
            case (.swapping, .old), (.starting, .old): .rollingBack(interrupted, attempt: 1)
            case (.rollingBack(let failure, _), _): .rollingBack(failure, attempt: 1)
            case (.cleaningUp, _), (.notifying, _), (.offeringClients, _), (.finished, _): state
            }
        return UpdateMachine(state: next, rollBackAttempts: rollBackAttempts)
    }
}
