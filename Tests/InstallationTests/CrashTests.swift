// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Platform
import SystemPackage
import TestSupport
import Testing

@Suite("A crash at any moment")
struct CrashTests {
    struct Variant: Sendable, CustomTestStringConvertible {
        var name: String
        var hasExchange = true
        var healthy = true
        var migratesData = false
        var retention = 0.0
        var testDescription: String { name }
    }

    static let variants = [
        Variant(name: "update with data to migrate", migratesData: true),
        Variant(name: "roll-back", healthy: false, migratesData: true),
        Variant(name: "update without exchange", hasExchange: false, retention: 3600),
        Variant(name: "roll-back without exchange", hasExchange: false, healthy: false),
    ]

    @Test("Leaves a complete application in place, and the next start finishes or undoes, alone", arguments: variants)
    func everywhere(variant: Variant) async throws {
        var reached = 0
        var outcomes: [UpdateOutcome?: Int] = [:]
        let share = Self.variants.firstIndex { $0.name == variant.name } ?? 0
        for moment in try await Self.moments(variant, share: share, of: Self.variants.count) {
            let dying = CrashingFileSystem(
                TestFileSystem(hasExchange: variant.hasExchange), fault: .crash(at: moment))
            guard let outcome = try await crash(dying, variant) else { break }
            reached = moment
            outcomes[outcome, default: 0] += 1
        }
        // It did die late, and on both sides of the point of no return.
        #expect(reached > 80)
        #expect((outcomes[.rolledBack] ?? 0) > 0)
        #expect(outcomes[.updated] != nil || !variant.healthy)
    }

    /// Every change of the run with `RICAMBIO_EVERY_MOMENT`; without it only a share of them for each variant, and all
    /// those around the moment at which the folders change places. (What moves folders, copies and deletes has tests
    /// of its own that die at every change.)
    private static func moments(_ variant: Variant, share: Int, of shares: Int) async throws -> [Int] {
        let undisturbed = CrashingFileSystem(TestFileSystem(hasExchange: variant.hasExchange))
        let place = try Place(fileSystem: undisturbed, migratesData: variant.migratesData) {
            $0.retentionSeconds = variant.retention
            $0.health.timeoutSeconds = 1
        }
        if !variant.healthy { place.service.behave { $0.unhealthy = ["2.0"] } }
        _ = await place.runner(observer: FakeObserver()).run(UpdateOrder(graceSeconds: 1), requestedBy: "admin")
        let changes = undisturbed.changes
        let swap = try #require(changes.firstIndex { $0 == "exchange \(place.layout.live)" })
        let all = ProcessInfo.processInfo.environment["RICAMBIO_EVERY_MOMENT"] != nil
        return (1...changes.count).filter {
            all || $0 % (24 * shares) == share || (swap - 10..<swap + 3).contains($0) || $0 + 4 > changes.count
        }
    }

