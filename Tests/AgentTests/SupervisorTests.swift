// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Packaging
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Agent

@Suite("The supervisor's orders")
struct SupervisorTests {
    @Test("without a version only what the roll-out offers is taken; who names the version gets it")
    func rollout() async throws {
        let scene = try await SupervisorScene(current: "3.0", releases: ["3.0", "1.0"], percentage: 0)
        try await scene.run { supervisor in
            let refusal = try await scene.refusal { _ = try await supervisor.order(UpdateOrder(), by: "anna") }
            #expect(refusal?.code == .notOfferedYet && refusal?.status == 409)
            #expect(await scene.vendor.resolved.isEmpty)
            let run = try await supervisor.order(UpdateOrder(version: "3.0"), by: "anna")
            try await eventually { try await scene.history.run(run.id, of: "tool")?.outcome == .failed }
            #expect(await scene.vendor.resolved == ["3.0"])
        }
    }

    @Test("a version is compared as a version: other spellings of what is installed start nothing")
    func spelling() async throws {
        let scene = try await SupervisorScene(current: "2.0", releases: ["2.0", "1.0"])
        try await scene.run { supervisor in
            for text in ["1.0", "1.0.0", " 1.0", "1"] {
                let refusal = try await scene.refusal {
                    _ = try await supervisor.order(UpdateOrder(version: text), by: "anna")
                }
                #expect(refusal?.code == .alreadyInstalled, "\(text)")
            }
            let order = UpdateOrder(version: " 2.0.0", at: scene.clock.now + 60)
            let run = try await supervisor.order(order, by: "anna")
            #expect(run.to == "2.0" && run.order.version == "2.0")
        }
    }

    @Test("an order for later is checked when it is made: no such version, no such part, nothing to do")
    func later() async throws {
        let scene = try await SupervisorScene(current: "2.0", releases: ["2.0", "1.0"])
        let at = scene.clock.now + 3600
        try await scene.run { supervisor in
            for text in ["9.9", "", "not a version"] {
                let refusal = try await scene.refusal {
                    _ = try await supervisor.order(UpdateOrder(version: text, at: at), by: "anna")
                }
                #expect(refusal?.code == .releaseUnknown && refusal?.status == 404, "\(text)")
            }
            await scene.vendor.set(fault: UpdateFailure(.partMissing))
            let refusal = try await scene.refusal { _ = try await supervisor.order(UpdateOrder(at: at), by: "anna") }
            #expect(refusal?.code == .partMissing)
            #expect(try await scene.history.scheduled(for: "tool") == nil)
            #expect(try await scene.history.runs(of: "tool").isEmpty)
        }
    }

    @Test("a vendor that cannot be asked refuses the order at once, in its own words")
    func vendorAway() async throws {
        let scene = try await SupervisorScene(current: "2.0", releases: ["2.0", "1.0"])
        await scene.vendor.setAway()
        try await scene.run { supervisor in
            let refusal = try await scene.refusal { _ = try await supervisor.order(UpdateOrder(), by: "anna") }
            #expect(refusal?.code == .vendorUnreachable && refusal?.status == 502)
        }
    }

    @Test("a run that neither the journal nor the schedule knows is ended at the next start, with a mail")
    func lost() async throws {
        let scene = try await SupervisorScene(current: "2.0", releases: ["2.0", "1.0"])
        var run = UpdateRun(
            id: "lost", installation: "tool", product: "tool", from: "1.0", to: "2.0", order: UpdateOrder(),
            requestedBy: "anna")
        run.steps = [StepRecord(step: .requested, startedAt: scene.clock.now)]
        try await scene.history.save(run)
        var waiting = run
        waiting.id = "waiting"
        waiting.order.at = scene.clock.now + 3600
        try await scene.history.schedule(waiting, at: scene.clock.now + 3600)
        try await scene.run { _ in
            let ended = try await scene.history.run("lost", of: "tool")
            #expect(ended?.outcome == .failed && ended?.failure?.code == "interrupted")
            #expect(ended?.step == .finished)
            #expect(await scene.mails.runs.map(\.id) == ["lost"])
            #expect(try await scene.history.run("waiting", of: "tool")?.outcome == nil)
        }
    }

