// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Packaging
import Platform
import ServiceControl
import Synchronization
import SystemPackage

/// What happened in which order, over all fakes.
final class EventLog: Sendable {
    private let state = Mutex<[String]>([])

    var events: [String] { state.withLock { $0 } }
    func add(_ event: String) { state.withLock { $0.append(event) } }
}

/// Short sleeps are over at once and move the clock; long ones, which only guard, end when they are cancelled.
final class EagerClock: WallClock {
    private let state = Mutex((now: Date(timeIntervalSince1970: 1_767_225_600), monotonic: 0.0))

    var now: Date { state.withLock { $0.now } }
    var monotonicSeconds: Double { state.withLock { $0.monotonic } }

    func advance(by seconds: Double) {
        state.withLock {
            $0.now += seconds
            $0.monotonic += seconds
        }
    }

    func sleep(seconds: Double) async throws {
        try Task.checkCancellation()
        guard seconds > 20 else {
            advance(by: max(0, seconds))
            return await Task.yield()
        }
        try await Task.sleep(for: .seconds(3600))
    }
}

/// An application that runs the version found in the live folder's file `VERSION`, and whose second version migrates
/// its data as soon as it starts. It outlives the agent: when `isDead` says so, calls come from a killed one and do nothing.
final class FakeService: ServiceControl {
    struct Behaviour: Sendable {
        var refusesToStop = false
        var forced = false
        /// Versions that start and never become healthy.
        var unhealthy: Set<String> = []
        /// Versions that die at once.
        var dying: Set<String> = []
        /// Versions that answer well once, and are gone then: the first process of a command that goes to the background.
        var leaving: Set<String> = []
        /// What a version says that it is.
        var says: [String: String] = [:]
        var exits = 0
        /// Somebody else has the port of a service that is stopped.
        var answersWhenStopped = false
        /// Called when it has stopped, and before it starts.
        var whenStopped: (@Sendable () -> Void)?
        var beforeStart: (@Sendable () -> Void)?
        /// Called when a version has started.
        var whenStarted: (@Sendable (String) throws -> Void)?
    }

    private struct State {
        var running: String?
        /// It died at once, and supervision would start it again.
        var hasDied = false
        var starts: [String] = []
        var stops = 0
        var behaviour = Behaviour()
    }

    private let live: FilePath
    private let data: FilePath?
    private let log: EventLog
    private let clock: EagerClock
    private let state: Mutex<State>
    private let isDead: Mutex<@Sendable () -> Bool> = Mutex { false }

    init(live: FilePath, data: FilePath?, running: String?, log: EventLog, clock: EagerClock) {
        self.live = live
        self.data = data
        self.log = log
        self.clock = clock
        state = Mutex(State(running: running))
    }

    var running: String? { state.withLock { $0.running } }
    var starts: [String] { state.withLock { $0.starts } }
    var stops: Int { state.withLock { $0.stops } }
    func behave(_ change: (inout Behaviour) -> Void) { state.withLock { change(&$0.behaviour) } }
    func dies(when isDead: @escaping @Sendable () -> Bool) { self.isDead.withLock { $0 = isDead } }
    private var callerIsDead: Bool { isDead.withLock { $0 }() }

    func state() async -> ServiceCondition {
        state.withLock { state in
            if state.behaviour.exits > 0 {
                return .waitingToRestart(
                    until: Date(timeIntervalSince1970: 0), exits: state.behaviour.exits, reason: nil)
            }
            if state.hasDied {
                return .waitingToRestart(until: Date(timeIntervalSince1970: 0), exits: 1, reason: nil)
            }
            return state.running == nil ? .stopped : .running(pid: 1)
        }
    }

    func start(environment: [String: String]) async throws(ServiceError) {
        guard !callerIsDead else { throw ServiceError(.system(-1), reason: "killed", place: "test") }
        guard running == nil else { return }
        guard let bytes = try? POSIXFileSystem().read(live.appending("VERSION"), limit: 100) else {
            throw ServiceError(.notFound, reason: "no program", place: live.string)
        }
        let version = String(decoding: bytes, as: UTF8.self)
        let behaviour = state.withLock { $0.behaviour }
        behaviour.beforeStart?()
        let dies = state.withLock { state in
            state.starts.append(version)
            state.hasDied = state.behaviour.dying.contains(version)
            if state.hasDied { return true }
            state.running = version
            return false
        }
        log.add("start \(version)")
        if dies { throw ServiceError(.diedAtOnce, reason: "it ended", place: live.string) }
        clock.advance(by: 2)
        if let data, version == "2.0" {
            try? TestFileSystem().replace(data.appending("schema"), with: Array("2".utf8), permissions: 0o600)
        }
        try? behaviour.whenStarted?(version)
    }

    func stop() async throws(ServiceError) -> StopReport {
        guard !callerIsDead else { throw ServiceError(.system(-1), reason: "killed", place: "test") }
        log.add("stop")
        let behaviour = state.withLock { state in
            state.stops += 1
            state.hasDied = false
            if !state.behaviour.refusesToStop { state.running = nil }
            return state.behaviour
        }
        if behaviour.refusesToStop { throw ServiceError(.doesNotStop, reason: "it ignores us", place: "test") }
        clock.advance(by: 1)
        behaviour.whenStopped?()
        return StopReport(forced: behaviour.forced, seconds: 1)
    }

    func run() async {}

