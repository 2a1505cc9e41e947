// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

@Suite("Data of a release that migrates it, after a roll-back")
struct DataTests {
    @Test("A symlink to the data: what it names is given back, and the link stays")
    func link() async throws {
        let place = try Place(migratesData: true) { settings in
            settings.data = [.path(settings.folder.removingLastComponent().appending("link"))]
        }
        let link = place.folder / "link"
        try POSIXFileSystem().makeLink(at: link, to: "other")
        try POSIXFileSystem().makeLink(at: place.folder / "other", to: "./data")
        place.service.behave { $0.unhealthy = ["2.0"] }
        let run = await place.update()
        #expect(run.outcome == .rolledBack)
        #expect(place.data("schema") == "1")
        #expect(text("deep/records", in: link) == "42 records")
        #expect(try POSIXFileSystem().destination(ofLink: link) == "other")
        #expect(try POSIXFileSystem().entries(of: place.folder.path).allSatisfy { !$0.hasPrefix(".data") })
    }

    @Test("A link that goes in circles is refused before anyone is disturbed")
    func circle() async throws {
        let place = try Place(migratesData: true) {
            $0.data = [.path($0.folder.removingLastComponent().appending("circle"))]
        }
        try POSIXFileSystem().makeLink(at: place.folder / "circle", to: "circle")
        let run = await place.update()
        #expect(run.outcome == .failed)
        #expect(run.failure?.code == "file-failed")
        #expect(place.service.stops == 0)
    }

    @Test("Data that did not exist before is taken away: the old version never meets what the new one made")
    func absent() async throws {
        let place = try Place(migratesData: true) {
            $0.data.append(.path($0.folder.removingLastComponent().appending("new")))
        }
        let new = place.folder / "new"
        place.service.behave {
            $0.unhealthy = ["2.0"]
            $0.whenStarted = { version in try write("made-by", version, in: new) }
            $0.beforeStart = { #expect(text("made-by", in: new) == nil) }
        }
        let run = await place.update()
        #expect(run.outcome == .rolledBack)
        #expect(text("made-by", in: new) == "1.0")
        #expect(place.data("schema") == "1")
        #expect(
            try POSIXFileSystem().entries(of: place.folder.path).allSatisfy { !$0.hasPrefix(".") || $0 == ".ricambio" })
    }

    @Test("Data that a healthy new version made stays")
    func made() async throws {
        let place = try Place(migratesData: true) {
            $0.data = [.path($0.folder.removingLastComponent().appending("new"))]
        }
        let new = place.folder / "new"
        place.service.behave { $0.whenStarted = { version in try write("made-by", version, in: new) } }
        #expect(await place.update().outcome == .updated)
        #expect(text("made-by", in: new) == "2.0")
    }

    @Test("What the old version makes after a roll-back is not taken away when the roll-back is repeated")
    func repeated() async throws {
        // Going back the first time fails after the old version has started.
        for newMakesIt in [true, false] {
            let place = try Place(migratesData: true) {
                $0.data = [.path($0.folder.removingLastComponent().appending("new"))]
                $0.health.timeoutSeconds = 1
            }
            let new = place.folder / "new"
            place.service.behave { [service = place.service] in
                $0.unhealthy = ["2.0"]
                $0.whenStopped = { service.behave { $0.unhealthy = ["1.0", "2.0"] } }
                $0.whenStarted = { version in
                    if version == "1.0" || newMakesIt, text("made-by", in: new) == nil {
                        try write("made-by", version, in: new)
                    }
                }
            }
            let run = await place.update()
            #expect(run.failure?.code == "rollback-failed")
            #expect(text("made-by", in: new) == "1.0")
        }
    }

    @Test(
        "Data that cannot be given back: what was saved stays, and where it is, is said; the outcome is what was found")
    func notGivenBack() async throws {
        let place = try Place(migratesData: true) { settings in
            settings.data = [
                .commands(
                    DataCommands(
                        name: "base", save: ["sh", "-c", "echo rows > \"$RICAMBIO_SNAPSHOT/dump\""],
                        restore: ["false"]))
            ]
            settings.limits.rollBackAttempts = 1
        }
        place.service.behave { $0.unhealthy = ["2.0"] }
        let run = await place.update()
        #expect(run.failure?.code == "rollback-failed")
        let saved = try #require(run.standing?.savedData.first)
        #expect(run.standing == Standing(inPlace: .old, isRunning: true, savedData: [saved]))
        #expect(text("dump", in: FilePath(saved)) == "rows\n")
        #expect(run.failure?.state.contains(saved) == true && run.failure?.remedy.contains(saved) == true)
        #expect(run.failure?.happened.contains("HTTP 500") == true, "\(run.failure?.happened ?? "")")
    }
}
