// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Platform
import SystemPackage
import TestSupport
import Testing

@Suite("An update that cannot finish is refused before anyone is disturbed")
struct PreflightTests {
    private func expectRefused(
        _ place: Place, _ code: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> UpdateRun {
        let run = await place.update()
        #expect(run.outcome == .failed, sourceLocation: sourceLocation)
        #expect(run.failure?.code == code, sourceLocation: sourceLocation)
        #expect(run.failure?.remedy.isEmpty == false, sourceLocation: sourceLocation)
        #expect(!place.log.events.contains { $0.hasPrefix("warn") || $0 == "stop" || $0 == "fetch" })
        #expect(place.service.running == "1.0", sourceLocation: sourceLocation)
        #expect(try place.complete() == "1.0", sourceLocation: sourceLocation)
        return run
    }

    @Test("No space: how much there is and how much is needed")
    func space() async throws {
        let place = try Place(fileSystem: TestFileSystem(free: 1000))
        let run = try await expectRefused(place, "not-enough-space")
        #expect(run.failure?.happened.contains(place.layout.state.string) == true)
    }

    @Test("A folder above that may not be written")
    func rights() async throws {
        let place = try Place()
        var fileSystem = TestFileSystem()
        fileSystem.forbidden = place.layout.parent.appending(".ricambio-probe")
        let runner = place.runner(fileSystem)
        let run = await runner.run(UpdateOrder(), requestedBy: "admin")
        #expect(run.failure?.code == "folder-not-writable")
        #expect(run.failure?.happened.contains(place.layout.parent.string) == true)
        try place.expectAtRest("1.0")
    }

    @Test("A `<name>_old` that no update made belongs to somebody and is not touched")
    func strangersFolder() async throws {
        let place = try Place()
        try write("precious", "somebody's", in: place.layout.old)
        _ = try await expectRefused(place, "folder-in-the-way")
        #expect(text("precious", in: place.layout.old) == "somebody's")
    }

    @Test("Nothing installed there")
    func notInstalled() async throws {
        let place = try Place()
        try POSIXFileSystem().remove(place.layout.installed)
        _ = try await expectRefused(place, "not-installed")
    }

    @Test("A place that does not exist at all is not made")
    func noFolder() async throws {
        let place = try Place()
        let fileSystem = POSIXFileSystem()
        try fileSystem.removeTree(place.layout.live)
        try fileSystem.removeTree(place.layout.state)
        let run = await place.update()
        #expect(run.failure?.code == "not-installed")
        #expect(try fileSystem.attributes(of: place.layout.state) == nil)
        #expect(place.observer.seen.last?.outcome == .failed)
    }

    @Test("Space for the copies of data counts when the release migrates data")
    func dataSpace() async throws {
        let place = try Place(fileSystem: TestFileSystem(free: (16 << 20) + 100_000), migratesData: true)
        try write("big", String(repeating: "x", count: 200_000), in: place.folder.path.appending("data"))
        _ = try await expectRefused(place, "not-enough-space")
        let other = try Place(fileSystem: TestFileSystem(free: (16 << 20) + 100_000))
        try write("big", String(repeating: "x", count: 200_000), in: other.folder.path.appending("data"))
        #expect(await other.update().outcome == .updated)
    }

    @Test("Data on two disks: each needs room for its own", .enabled(if: geteuid() == 0), arguments: [true, false])
    func dataOnTwoDisks(isRoomy: Bool) async throws {
        let place = try Place(migratesData: true) { settings in
            let above = settings.folder.removingLastComponent()
            settings.data = [.path(above.appending("one/data")), .path(above.appending("two/data"))]
        }
        let (one, two) = (place.folder / "one", place.folder / "two")
        for disk in [one, two] { try POSIXFileSystem().makeDirectories(disk) }
        try await mounted("none", at: one, kind: "tmpfs", options: "size=100M") {
            try await mounted("none", at: two, kind: "tmpfs", options: isRoomy ? "size=30M" : "size=20M") {
                for disk in [one, two] {
                    try write("data/big", String(repeating: "x", count: 5_000_000), in: disk)
                }
                if isRoomy {
                    #expect(await place.update().outcome == .updated)
                } else {
                    let run = try await expectRefused(place, "not-enough-space")
                    #expect(run.failure?.happened.contains(two.string) == true)
                }
            }
        }
    }

    @Test("Something mounted inside the application folder, or where it changes places, and nothing of it is lost")
    func mounts() async throws {
        for name in ["backups", "lib", "preferences/deep", "", "../.ricambio/om-business/trash"] {
            let place = try Place()
            let mounted = place.layout.live.pushing(FilePath(name)).lexicallyNormalized()
            try write("disk", "somebody's", in: mounted)
            let run = await place.runner(TestFileSystem(mounted: [mounted])).run(UpdateOrder(), requestedBy: "admin")
            #expect(run.failure?.code == "not-same-file-system", "\(name)")
            #expect(run.failure?.happened.contains(mounted.string) == true, "\(run.failure?.happened ?? "")")
            #expect(!place.log.events.contains { $0.hasPrefix("warn") || $0 == "stop" || $0 == "fetch" })
            #expect(text("disk", in: mounted) == "somebody's", "\(name)")
        }
    }

    @Test("Something mounted inside data that the release migrates")
    func mountsInData() async throws {
        let place = try Place(migratesData: true)
        let mounted = place.folder.path.appending("data/deep")
        let run = await place.runner(TestFileSystem(mounted: [mounted])).run(UpdateOrder(), requestedBy: "admin")
        #expect(run.failure?.code == "not-same-file-system")
        #expect(place.data("deep/records") == "42 records")
    }

    @Test("A mount that appears after the preflight is not emptied with the old version")
    func lateMount() async throws {
        let place = try Place()
        place.service.behave {
            $0.whenStarted = { version in
                if version == "2.0" { try write("disk/file", "somebody's", in: place.layout.old) }
            }
        }
        var fileSystem = TestFileSystem()
        fileSystem.mountedName = "disk"
        let run = await place.runner(fileSystem).run(UpdateOrder(), requestedBy: "admin")
        #expect(run.outcome == .updated)
        let left = FileManager.default.subpaths(atPath: place.layout.place.trash.string) ?? []
        #expect(left.contains { $0.hasSuffix("disk/file") })
    }

    @Test("A release without the service's program, or one that cannot be executed")
    func program() async throws {
        for program in ["bin/none", "./lib/same", "./preferences", "lib/same/program"] {
            let place = try Place { $0.command = [program, "--serve"] }
            let run = try await expectRefused(place, "service-cannot-start")
            #expect(run.failure?.happened.contains(program) == true)
            #expect(run.failure?.state != "")
        }
        let absolute = try Place { $0.command = [$0.folder.appending("bin/none").string] }
        _ = try await expectRefused(absolute, "service-cannot-start")
        let health = try Place { $0.health.probe = .command(["bin/check"]) }
        _ = try await expectRefused(health, "service-cannot-start")
    }

    @Test("A program of the release, of the customer, of the system, or behind a link is fine")
    func programs() async throws {
        for program in ["./program", "preferences/own", "sh", "/bin/sh"] {
            let place = try Place { $0.command = [program] }
            try write("preferences/own", "the customer's", in: place.layout.live, permissions: 0o755)
            #expect(await place.update().outcome == .updated, "\(program)")
        }
    }

    @Test("A release for a newer agent, and one from the future of this machine's clock")
    func agentAndClock() async throws {
        let place = try Place { $0.agentVersion = "1.0" }
        place.releases.behave { $0.agentVersion = "1.1" }
        let run = try await expectRefused(place, "agent-too-old")
        #expect(run.failure?.happened.contains("1.1") == true)
        place.releases.behave { $0.agentVersion = "1.0.0" }
        #expect(await place.update().outcome == .updated)
        let other = try Place()
        other.releases.behave { [now = other.clock.now] in $0.date = now.addingTimeInterval(2 * 24 * 3600) }
        _ = try await expectRefused(other, "clock-wrong")
    }
}