    fileprivate func health() -> Health {
        state.withLock { state in
            guard let version = state.running else {
                return state.behaviour.answersWhenStopped
                    ? .healthy(version: nil) : .unhealthy(reason: "refused the connection")
            }
            if state.behaviour.unhealthy.contains(version) { return .unhealthy(reason: "HTTP 500") }
            if state.behaviour.leaving.contains(version) { (state.running, state.hasDied) = (nil, true) }
            return .healthy(version: state.behaviour.says[version] ?? version)
        }
    }
}

struct FakeHealth: HealthChecker {
    let service: FakeService

    func check(expecting expected: String?, timeoutSeconds: Double) async -> Health { service.health() }
}

/// A vendor whose releases lie in a folder.
final class FakeReleases: ReleaseSource {
    struct Behaviour: Sendable {
        var resolveFailure: UpdateFailure?
        var fetchFailure: UpdateFailure?
        var isRecalled = false
        var fromVersion: String?
        var agentVersion: String?
        var date: Date?
        /// Called when the pack is about to be fetched.
        var whileFetching: (@Sendable () async throws -> Void)?
    }

    private let release: ReleaseDocument
    private let tree: Tree
    private let pack: FilePath
    private let fileSystem: any FileSystem
    private let log: EventLog
    private let behaviour = Mutex(Behaviour())

    init(release: ReleaseDocument, tree: Tree, pack: FilePath, fileSystem: any FileSystem, log: EventLog) {
        self.release = release
        self.tree = tree
        self.pack = pack
        self.fileSystem = fileSystem
        self.log = log
    }

    func behave(_ change: (inout Behaviour) -> Void) { behaviour.withLock { change(&$0) } }

    func resolve(version: String?) async throws -> ResolvedRelease {
        log.add("resolve")
        let behaviour = behaviour.withLock { $0 }
        if let failure = behaviour.resolveFailure { throw failure }
        guard version == nil || version == release.version else {
            throw UpdateFailure(.releaseUnknown, ["version": version ?? ""])
        }
        var release = release
        release.requirements.fromVersion = behaviour.fromVersion
        release.requirements.agentVersion = behaviour.agentVersion
        release.date = behaviour.date ?? release.date
        return ResolvedRelease(release: release, tree: tree, isRecalled: behaviour.isRecalled)
    }

    func fetch(
        _ plan: ContentPlan, of release: ResolvedRelease, into downloads: FilePath,
        progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws {
        log.add("fetch")
        let behaviour = behaviour.withLock { $0 }
        try await behaviour.whileFetching?()
        try Task.checkCancellation()
        if let failure = behaviour.fetchFailure { throw failure }
        let files = plan.files(of: release.tree, in: downloads)
        if plan.way == .pack {
            try fileSystem.remove(files.pack)
            try fileSystem.copyFile(pack, to: files.pack)
        } else if let file = files.ranges {
            let whole = try fileSystem.openForReading(pack)
            let bytes = try plan.ranges.ranges.flatMap { try whole.read(at: $0.offset, count: Int($0.length)) }
            try fileSystem.replace(file, with: bytes, permissions: 0o644)
        }
        progress(plan.bytes, plan.bytes)
    }
}

final class FakeSessions: SessionDrain {
    struct State: Sendable {
        var accepts = true
        var warned = false
        var offered: String?
        var whileWarning: (@Sendable () async throws -> Void)?
        var whileClosing: (@Sendable () async -> Void)?
    }

    private let log: EventLog
    private let state = Mutex(State())

    init(log: EventLog) { self.log = log }

    var accepts: Bool { state.withLock { $0.accepts } }
    var warned: Bool { state.withLock { $0.warned } }
    var offered: String? { state.withLock { $0.offered } }
    func behave(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    func warn(deadline: Date, from: String, to: String) async {
        log.add("warn \(from) \(to)")
        state.withLock { ($0.accepts, $0.warned) = (false, true) }
    }

    func waitUntilReadyOrDeadline(_ deadline: Date) async throws {
        try await state.withLock({ $0.whileWarning })?()
        try Task.checkCancellation()
    }

    func close(within seconds: Double) async -> SessionCounts {
        log.add("close")
        await state.withLock({ $0.whileClosing })?()
        return SessionCounts(warned: 3, ready: 2, closed: 1)
    }

    func cancelWarning() async {
        state.withLock { $0.warned = false }
    }

    func acceptLogins(_ accepted: Bool) async {
        log.add("logins \(accepted)")
        state.withLock { $0.accepts = accepted }
    }

    func offerClients(version: String) async {
        log.add("offer \(version)")
        state.withLock { $0.offered = version }
    }

    func counts() async -> SessionCounts { SessionCounts(warned: 3) }
}

final class FakeNotifier: Notifier {
    private let log: EventLog
    private let runs = Mutex<[UpdateRun]>([])
    let fails: Bool

    init(log: EventLog, fails: Bool = false) {
        self.log = log
        self.fails = fails
    }

    var notified: [UpdateRun] { runs.withLock { $0 } }

    func notify(_ run: UpdateRun) async throws {
        if fails { throw UpdateFailure(.unexpected) }
        log.add("notify \(run.outcome?.rawValue ?? "nothing")")
        runs.withLock { $0.append(run) }
    }
}

final class FakeObserver: RunObserver {
    private let runs = Mutex<[UpdateRun]>([])

    var seen: [UpdateRun] { runs.withLock { $0 } }
    /// Steps in the order in which they were first seen.
    var steps: [UpdateStep] {
        seen.reduce(into: []) { steps, run in if steps.last != run.step { steps.append(run.step) } }
    }

    /// What the observer answers: whether it has stored the run.
    let stores = Mutex(true)

    func runChanged(_ run: UpdateRun) async -> Bool {
        runs.withLock { $0.append(run) }
        return stores.withLock { $0 }
    }
}
