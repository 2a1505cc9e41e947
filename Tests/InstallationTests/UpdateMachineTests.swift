// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Testing

@testable import Installation

@Suite("The update machine decides")
struct UpdateMachineTests {
    static let failure = UpdateFailure(.unexpected, ["reason": "test"])
    static let endings: [Ending] = [
        .updated, .rolledBack(failure), .cancelled, .failed(failure), .stranded(failure),
    ]
    static let states: [UpdateMachine.State] =
        [
            .requested, .downloading, .staging, .warning, .closing, .stopping, .carryingOver, .swapping, .starting,
            .rollingBack(failure, attempt: 1), .rollingBack(failure, attempt: 3),
        ] + endings.flatMap { [.cleaningUp($0), .notifying($0), .offeringClients($0), .finished($0)] }
    static let events: [UpdateMachine.Event] = [.succeeded, .failed(failure), .cancelRequested, .deadlinePassed]

    @Test("The steps of an update that goes well are those of the design, in its order")
    func order() {
        var machine = UpdateMachine()
        var effects = machine.begin()
        var steps = [machine.state.step]
        while !effects.isEmpty {
            effects = machine.handle(.succeeded)
            if steps.last != machine.state.step { steps.append(machine.state.step) }
        }
        #expect(steps == UpdateStep.allCases.filter { $0 != .rollingBack })
        #expect(machine.state == .finished(.updated))
    }

    @Test("Every state is recorded before anything else is done in it", arguments: states)
    func recordedFirst(state: UpdateMachine.State) {
        #expect(UpdateMachine(state: state).begin().first == .record)
    }

    @Test(
        "A failure before the service is stopped never touches it", arguments: Array(states.prefix(5)),
        events.dropFirst())
    func beforeStopping(state: UpdateMachine.State, event: UpdateMachine.Event) {
        var machine = UpdateMachine(state: state)
        let effects = machine.handle(event)
        let ending: Ending =
            switch event {
            case .cancelRequested: .cancelled
            case .deadlinePassed: .failed(UpdateFailure(.deadlinePassed))
            default: .failed(Self.failure)
            }
        #expect(machine.state == .cleaningUp(ending))
        #expect(effects == [.record, .cancelWarning, .acceptLogins, .work(.cleanUp(ending))])
    }

    @Test(
        "A failure while the service is down rolls back", arguments: Array(states[5..<9]),
        [UpdateMachine.Event.failed(failure), .deadlinePassed])
    func whileDown(state: UpdateMachine.State, event: UpdateMachine.Event) {
        var machine = UpdateMachine(state: state)
        let effects = machine.handle(event)
        #expect(effects == [.record, .work(.rollBack(attempt: 1))])
        let reason = event == .deadlinePassed ? UpdateFailure(.deadlinePassed) : Self.failure
        #expect(machine.state == .rollingBack(reason, attempt: 1))
    }

    @Test("Cancelling is possible exactly while the service is up", arguments: states)
    func cancelling(state: UpdateMachine.State) {
        var machine = UpdateMachine(state: state)
        let could = machine.canBeCancelled
        #expect(could == !machine.handle(.cancelRequested).isEmpty)
        #expect(could == Self.states.prefix(5).contains(state))
    }

    @Test("The deadline interrupts exactly what may be interrupted; what ignores it stays as it is", arguments: states)
    func deadline(state: UpdateMachine.State) {
        var machine = UpdateMachine(state: state)
        if machine.canBeInterrupted {
            #expect(!machine.handle(.deadlinePassed).isEmpty)
        } else if state != .swapping {
            #expect(machine.handle(.deadlinePassed).isEmpty)
            #expect(machine.state == state)
        }
    }

    @Test(
        "Once the new version is healthy, nothing undoes the update",
        arguments: [UpdateMachine.Event.succeeded, .failed(failure)])
    func afterwards(event: UpdateMachine.Event) {
        var machine = UpdateMachine(state: .starting)
        var effects = machine.handle(.succeeded)
        while !effects.isEmpty { effects = machine.handle(event) }
        #expect(machine.state == .finished(.updated))
    }

    @Test("Rolling back is tried again, then everything is left for a person and the service started anyway")
    func stranded() {
        var machine = UpdateMachine(state: .rollingBack(Self.failure, attempt: 1), rollBackAttempts: 3)
        let again = UpdateFailure(.fileFailed)
        #expect(machine.handle(.failed(again)) == [.record, .work(.rollBack(attempt: 2))])
        #expect(machine.handle(.failed(again)) == [.record, .work(.rollBack(attempt: 3))])
        let effects = machine.handle(.failed(again))
        #expect(effects.contains(.startWhatIsThere))
        #expect(effects.contains(.acceptLogins))
        guard case .notifying(.stranded(let failure)) = machine.state else {
            Issue.record("not stranded but \(machine.state)")
            return
        }
        #expect(failure.code == .rollbackFailed)
        #expect(machine.handle(.succeeded) == [.record, .end(.stranded(failure))])
    }

