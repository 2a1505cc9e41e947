// SPDX-License-Identifier: Apache-2.0
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

/// What a run does with data, as far as its journal is concerned.
@Suite("Snapshots of data, interrupted at every change")
struct DataCrashTests {
    /// A folder, a database with one companion, and data that is not there.
    private func scene() throws -> (DataScene, [FileSnapshot]) {
        let scene = try DataScene()
        try scene.folder.write("data/a", "old", permissions: 0o640)
        try scene.folder.write("data/deep/b", "old")
        try scene.real.hardLink(scene.folder / "data/a", as: scene.folder / "data/deep/a")
        try scene.real.makeLink(at: scene.folder / "data/link", to: "a")
        try scene.real.setPermissions(0o555, of: scene.folder / "data/deep")
        try scene.folder.write("db", "old")
        try scene.folder.write("db-wal", "old")
        return (scene, try scene.plan("data", "db", "new"))
    }

    private func taken() throws -> (DataScene, [FileSnapshot]) {
        let (scene, planned) = try scene()
        return (scene, try planned.map { try scene.snapshots().take($0).snapshot })
    }

    private func fail(_ scene: DataScene) throws {
        try scene.real.setPermissions(0o755, of: scene.folder / "data/deep")
        try scene.folder.write("data/a", "failed")
        try scene.folder.write("data/deep/more", "failed")
        try scene.replaceByRename("db", "failed")
        try scene.real.remove(scene.folder / "db-wal")
        try scene.folder.write("db-shm", "failed")
        try scene.folder.write("new", "failed")
    }

    private func expectOld(_ scene: DataScene, _ step: Int) throws {
        #expect(scene.names.filter { !$0.hasPrefix(".") } == ["data", "db", "db-wal"], "step \(step)")
        #expect(
            try scene.real.files(below: scene.folder / "data") == ["a", "deep/a", "deep/b", "link"], "step \(step)")
        for name in ["data/a", "data/deep/a", "data/deep/b", "db", "db-wal"] {
            #expect(scene.text(name) == "old", "step \(step), \(name)")
        }
        #expect(try scene.real.attributes(of: scene.folder / "data/a")?.links == 2, "step \(step)")
        #expect(try scene.real.attributes(of: scene.folder / "data/deep")?.permissions == 0o555, "step \(step)")
    }

    /// With each fault at each change until there are no more changes; answers how many there were.
    private func everywhere(
        _ faults: [(Int) -> CrashingFileSystem.Fault], _ body: (CrashingFileSystem, Int) throws -> Void
    ) rethrows -> Int {
        var most = 0
        for fault in faults {
            var step = 1
            while true {
                let fileSystem = CrashingFileSystem(fault: fault(step))
                try body(fileSystem, step)
                if fileSystem.changes.count < step { break }
                step += 1
            }
            most = max(most, step - 1)
        }
        return most
    }

    private let faults: [(Int) -> CrashingFileSystem.Fault] = [
        { .crash(at: $0) }, { .fail(at: $0, .other(5)) }, { .full(from: $0) },
    ]

    @Test(
        "Taking: a crash or a failing call leaves the data as it is; taken again it is whole, and clean-up leaves nothing"
    )
    func take() throws {
        let steps = try everywhere(faults) { fileSystem, step in
            let (scene, planned) = try scene()
            let all = try? planned.map { try scene.snapshots(fileSystem).take($0).snapshot }
            // A full disk refuses some changes, the other faults the very one.
            #expect(all != nil || step <= fileSystem.changes.count, "step \(step)")
            #expect(all == nil || !fileSystem.hasCrashed, "step \(step)")
            try expectOld(scene, step)
            let again = try planned.map { try scene.snapshots().take($0).snapshot }
            for snapshot in again { try scene.snapshots().verify(snapshot) }
            try fail(scene)
            for snapshot in again { try scene.snapshots().restore(snapshot) }
            try expectOld(scene, step)
            for snapshot in planned { #expect(scene.snapshots().remove(snapshot).isEmpty) }
            #expect(scene.copies == [], "step \(step)")
        }
        #expect(steps > 12)
    }

    @Test("Giving back: a crash or a failing call at each change, called again: the data is what it was, however often")
    func restore() throws {
        let steps = try everywhere(faults) { fileSystem, step in
            let (scene, snapshots) = try taken()
            try fail(scene)
            for snapshot in snapshots { try? scene.snapshots(fileSystem).restore(snapshot) }
            for _ in 1...2 {
                for snapshot in snapshots { try scene.snapshots().restore(snapshot) }
                try expectOld(scene, step)
            }
            for snapshot in snapshots { #expect(scene.snapshots().remove(snapshot).isEmpty) }
            #expect(scene.copies == [], "step \(step)")
            try expectOld(scene, step)
        }
        #expect(steps > 8)
    }

    @Test("Giving back needs no space: on a full disk it succeeds")
    func full() throws {
        let (scene, snapshots) = try taken()
        try fail(scene)
        let full = CrashingFileSystem(fault: .full(from: 1))
        for snapshot in snapshots { try scene.snapshots(full).restore(snapshot) }
        try expectOld(scene, 0)
    }

    @Test("Crashed again and again while giving back, and data appearing in between: right in the end")
    func again() throws {
        let (scene, snapshots) = try taken()
        try fail(scene)
        for step in 1...6 {
            let fileSystem = CrashingFileSystem(fault: .crash(at: step % 3 + 1))
            for snapshot in snapshots { try? scene.snapshots(fileSystem).restore(snapshot) }
            if try !scene.real.exists(scene.folder / "db") { try scene.folder.write("db", "a straggler's") }
        }
        for snapshot in snapshots { try scene.snapshots().restore(snapshot) }
        try expectOld(scene, 0)
        for snapshot in snapshots { #expect(scene.snapshots().remove(snapshot).isEmpty) }
        #expect(scene.copies == [])
    }

    @Test("Clean-up: what cannot be removed is answered, the rest goes, and the next time it all goes")
    func remove() throws {
        // Removing needs no space: a full disk is no fault.
        let steps = try everywhere(Array(faults.dropLast())) { fileSystem, step in
            let (scene, snapshots) = try taken()
            try fail(scene)
            for snapshot in snapshots { try scene.snapshots().restore(snapshot) }
            let failures = snapshots.flatMap { scene.snapshots(fileSystem).remove($0) }
            #expect(failures.isEmpty == (fileSystem.changes.count < step), "step \(step)")
            try expectOld(scene, step)
            for snapshot in snapshots { #expect(scene.snapshots().remove(snapshot).isEmpty) }
            #expect(scene.copies == [], "step \(step)")
            try expectOld(scene, step)
        }
        #expect(steps > 5)
    }

    @Test("The copies are synced before they count, and the names after they have changed")
    func durable() throws {
        let (scene, planned) = try scene()
        let taking = CrashingFileSystem()
        let snapshots = try planned.prefix(2).map { try scene.snapshots(taking).take($0).snapshot }
        let operations = taking.changes.map { $0.prefix { $0 != " " } }
        #expect(operations.last == "syncFileSystem" && operations.filter { $0 == "syncFileSystem" }.count == 2)
        try fail(scene)
        let restoring = CrashingFileSystem()
        for snapshot in snapshots { try scene.snapshots(restoring).restore(snapshot) }
        #expect(restoring.changes.last?.hasPrefix("syncDirectory") == true)
        #expect(restoring.changes.allSatisfy { $0.hasPrefix("rename") || $0.hasPrefix("syncDirectory") })
    }
}
