// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

@Suite("What ended well is true on disk before it is called ended")
struct TruthTests {
    /// The first note of what is installed is the preflight's; the second one says that the new version is.
    private static func secondNote(_ code: FileError.Code?) -> CrashingFileSystem.Fault {
        .at(prefix: "replace", suffix: "/installed.json", number: 2, code)
    }

    @Test("One failed note of what is installed: the run stays until it is written", arguments: [5, 28] as [Int32])
    func note(error: Int32) async throws {
        let code: FileError.Code = error == 28 ? .noSpace : .other(error)
        let failing = CrashingFileSystem(TestFileSystem(), fault: Self.secondNote(code))
        let place = try Place(fileSystem: failing)
        let run = await place.update()
        #expect(run.outcome == .updated)
        #expect(failing.changes.count { $0.hasSuffix("/installed.json") } > 2)
        try place.expectAtRest("2.0")
        #expect(try POSIXFileSystem().attributes(of: place.layout.journal) == nil)
        let again = await place.update()
        #expect(again.failure?.code == "already-installed")
    }

    @Test("A journal that is over and cannot be removed is no run that is going on")
    func journalStays() async throws {
        let failing = CrashingFileSystem(
            TestFileSystem(), fault: .at(prefix: "remove", suffix: "/journal.json", number: 1, .other(5)))
        let place = try Place(fileSystem: failing)
        #expect(await place.update().outcome == .updated)
        #expect(try POSIXFileSystem().attributes(of: place.layout.journal) != nil)
        #expect(await place.update().failure?.code == "already-installed")
        let next = place.runner(TestFileSystem())
        #expect(try await next.recover() == nil)
    }

    @Test("How a run ended is told again at the next start, when nobody had stored it")
    func endIsTold() async throws {
        let place = try Place()
        let full = FakeObserver()
        full.stores.withLock { $0 = false }
        let run = await place.runner(observer: full).run(UpdateOrder(), requestedBy: "admin")
        #expect(run.outcome == .updated)
        let observer = FakeObserver()
        let next = place.runner(observer: observer)
        #expect(try await next.recover() == nil)
        await next.publishEnded()
        #expect(observer.seen == [run])
        #expect(try POSIXFileSystem().attributes(of: place.layout.journal) == nil)
        await next.publishEnded()
        #expect(observer.seen.count == 1)
    }

    @Test("A run whose end nobody has stored is in nobody's way")
    func endIsNoRun() async throws {
        let place = try Place()
        let full = FakeObserver()
        full.stores.withLock { $0 = false }
        let runner = place.runner(observer: full)
        #expect(await runner.run(UpdateOrder(), requestedBy: "admin").outcome == .updated)
        let again = await runner.run(UpdateOrder(), requestedBy: "admin")
        #expect(again.failure?.code == "already-installed")
    }

    @Test("An agent that goes down while the note cannot be written: the next one writes it, and the service stays up")
    func suspended() async throws {
        let dying = CrashingFileSystem(TestFileSystem(), fault: Self.secondNote(nil))
        let place = try Place(fileSystem: dying)
        place.service.dies { dying.hasCrashed }
        let task = Task { await place.runner(observer: FakeObserver()).run(UpdateOrder(), requestedBy: "admin") }
        // The dead agent tries for ever, as one on a full disk does; it is told to go down.
        while !dying.hasCrashed { await Task.yield() }
        task.cancel()
        #expect(await task.value.outcome == nil)
        place.service.dies { false }
        let next = Place.revived(place, TestFileSystem())
        #expect(try await next.recover()?.to == "2.0")
        #expect(await next.installedVersion() == "2.0")
        #expect(await next.resume()?.outcome == .updated)
        try place.expectAtRest("2.0")
        #expect(place.service.starts == ["2.0"])
    }

    @Test("What was put live by hand in the grace time is left alone: nobody's folder is moved or deleted")
    func byHand() async throws {
        let place = try Place()
        let live = place.layout.live
        place.sessions.behave {
            $0.whileWarning = {
                let files = POSIXFileSystem()
                try files.rename(live, to: FilePath(live.string + ".mine"))
                try write("precious", "somebody's", in: live)
            }
        }
        let run = await place.update()
        #expect(run.outcome == .failed)
        #expect(run.failure?.code == "folder-unknown")
        #expect(place.service.stops == 0)
        #expect(text("precious", in: live) == "somebody's")
        #expect(text("VERSION", in: FilePath(live.string + ".mine")) == "1.0")
        let again = await place.update()
        #expect(again.failure?.code == "folder-unknown")
        #expect(text("precious", in: live) == "somebody's")
    }

    @Test("An _old that somebody made in the grace time, and a live folder that is gone", arguments: [true, false])
    func oldByHand(hasOld: Bool) async throws {
        let place = try Place()
        let (live, old) = (place.layout.live, place.layout.old)
        place.sessions.behave {
            $0.whileWarning = {
                if hasOld { return try write("precious", "somebody's", in: old) }
                try POSIXFileSystem().rename(live, to: FilePath(live.string + ".mine"))
            }
        }
        let run = await place.update()
        #expect(run.failure?.code == (hasOld ? "folder-in-the-way" : "folder-missing"))
        if hasOld {
            #expect(text("precious", in: old) == "somebody's")
            #expect(place.service.running == "1.0")
            #expect(try place.complete() == "1.0")
        }
    }