    @Test("Whatever fails, a run ends, and a service that it stopped was brought up again", arguments: 0...4)
    func everyPath(_ crashes: Int) {
        var explorer = Explorer(crashesLeft: min(crashes, 1), machine: UpdateMachine(rollBackAttempts: 1 + crashes % 3))
        explorer.explore(depth: 0)
        #expect(explorer.violations.isEmpty)
        #expect(explorer.ends > 20)
    }

    @Test(
        "After a crash the run goes on as the design's table says",
        arguments: [
            (UpdateMachine.State.requested, FolderInPlace.old, UpdateStep.requested),
            (.downloading, .old, .downloading), (.staging, .old, .staging), (.warning, .old, .warning),
            (.closing, .old, .closing), (.stopping, .old, .rollingBack), (.carryingOver, .old, .rollingBack),
            (.swapping, .old, .rollingBack), (.swapping, .new, .starting), (.starting, .new, .starting),
            (.starting, .old, .rollingBack), (.rollingBack(failure, attempt: 3), .new, .rollingBack),
            (.cleaningUp(.updated), .new, .cleaningUp), (.notifying(.updated), .new, .notifying),
            (.offeringClients(.updated), .new, .offeringClients), (.finished(.updated), .new, .finished),
            // A stranger's folder is started as it is; nothing is undone or done with it.
            (.warning, .unknown, .warning), (.stopping, .unknown, .notifying), (.swapping, .unknown, .notifying),
            (.starting, .unknown, .notifying), (.rollingBack(failure, attempt: 2), .unknown, .notifying),
            (.cleaningUp(.updated), .unknown, .cleaningUp),
        ])
    func recovery(state: UpdateMachine.State, inPlace: FolderInPlace, expected: UpdateStep) {
        let machine = UpdateMachine.recovered(from: state, inPlace: inPlace)
        #expect(machine.state.step == expected)
        if case .rollingBack(_, let attempt) = machine.state { #expect(attempt == 1) }
    }
}

/// Goes through every sequence of events, in a world that is only what the effects make of it.
private struct Explorer {
    enum Service {
        case up
        /// Stopped, or nobody knows.
        case down
        /// Started as the last resort.
        case tried
    }

    var crashesLeft: Int
    var machine: UpdateMachine
    var service = Service.up
    var wasStopped = false
    var newIsHealthy = false
    var rolledBack = false
    /// What is at the live path; a swap that failed may have happened or not.
    var live: Set<FolderInPlace> = [.old]
    var ends = 0
    var violations: [String] = []

    mutating func explore(depth: Int) {
        run(machine.begin(), depth: depth)
    }

    private mutating func run(_ effects: [UpdateMachine.Effect], depth: Int) {
        if depth > 40 { violations.append("does not end: \(machine.state)") }
        guard depth <= 40, violations.count < 20 else { return }
        for effect in effects {
            switch effect {
            case .startWhatIsThere: service = .tried
            case .work(let work): branch(work, depth: depth)
            case .end(let ending): check(ending)
            case .record, .cancelWarning, .acceptLogins: break
            }
        }
    }

    private mutating func branch(_ work: UpdateMachine.Work, depth: Int) {
        for event in UpdateMachineTests.events {
            var next = self
            next.ends = 0
            next.did(work, event)
            let effects = next.machine.handle(event)
            if effects.isEmpty { continue }
            next.run(effects, depth: depth + 1)
            ends += next.ends
            violations = next.violations
        }
        guard crashesLeft > 0 else { return }
        for inPlace in live {
            var next = self
            next.ends = 0
            next.crashesLeft -= 1
            next.did(work, .failed(UpdateMachineTests.failure))
            next.live = work == .swap ? [.old, .new] : next.live
            guard next.live.contains(inPlace) else { continue }
            next.machine = UpdateMachine.recovered(from: machine.state, inPlace: inPlace)
            next.live = [inPlace]
            next.run(next.machine.begin(), depth: depth + 1)
            ends += next.ends
            violations = next.violations
        }
    }

    private mutating func did(_ work: UpdateMachine.Work, _ event: UpdateMachine.Event) {
        switch (work, event) {
        case (.stop, _):
            wasStopped = true
            service = .down
        case (.swap, .succeeded): live = [.new]
        case (.swap, _): live = [.old, .new]
        case (.start, .succeeded):
            if live != [.new] { violations.append("started \(live) as the new version") }
            service = .up
            newIsHealthy = true
        case (.start, _): service = .down
        case (.rollBack, .succeeded):
            if newIsHealthy { violations.append("rolled back a healthy update") }
            live = [.old]
            service = .up
            rolledBack = true
        case (.rollBack, _):
            service = .down
            live.insert(.old)
        default: break
        }
    }

    private mutating func check(_ ending: Ending) {
        ends += 1
        let isRight =
            switch ending {
            case .updated: newIsHealthy && service == .up && live == [.new]
            case .rolledBack: rolledBack && service == .up && live == [.old]
            case .cancelled, .failed: !wasStopped && service == .up && live == [.old]
            case .stranded: wasStopped && service == .tried
            }
        if !isRight { violations.append("\(ending): service \(service), live \(live)") }
    }
}