    /// `nil` when the run was over before the moment came; else how it ended in the end.
    private func crash(_ dying: CrashingFileSystem, _ variant: Variant) async throws -> UpdateOutcome?? {
        let place = try Place(fileSystem: dying, migratesData: variant.migratesData) {
            $0.retentionSeconds = variant.retention
            $0.health.timeoutSeconds = 1
        }
        defer { place.folder.remove() }
        place.service.dies { dying.hasCrashed }
        if !variant.healthy { place.service.behave { $0.unhealthy = ["2.0"] } }
        _ = await place.runner(observer: FakeObserver()).run(UpdateOrder(graceSeconds: 1), requestedBy: "admin")
        guard dying.hasCrashed else { return .none }

        let change = dying.changes.last ?? ""
        let found = try place.complete()
        // Without an exchange there is an instant without one; with it, never.
        if variant.hasExchange { #expect(found != nil, "after \(change)") }

        place.service.dies { false }
        let fileSystem = TestFileSystem(hasExchange: variant.hasExchange)
        let runner = Place.revived(place, fileSystem)
        let recovered = try await runner.recover()
        await runner.publishEnded()
        #expect(try place.complete() != nil, "after \(change), recovered")
        // Supervision starts what is in place before the run goes on.
        if recovered == nil { try await place.service.start(environment: [:]) }
        let run = await runner.resume()
        try check(place, run, variant, change)
        return .some(run?.outcome)
    }

    private func check(_ place: Place, _ run: UpdateRun?, _ variant: Variant, _ change: String) throws {
        #expect(run == nil || run?.outcome != nil, "after \(change)")
        let version = try #require(try place.complete(), "after \(change)")
        #expect(place.service.running == version, "after \(change)")
        let installed = try InstalledRelease.load(place.layout, TestFileSystem())
        #expect(installed?.version == version, "after \(change)")
        #expect(place.sessions.accepts || run == nil, "after \(change)")
        #expect(text("preferences/settings.yaml", in: place.layout.live) == "theme: customer\n", "after \(change)")
        #expect(text("backups/monday.zip", in: place.layout.live) == "backup of monday", "after \(change)")
        #expect(text("certificates/server.pem", in: place.layout.live) == "certificate", "after \(change)")
        if variant.migratesData {
            #expect(place.data("schema") == (version == "2.0" ? "2" : "1"), "after \(change)")
            #expect(place.data("deep/records") == "42 records", "after \(change)")
        }
        switch run?.outcome {
        case .updated: #expect(version == "2.0", "after \(change)")
        case .rolledBack, .failed, .cancelled: #expect(version == "1.0", "after \(change)")
        case nil: break
        }
        let fileSystem = POSIXFileSystem()
        let keepsOld = variant.retention > 0 && version == "2.0"
        #expect(text("VERSION", in: place.layout.old) == (keepsOld ? "1.0" : nil), "after \(change)")
        for left in [place.layout.journal, place.layout.staged, place.layout.building] {
            #expect(try fileSystem.attributes(of: left) == nil, "\(left) is left after \(change)")
        }
        let trash = try? fileSystem.entries(of: place.layout.place.trash)
        #expect(trash?.isEmpty ?? true, "in the trash after \(change): \(trash ?? [])")
        let copies = try fileSystem.entries(of: place.layout.parent).filter { $0.hasPrefix(".data") }
        #expect(copies.isEmpty, "after \(change)")
    }

    @Test("A crash while rolling back from a crash is no different")
    func twice() async throws {
        let first = CrashingFileSystem(TestFileSystem(), fault: .none)
        let place = try Place(fileSystem: first, migratesData: true) { $0.health.timeoutSeconds = 1 }
        place.service.behave { $0.unhealthy = ["2.0"] }
        let reference = place.runner(observer: FakeObserver())
        _ = await reference.run(UpdateOrder(graceSeconds: 1), requestedBy: "admin")
        let rollBack = try #require(first.changes.lastIndex { $0 == "exchange \(place.layout.live)" })
        for moment in stride(from: 1, to: 60, by: 8) {
            let dying = CrashingFileSystem(TestFileSystem(), fault: .crash(at: rollBack))
            let other = try Place(fileSystem: dying, migratesData: true) { $0.health.timeoutSeconds = 1 }
            other.service.behave { $0.unhealthy = ["2.0"] }
            other.service.dies { dying.hasCrashed }
            _ = await other.runner(observer: FakeObserver()).run(UpdateOrder(graceSeconds: 1), requestedBy: "admin")
            let again = CrashingFileSystem(TestFileSystem(), fault: .crash(at: moment))
            other.service.dies { again.hasCrashed }
            let second = Place.revived(other, again)
            if (try? await second.recover()) != nil { _ = await second.resume() }
            #expect(try other.complete() != nil)
            other.service.dies { false }
            let third = Place.revived(other, TestFileSystem())
            if try await third.recover() != nil { _ = await third.resume() }
            await third.publishEnded()
            try other.expectAtRest("1.0")
            #expect(other.data("schema") == "1")
        }
    }

    @Test("An error of the disk at any moment ends with a complete, running version")
    func errors() async throws {
        var ended: [UpdateOutcome: Int] = [:]
        let moments = try await Self.moments(Variant(name: "update", migratesData: true), share: 1, of: 6)
        for moment in moments {
            let failing = CrashingFileSystem(TestFileSystem(), fault: .fail(at: moment, .other(5)))
            let place = try Place(fileSystem: failing, migratesData: true) { $0.health.timeoutSeconds = 1 }
            let run = await place.update(UpdateOrder(graceSeconds: 1))
            if failing.changes.count < moment { continue }
            let change = failing.changes[moment - 1]
            let outcome = try #require(run.outcome, "after \(change)")
            ended[outcome, default: 0] += 1
            let version = try #require(try place.complete(), "after \(change)")
            #expect(place.service.running == version, "after \(change)")
            #expect((outcome == .updated) == (version == "2.0"), "after \(change)")
            #expect(place.sessions.accepts, "after \(change)")
            #expect(place.data("schema") == (version == "2.0" ? "2" : "1"), "after \(change)")
            place.folder.remove()
        }
        #expect(ended[.failed] ?? 0 > 0)
        #expect(ended[.rolledBack] ?? 0 > 0)
        #expect(ended[.updated] ?? 0 > 0)
    }

    @Test("A journal that cannot be read is never taken for no journal")
    func unreadable() async throws {
        let place = try Place()
        try write("journal.json", "{ half", in: place.layout.state)
        await #expect(throws: UpdateFailure.self) { try await place.runner().recover() }
    }
}

extension Place {
    /// The next process on the same machine.
    static func revived(_ place: Place, _ fileSystem: any FileSystem) -> UpdateRunner {
        place.runner(fileSystem, observer: FakeObserver())
    }
}