    @Test("An earlier version that was put back by hand is the installed one, and is updated again")
    func putBack() async throws {
        let place = try Place { $0.retentionSeconds = 3600 }
        #expect(await place.update().outcome == .updated)
        let files = POSIXFileSystem()
        try files.exchange(place.layout.live, with: place.layout.old)
        _ = try await place.service.stop()
        try await place.service.start(environment: [:])
        let next = place.runner()
        #expect(try await next.recover() == nil)
        #expect(await next.installedVersion() == "1.0")
        #expect(await next.problems.isEmpty)
        let run = await next.run(UpdateOrder(), requestedBy: "admin")
        #expect(run.outcome == .updated, "\(run.failure?.happened ?? "")")
        #expect(run.from == "1.0")
        #expect(try place.complete() == "2.0")
    }

    @Test("An earlier version that was copied back by hand, with its folder left as _old, is updated again too")
    func copiedBack() async throws {
        let place = try Place { $0.retentionSeconds = 3600 }
        #expect(await place.update().outcome == .updated)
        let files = POSIXFileSystem()
        try files.removeTree(place.layout.live)
        try files.copyTree(place.layout.old, to: place.layout.live)
        _ = try await place.service.stop()
        try await place.service.start(environment: [:])
        let next = place.runner()
        #expect(try await next.recover() == nil)
        #expect(await next.installedVersion() == "1.0")
        #expect(await next.problems.isEmpty)
        #expect(await next.keptVersions().map(\.path) == [place.layout.old.string])
        let run = await next.run(UpdateOrder(), requestedBy: "admin")
        #expect(run.outcome == .updated, "\(run.failure?.happened ?? "")")
        #expect(try place.complete() == "2.0")
        #expect(await next.keptVersions().map(\.version) == ["1.0", "1.0"])
    }

    @Test(
        "Neither journal nor note can be written: what going back needs stays until one of them is",
        arguments: [true, false])
    func nothingCanBeWritten(isHealthy: Bool) async throws {
        let failing = CrashingFileSystem(TestFileSystem())
        let place = try Place(fileSystem: failing, migratesData: true)
        place.service.behave {
            $0.whenStarted = { version in
                guard version == "2.0" else { return }
                failing.set(.every(suffixes: ["/journal.json", "/installed.json"], .noSpace))
            }
        }
        let task = Task { await place.runner(observer: FakeObserver()).run(UpdateOrder(), requestedBy: "admin") }
        while failing.changes.count(where: { $0.hasSuffix("/installed.json") }) < 4 { await Task.yield() }
        task.cancel()
        #expect(await task.value.outcome == nil)
        // The machine is started anew; what was started does or does not get well.
        if !isHealthy { place.service.behave { $0.unhealthy = ["2.0"] } }
        let next = Place.revived(place, TestFileSystem())
        #expect(try await next.recover() != nil)
        #expect(await next.resume()?.outcome == (isHealthy ? .updated : .rolledBack))
        try place.expectAtRest(isHealthy ? "2.0" : "1.0")
        #expect(place.data("schema") == (isHealthy ? "2" : "1"))
    }

    @Test("A journal that stays behind undoes no update that was noted: the next agent's version may have a bad moment")
    func noted() async throws {
        let failing = CrashingFileSystem(TestFileSystem())
        let place = try Place(fileSystem: failing, migratesData: true)
        place.service.behave {
            $0.whenStarted = { if $0 == "2.0" { failing.set(.every(suffixes: ["/journal.json"], .permissionDenied)) } }
        }
        #expect(await place.update().outcome == .updated)
        #expect(try POSIXFileSystem().attributes(of: place.layout.journal) != nil)
        place.service.behave { $0.unhealthy = ["2.0"] }
        let next = Place.revived(place, TestFileSystem())
        #expect(try await next.recover() != nil)
        #expect(await next.resume()?.outcome == .updated)
        #expect(try place.complete() == "2.0" && place.data("schema") == "2")
    }

    @Test("A journal that could be neither written nor removed when its run ended holds up no order once it can")
    func journalInTheWay() async throws {
        let failing = CrashingFileSystem(TestFileSystem())
        let place = try Place(fileSystem: failing)
        place.service.behave {
            $0.unhealthy = ["2.0"]
            $0.whenStopped = { failing.set(.every(suffixes: ["/journal.json"], .permissionDenied)) }
        }
        let runner = place.runner()
        #expect(await runner.run(UpdateOrder(), requestedBy: "admin").outcome == .rolledBack)
        failing.set(.none)
        place.service.behave { ($0.unhealthy, $0.whenStopped) = ([], nil) }
        #expect(try JournalStore(place.layout, fileSystem: TestFileSystem()).load() != nil)
        #expect(await runner.run(UpdateOrder(), requestedBy: "admin").outcome == .updated)
        try place.expectAtRest("2.0")
    }

    @Test("Going back fails, and nothing can be noted: what is live is known for what it is, and is updated again")
    func strandedWithNew() async throws {
        let failing = CrashingFileSystem(TestFileSystem())
        let place = try Place(fileSystem: failing)
        let live = place.layout.live.lastComponent?.string ?? ""
        place.service.behave { [service = place.service] in
            $0.unhealthy = ["2.0"]
            $0.whenStarted = { version in
                guard version == "2.0" else { return }
                failing.set(.every(suffixes: ["/journal.json", "/installed.json", "/\(live)", "/staged"], .other(5)))
                service.behave { $0.whenStarted = nil }
            }
        }
        let runner = place.runner()
        let run = await runner.run(UpdateOrder(), requestedBy: "admin")
        #expect(run.outcome == .failed)
        #expect(run.standing?.inPlace == .new)
        failing.set(.none)
        place.service.behave { $0.unhealthy = [] }
        #expect(await runner.problems.isEmpty)
        #expect(await runner.installedVersion() == "2.0")
        #expect(await runner.run(UpdateOrder(), requestedBy: "admin").failure?.code == "already-installed")
    }
}