    @Test("an update whose time is long past is not begun; whoever ordered it gets a mail")
    func missed() async throws {
        let scene = try await SupervisorScene(current: "2.0", releases: ["2.0", "1.0"])
        let at = scene.clock.now - InstallationSupervisor.lateness - 1
        var run = UpdateRun(
            id: "night", installation: "tool", product: "tool", from: "1.0", to: "2.0", order: UpdateOrder(at: at),
            requestedBy: "anna")
        run.steps = [StepRecord(step: .requested, startedAt: at)]
        try await scene.history.schedule(run, at: at)
        try await scene.run { supervisor in
            await supervisor.startWhatIsDue()
            let ended = try await scene.history.run("night", of: "tool")
            #expect(ended?.outcome == .failed && ended?.failure?.code == "missed-its-time")
            #expect(await scene.mails.runs.map(\.id) == ["night"])
            #expect(await scene.vendor.resolved.isEmpty)
            #expect(try await scene.history.scheduled(for: "tool") == nil)
        }
    }

    @Test("an order for later that is cancelled ends with a mail, and makes room for the next one")
    func cancelledBeforeItsTime() async throws {
        let scene = try await SupervisorScene(current: "2.0", releases: ["2.0", "1.0"])
        try await scene.run { supervisor in
            let order = UpdateOrder(at: scene.clock.now + 3600)
            let run = try await supervisor.order(order, by: "anna")
            let refusal = try await scene.refusal { _ = try await supervisor.order(order, by: "berta") }
            #expect(refusal?.code == .updateRunning)
            let ended = try await supervisor.cancel(run: run.id, by: "berta")
            #expect(ended.outcome == .cancelled && ended.failure?.happened.contains("berta") == true)
            #expect(await scene.mails.runs.map(\.outcome) == [.cancelled])
            #expect(try await scene.history.scheduled(for: "tool") == nil)
            #expect(try await supervisor.order(order, by: "berta").outcome == nil)
        }
    }

    @Test("an agent that cannot listen leaves an application that runs as it is; one that serves stops it with itself")
    func notServing() async throws {
        for isListening in [false, true] {
            let scene = try await SupervisorScene(current: "2.0", releases: ["1.0"], isListening: isListening)
            let task = Task { try await scene.supervisor.run() }
            if isListening {
                try await eventually { if case .idle = await scene.supervisor.phase { true } else { false } }
            }
            task.cancel()
            _ = await task.result
            #expect(await scene.service.state().isRunning == !isListening)
            scene.folder.remove()
        }
    }

    @Test("sessions of the agent before are known as soon as it is prepared, before it listens")
    func preparedFirst() async throws {
        let scene = try await SupervisorScene(current: "2.0", releases: ["1.0"], isListening: false)
        let ticket = "a ticket of the agent before"
        let session = Session(
            id: "s", person: "anna", workstation: "w", language: .italian, clientVersion: nil, state: .open,
            openedAt: scene.clock.now, lastSeenAt: scene.clock.now)
        try await scene.store.save(session, ticketHash: Secret.hash(ticket))
        await scene.supervisor.prepare()
        #expect(await scene.sessions.session(ticket: ticket) == "s")
        scene.folder.remove()
    }

    @Test("after an update the mirror keeps what the installed, the previous and the offered version are made of")
    func tidyMirror() async throws {
        let scene = try await SupervisorScene(current: "2.0", releases: ["2.0", "1.0"])
        let objects = scene.folder / "mirror/objects"
        try POSIXFileSystem().makeDirectories(objects)
        for name in ["of-0.9", "of-1.0", "of-2.0", "of-0.1"] {
            try POSIXFileSystem().replace(objects.appending(name), with: [1], permissions: 0o644)
        }
        var run = UpdateRun(
            id: "r", installation: "tool", product: "tool", from: "0.9", to: "1.0", order: UpdateOrder(),
            requestedBy: "anna")
        run.outcome = .updated
        try await scene.run { supervisor in
            await supervisor.ended(run)
            try await eventually {
                try POSIXFileSystem().entries(of: objects).sorted() == ["of-0.9", "of-1.0", "of-2.0"]
            }
        }
    }
}

