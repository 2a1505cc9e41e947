// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Platform
import Replacement
import SystemPackage
import Testing

@Suite("An update run")
struct UpdateRunnerTests {
    @Test("Goes through every step in the design's order and ends with the new version and the customer's files")
    func updated() async throws {
        let place = try Place()
        let run = await place.update(UpdateOrder(graceSeconds: 10, email: ["a@example.com"]))
        #expect(run.outcome == .updated)
        #expect(run.failure == nil)
        #expect(run.steps.map(\.step) == UpdateStep.allCases.filter { $0 != .rollingBack })
        #expect(run.steps.allSatisfy { $0.endedAt != nil })
        #expect(run.from == "1.0")
        #expect(run.to == "2.0")
        #expect(run.sessions == SessionCounts(warned: 3, ready: 2, closed: 1))
        try place.expectAtRest("2.0")
        #expect(text("temporary.log", in: place.layout.live) == nil)
        #expect(
            place.log.events == [
                "resolve", "fetch", "warn 1.0 2.0", "close", "stop", "start 2.0", "logins true", "notify updated",
                "offer 2.0",
            ])
        #expect(place.observer.steps == run.steps.map(\.step))
        #expect(place.observer.seen.last == run)
        #expect(place.notifier.notified.first?.outcome == .updated)
    }

    @Test("The customer's file wins and the release's is put beside it; equal ones make no noise")
    func beside() async throws {
        let place = try Place()
        let run = await place.update()
        #expect(run.beside == ["preferences/settings.yaml.new"])
        #expect(text("preferences/settings.yaml.new", in: place.layout.live) == "theme: vendor 2.0\n")
        #expect(text("preferences/defaults.yaml.new", in: place.layout.live) == nil)
        #expect(
            run.kept == [
                "backups/monday.zip", "certificates/current.pem", "certificates/server.pem",
                "preferences/defaults.yaml", "preferences/settings.yaml",
            ])
    }

    @Test("Down time is from the stop order until healthy, next to the application's own stop and start")
    func timings() async throws {
        let place = try Place()
        let run = await place.update()
        #expect(run.applicationStopSeconds == 1)
        #expect(run.applicationStartSeconds == 2)
        #expect(run.downtimeSeconds == 3)
    }

    @Test("What people changed, made or deleted while the update was prepared comes over too")
    func changesAfterStaging() async throws {
        let place = try Place()
        let live = place.layout.live
        place.sessions.behave {
            $0.whileWarning = {
                try write("preferences/late.yaml", "made during the warning", in: live)
                try write("backups/tuesday.zip", "backup of tuesday", in: live)
            }
            $0.whileClosing = {
                try? write("preferences/later.yaml", "made while closing", in: live)
                try? POSIXFileSystem().remove(live.appending("preferences/defaults.yaml"))
            }
        }
        try write("preferences/doomed.yaml", "to be deleted", in: live)
        place.releases.behave {
            $0.whileFetching = { try write("preferences/fetching.yaml", "made while fetching", in: live) }
        }
        let observer = place.sessions
        observer.behave { state in
            let before = state.whileWarning
            state.whileWarning = {
                try await before?()
                try POSIXFileSystem().remove(live.appending("preferences/doomed.yaml"))
            }
        }
        let run = await place.update()
        #expect(run.outcome == .updated)
        #expect(text("preferences/late.yaml", in: live) == "made during the warning")
        #expect(text("preferences/later.yaml", in: live) == "made while closing")
        #expect(text("preferences/fetching.yaml", in: live) == "made while fetching")
        #expect(text("backups/tuesday.zip", in: live) == "backup of tuesday")
        #expect(text("preferences/doomed.yaml", in: live) == nil)
        // The customer deleted theirs, so the release's is what is there.
        #expect(text("preferences/defaults.yaml", in: live) == "the same in both\n")
    }

    @Test("A version that never becomes healthy is replaced by the old one, with its files and data")
    func unhealthy() async throws {
        let place = try Place(migratesData: true)
        place.service.behave { $0.unhealthy = ["2.0"] }
        let run = await place.update()
        #expect(run.outcome == .rolledBack)
        #expect(run.failure?.code == "health-check-failed")
        #expect(run.failure?.happened.isEmpty == false)
        try place.expectAtRest("1.0")
        #expect(text("temporary.log", in: place.layout.live) == "not kept")
        #expect(place.data("schema") == "1")
        #expect(place.data("deep/records") == "42 records")
        #expect(
            place.log.events.suffix(5) == ["start 2.0", "stop", "start 1.0", "logins true", "notify rolledBack"])
        #expect(place.service.starts == ["2.0", "1.0"])
        #expect(place.sessions.offered == nil)
        #expect(run.downtimeSeconds != nil)
    }

    @Test("One that answers well and is gone a moment later has not started: the old version is back")
    func leaving() async throws {
        let place = try Place()
        place.service.behave { $0.leaving = ["2.0"] }
        let run = await place.update()
        #expect(run.outcome == .rolledBack)
        #expect(run.failure?.code == "service-exited")
        try place.expectAtRest("1.0")
    }

    @Test("A version that dies at once, says another version, or is in a crash loop is rolled back", arguments: 0...2)
    func badVersions(kind: Int) async throws {
        let place = try Place()
        place.service.behave {
            switch kind {
            case 0: $0.dying = ["2.0"]
            case 1: $0.says = ["2.0": "1.9"]
            default: $0.unhealthy = ["2.0"]
            }
        }
        let run = await place.update()
        #expect(run.outcome == .rolledBack)
        #expect(run.failure?.code == ["service-exited", "wrong-version", "health-check-failed"][kind])
        try place.expectAtRest("1.0")
    }

    @Test("Data that a healthy release migrated stays migrated, and its copy is gone")
    func migrated() async throws {
        let place = try Place(migratesData: true)
        let run = await place.update()
        #expect(run.outcome == .updated)
        #expect(place.data("schema") == "2")
        try place.expectAtRest("2.0")
    }

    @Test("A service that does not stop leaves the old version running and nothing changed")
    func doesNotStop() async throws {
        let place = try Place()
        place.service.behave { $0.refusesToStop = true }
        let run = await place.update()
        #expect(run.outcome == .rolledBack)
        #expect(run.failure?.code == "service-does-not-stop")
        #expect(place.service.starts.isEmpty)
        try place.expectAtRest("1.0")
    }

    @Test("A failure before the service is stopped ends the run with the service never touched", arguments: 0...4)
    func failuresWhileUp(kind: Int) async throws {
        let place = try Place()
        place.releases.behave {
            switch kind {
            case 0: $0.resolveFailure = UpdateFailure(.metadataExpired, ["role": "timestamp"])
            case 1: $0.fetchFailure = UpdateFailure(.vendorUnreachable, ["url": "http://vendor"])
            case 2: $0.fetchFailure = UpdateFailure(.packTampered)
            case 3: $0.isRecalled = true
            default: $0.fromVersion = "1.5"
            }
        }
        let run = await place.update()
        let codes = [
            "metadata-expired", "vendor-unreachable", "pack-tampered", "release-recalled", "version-too-old",
        ]
        #expect(run.outcome == .failed)
        #expect(run.failure?.code == codes[kind])
        #expect(place.service.stops == 0)
        #expect(!place.log.events.contains { $0.hasPrefix("warn") })
        #expect(place.notifier.notified.first?.failure?.code == codes[kind])
        try place.expectAtRest("1.0")
    }

    @Test("Cancelled while people are warned: they are told, logins are accepted, nothing was stopped")
    func cancelled() async throws {
        let place = try Place()
        let runner = place.runner()
        place.sessions.behave {
            $0.whileWarning = {
                #expect(await runner.cancel(by: "admin"))
                #expect(await runner.cancel(by: "admin") == false)
            }
        }
        let run = await runner.run(UpdateOrder(), requestedBy: "admin")
        #expect(run.outcome == .cancelled)
        #expect(place.service.stops == 0)
        #expect(!place.sessions.warned)
        #expect(
            run.steps.map(\.step) == [
                .requested, .downloading, .staging, .warning, .cleaningUp, .notifying, .finished,
            ])
        try place.expectAtRest("1.0")
        #expect(await runner.cancel(by: "admin") == false)
    }

    @Test(
        "A run that takes too long while the service is down is rolled back; earlier it fails",
        arguments: [true, false])
    func deadline(down: Bool) async throws {
        let place = try Place {
            if down { $0.limits.downReserveSeconds = -10_000 } else { $0.limits.preparationSeconds = -20 }
            $0.health.timeoutSeconds = 1000
        }
        place.service.behave { $0.unhealthy = ["2.0"] }
        let run = await place.update()
        #expect(run.outcome == (down ? .rolledBack : .failed))
        #expect(run.failure?.code == "deadline-passed")
        try place.expectAtRest("1.0")
    }

    @Test("When even rolling back fails, what is there is started, nothing is deleted, and a person is asked")
    func stranded() async throws {
        let place = try Place()
        place.service.behave { [service = place.service] in
            $0.unhealthy = ["2.0"]
            $0.whenStopped = { service.behave { $0.unhealthy = ["1.0", "2.0"] } }
        }
        let run = await place.update()
        #expect(run.outcome == .failed)
        #expect(run.failure?.code == "rollback-failed")
        #expect(run.standing == Standing(inPlace: .old, isRunning: true))
        #expect(
            run.failure?.state
                == Catalogue.standing(Standing(inPlace: .old, isRunning: true), ["from": "1.0"], language: .english))
        #expect(place.service.running == "1.0")
        #expect(place.sessions.accepts)
        #expect(try place.complete() == "1.0")
        #expect(try POSIXFileSystem().attributes(of: place.layout.staged) != nil)
        #expect(place.notifier.notified.count == 1)
    }

    @Test("The previous version is kept for the retention time, and deleted after it")
    func retention() async throws {
        let place = try Place { $0.retentionSeconds = 3600 }
        let run = await place.update()
        #expect(run.outcome == .updated)
        #expect(text("VERSION", in: place.layout.old) == "1.0")
        let runner = place.runner()
        await runner.cleanUpExpired()
        #expect(text("VERSION", in: place.layout.old) == "1.0")
        place.clock.advance(by: 3601)
        await runner.cleanUpExpired()
        #expect(try POSIXFileSystem().attributes(of: place.layout.old) == nil)
        try place.expectAtRest("2.0")
    }

    @Test(
        "An update while the version before the last is still kept: going back leaves it there",
        arguments: [true, false])
    func keptOldFolder(healthy: Bool) async throws {
        let place = try Place { $0.retentionSeconds = 3600 }
        try write("VERSION", "0.9", in: place.layout.old)
        let old = try #require(try POSIXFileSystem().attributes(of: place.layout.old))
        var installed = try #require(try InstalledRelease.load(place.layout, place.fileSystem))
        let now = place.clock.now.timeIntervalSince1970
        installed.retained = [
            RetainedFolder(
                record: FolderRecord(old, id: "earlier", version: "0.9", tree: ""), retired: now - 60, until: now + 3600
            )
        ]
        try installed.save(place.layout, place.fileSystem)
        if !healthy { place.service.behave { $0.unhealthy = ["2.0"] } }
        let run = await place.update()
        #expect(run.outcome == (healthy ? .updated : .rolledBack))
        #expect(text("VERSION", in: place.layout.old) == (healthy ? "1.0" : "0.9"))
        // The one before the last is kept for its time as well.
        #expect(
            text("VERSION", in: place.layout.place.retained.appending("earlier")) == (healthy ? "0.9" : nil))
    }

    @Test("With no retention, a folder of an earlier version is not said to be the one before")
    func oldKept() async throws {
        let place = try Place { $0.retentionSeconds = 3600 }
        let first = await place.update()
        #expect(first.oldKept?.version == "1.0" && first.oldKept?.path == place.layout.old.string)
        let kept = try #require(await place.runner().keptFolders().first)
        #expect(first.following([kept]).oldKept == first.oldKept)
        #expect(first.following([]).oldKept == nil)
        var moved = kept
        moved.path = "/elsewhere"
        #expect(first.following([moved]).oldKept?.path == "/elsewhere")
        let again = try Place { $0.retentionSeconds = 0 }
        try write("VERSION", "0.9", in: again.layout.place.retained.appending("earlier"))
        let folder = again.layout.place.retained.appending("earlier")
        let old = try #require(try POSIXFileSystem().attributes(of: folder))
        var installed = try #require(try InstalledRelease.load(again.layout, again.fileSystem))
        let now = again.clock.now.timeIntervalSince1970
        installed.retained = [
            RetainedFolder(
                record: FolderRecord(old, id: "earlier", version: "0.9", tree: ""), retired: now - 60, until: now + 3600
            )
        ]
        try installed.save(again.layout, again.fileSystem)
        let run = await again.update()
        #expect(run.outcome == .updated && run.oldKept == nil)
        #expect(text("VERSION", in: folder) == "0.9")
    }

    @Test("A second run, or a second owner of the installation, is refused")
    func oneOwner() async throws {
        let place = try Place()
        let runner = place.runner()
        place.releases.behave {
            $0.whileFetching = {
                let second = await runner.run(UpdateOrder(), requestedBy: "other")
                #expect(second.failure?.code == "update-running")
                let stranger = await place.runner(observer: FakeObserver()).run(UpdateOrder(), requestedBy: "other")
                #expect(stranger.failure?.code == "locked")
            }
        }
        let run = await runner.run(UpdateOrder(), requestedBy: "admin")
        #expect(run.outcome == .updated)
        try place.expectAtRest("2.0")
    }

    @Test("A mail that cannot be written never undoes an update")
    func notifierFails() async throws {
        let place = try Place(notifierFails: true)
        let run = await place.update()
        #expect(run.outcome == .updated)
        try place.expectAtRest("2.0")
    }

    @Test("An agent that goes down while people are warned goes on after its next start")
    func suspended() async throws {
        let place = try Place()
        let runner = place.runner()
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        place.sessions.behave {
            $0.whileWarning = {
                continuation.finish()
                try await Task.sleep(for: .seconds(600))
            }
        }
        let task = Task { await runner.run(UpdateOrder(), requestedBy: "admin") }
        for await _ in stream {}
        task.cancel()
        let left = await task.value
        #expect(left.outcome == nil)
        #expect(place.service.running == "1.0")
        place.sessions.behave { $0.whileWarning = nil }
        let next = place.runner()
        #expect(try await next.recover()?.id == left.id)
        let run = await next.resume()
        #expect(run?.outcome == .updated)
        #expect(run?.id == left.id)
        try place.expectAtRest("2.0")
    }

    @Test("Nothing is updated to itself, nor to a version that does not exist")
    func sameVersion() async throws {
        let place = try Place()
        #expect(await place.update().outcome == .updated)
        let again = await place.update()
        #expect(again.failure?.code == "already-installed")
        let unknown = await place.update(UpdateOrder(version: "7.0"))
        #expect(unknown.failure?.code == "release-unknown")
        try place.expectAtRest("2.0")
    }

    @Test("Failures speak the language of the order")
    func language() async throws {
        let place = try Place()
        place.releases.behave { $0.resolveFailure = UpdateFailure(.vendorUnreachable, ["url": "http://vendor"]) }
        let italian = await place.update(UpdateOrder(language: .italian))
        let german = await place.update(UpdateOrder(language: .german))
        #expect(italian.failure?.happened != german.failure?.happened)
        #expect(italian.failure?.happened.contains("http://vendor") == true)
    }
}
