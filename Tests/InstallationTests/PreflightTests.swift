// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Platform
import SystemPackage
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
}