@Suite("What a channel offers")
struct OfferTests {
    private func offer(installed: String, recalled: [String] = [], percentage: Int = 100) -> Offer {
        let start = Date(timeIntervalSince1970: 0)
        return Offer(
            channel: ChannelDocument(
                product: "tool", channel: "stable", current: "2.0", releases: ["2.0", "1.5", "1.0"],
                rollout: Rollout(percentage: percentage, start: start), recalled: recalled),
            installed: installed, installationID: "some-machine", now: start + 1)
    }

    private func refusal(_ offer: Offer, _ wanted: String?) -> FailureCode? {
        do {
            _ = try offer.version(for: wanted)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("what is newer, not recalled and rolled out to here is offered; anything else is refused by its name")
    func automatic() throws {
        #expect(try offer(installed: "1.0").version(for: nil) == "2.0")
        #expect(refusal(offer(installed: "2.0.0"), nil) == .alreadyInstalled)
        #expect(refusal(offer(installed: "3.0"), nil) == .alreadyInstalled)
        #expect(refusal(offer(installed: "1.0", percentage: 0), nil) == .notOfferedYet)
        #expect(refusal(offer(installed: "1.0", recalled: ["2.0"]), nil) == .releaseRecalled)
        #expect(refusal(offer(installed: "1.0", recalled: ["1.5"]), "1.5.0") == .releaseRecalled)
        #expect(try offer(installed: "1.0", percentage: 0).version(for: "2.0.0") == "2.0")
    }
}

/// An installation of files only, with a vendor and a mailbox that only pretend, on a clock that stands still.
struct SupervisorScene {
    let folder: TemporaryFolder
    let clock = ManualClock()
    let vendor: PretendedVendor
    let mails = Mailbox()
    let history: RunHistory
    let store: SessionStore
    let sessions: SessionRegistry
    let service = NoService()
    let supervisor: InstallationSupervisor

    init(current: String, releases: [String], percentage: Int = 100, isListening: Bool = true) async throws {
        folder = try TemporaryFolder()
        let (fileSystem, database) = (POSIXFileSystem(), try StateDatabase.inMemory())
        let installation = InstallationConfiguration(
            id: "tool", product: "tool", platform: "linux-x86_64", folder: folder / "Tool",
            repositoryURL: "http://vendor/", trustedRoot: folder / "root.json", service: .none,
            health: .init(probe: .none, expectVersion: false))
        let settings = InstallationSettings(
            id: "tool", product: "tool", channel: "stable", component: "server", platform: "linux-x86_64",
            folder: installation.folder, keep: [], data: [],
            health: HealthCheckSettings(
                probe: .running, timeoutSeconds: 1, expectVersion: false),
            retentionSeconds: 0, language: .english)
        try fileSystem.makeDirectories(installation.folder)
        try fileSystem.makeDirectories(settings.layout.state)
        try InstalledRelease(
            product: "tool", version: "1.0", component: "server", platform: "linux-x86_64",
            tree: String(repeating: "0", count: 64)
        ).save(settings.layout, fileSystem)
        vendor = PretendedVendor(
            channel: ChannelDocument(
                product: "tool", channel: "stable", current: current, releases: releases,
                rollout: Rollout(percentage: percentage, start: clock.now - 60)))
        history = RunHistory(database: database.writer)
        let hub = RunHub(history: history, clock: clock, logger: TestAgent.quiet)
        store = SessionStore(database: database.writer, installation: "tool")
        sessions = SessionRegistry(
            installation: "tool", productName: "Tool", store: store, clock: clock, logger: TestAgent.quiet)
        let mirror = Mirror(
            folder: folder / "mirror", upstream: "http://vendor/", fetcher: TableFetcher(),
            index: TableIndex(fetcher: TableFetcher()),
            cache: MirrorCache(limit: 1 << 30, fileSystem: fileSystem, clock: clock, logger: TestAgent.quiet),
            fileSystem: fileSystem, clock: clock)
        let address = AgentAddress()
        if isListening {
            await address.set(.init(url: "https://agent", localURL: "https://agent", fingerprint: nil))
        } else {
            await address.giveUp()
        }
        supervisor = InstallationSupervisor(
            .init(
                configuration: installation, language: .english, sessions: sessions, mirror: mirror,
                runner: UpdateRunner(
                    settings: settings, service: service, commands: POSIXCommandRunner(), processes: POSIXProcesses(),
                    applicationEnvironment: { [:] }, releases: vendor,
                    sessions: sessions, notifier: mails, observer: hub, health: AlwaysWell(),
                    fileSystem: fileSystem, clock: clock, logger: TestAgent.quiet),
                service: service, vendor: vendor, notifier: mails, environment: { [:] },
                installationID: "some-machine", address: address),
            hub: hub, history: history, clock: clock, logger: TestAgent.quiet)
    }

    /// Runs `body` once the supervisor takes orders, and ends it afterwards.
    func run(_ body: (InstallationSupervisor) async throws -> Void) async throws {
        let task = Task { try await supervisor.run() }
        do {
            try await eventually { if case .starting = await supervisor.phase { false } else { true } }
            try await body(supervisor)
        } catch {
            task.cancel()
            _ = await task.result
            throw error
        }
        task.cancel()
        _ = await task.result
        folder.remove()
    }

    func refusal(_ body: () async throws -> Void) async throws -> Refusal? {
        do {
            try await body()
            return nil
        } catch let refusal as Refusal {
            return refusal
        }
    }
}

actor PretendedVendor: Vendor {
    private let document: ChannelDocument
    private var fault: UpdateFailure?
    private var isAway = false
    /// Versions that were asked for as a whole.
    private(set) var resolved: [String] = []

    init(channel: ChannelDocument) { document = channel }

    func set(fault: UpdateFailure) { self.fault = fault }
    func setAway() { isAway = true }

    func channel() throws -> ChannelDocument {
        guard !isAway else { throw UpdateFailure(.vendorUnreachable, ["url": "http://vendor/"]) }
        return document
    }

    func resolve(version: String?) throws -> ResolvedRelease {
        let version = version ?? document.current
        resolved.append(version)
        if let fault { throw fault }
        return ResolvedRelease(
            release: ReleaseDocument(
                product: "tool", version: version, date: Date(timeIntervalSince1970: 0), parts: []),
            tree: Tree(
                product: "tool", release: version, component: "server", platform: "linux-x86_64", entries: [],
                pack: PackReference(length: 0, sha256: String(repeating: "0", count: 64), frames: [])))
    }

    func fetch(
        _ plan: ContentPlan, of release: ResolvedRelease, into downloads: FilePath,
        progress: @escaping @Sendable (Int64, Int64) -> Void
    ) throws {
        throw UpdateFailure(.vendorUnreachable)
    }

    func summaries(installed: String?) -> [ReleaseSummary] { [] }
    func hasClient(version: String, platform: String) -> Bool { false }
    func objects(of versions: Set<String>) -> Set<String> { Set(versions.map { "of-\($0)" }) }
}

/// Remembers the mails that somebody would get.
actor Mailbox: Notifier {
    private(set) var runs: [UpdateRun] = []
    func notify(_ run: UpdateRun) { runs.append(run) }
}

struct AlwaysWell: HealthChecker {
    func check(expecting expected: String?, timeoutSeconds: Double) async -> Health { .healthy(version: expected) }
}
