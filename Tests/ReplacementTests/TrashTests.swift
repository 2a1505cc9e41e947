// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("Trash")
struct TrashTests {
    private func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    private func exists(_ path: FilePath) -> Bool { (try? POSIXFileSystem().exists(path)) == true }

    private func record(_ path: FilePath) throws -> FolderRecord {
        FolderRecord(try #require(try POSIXFileSystem().attributes(of: path)), version: "1", tree: "t")
    }

    /// A folder as a release leaves it, with what makes deleting hard: names that are no UTF-8, a closed folder.
    private func fill(_ scene: Scene) throws -> FolderRecord {
        try scene.folder.write("App_old/bin/server", "x")
        try scene.folder.write("App_old/data/deep/file", "x")
        let folder = try POSIXFileSystem().folder(scene.place.old)
        for bytes in [[0xff, 0x41], [0xe0]] as [[UInt8]] {
            let name = try #require(FilePath.Component(bytes: bytes))
            _ = try folder.create(name, permissions: 0o600)
        }
        try POSIXFileSystem().setPermissions(0o500, of: scene.place.old.appending("bin"))
        return try record(scene.place.old)
    }

    @Test("A known folder goes whole, whatever its names and modes, and nothing else of the place")
    func whole() throws {
        let scene = try Scene()
        let record = try fill(scene)
        try scene.folder.write("App/live", "x")
        let trash = Trash(scene.place, fileSystem: POSIXFileSystem())
        #expect(try trash.discard(scene.place.old, as: .known(record, .inode)).isEmpty)
        #expect(!exists(scene.place.old) && exists(scene.place.live.appending("live")))
        #expect(try POSIXFileSystem().entries(of: scene.place.trash).isEmpty)
        #expect(try trash.discard(scene.place.old, as: .known(record, .inode)).isEmpty)
        #expect(try trash.discard(scene.place.old, as: .absent).isEmpty)
    }

    @Test("What is unknown, or became another folder, is not touched")
    func unknown() throws {
        let scene = try Scene()
        let record = try fill(scene)
        let trash = Trash(scene.place, fileSystem: POSIXFileSystem())
        #expect(throws: ReplacementError(.unknown(.mixed), path: scene.place.old)) {
            try trash.discard(scene.place.old, as: .unknown(.mixed))
        }
        try POSIXFileSystem().rename(scene.place.old, to: scene.folder / "aside")
        try scene.folder.write("App_old/mine", "x")
        #expect(throws: ReplacementError(.unknown(.changedMeanwhile), path: scene.place.old)) {
            try trash.discard(scene.place.old, as: .known(record, .inode))
        }
        #expect(exists(scene.place.old.appending("mine")))
        try POSIXFileSystem().removeTree(scene.place.old)
        try POSIXFileSystem().makeLink(at: scene.place.old, to: (scene.folder / "aside").string)
        #expect(throws: ReplacementError.self) { try trash.discard(scene.place.old, as: .known(record, .inode)) }
        #expect(exists(scene.folder / "aside/bin/server"))
    }

    @Test("A folder known by its content only is deleted no further than its list goes")
    func listed() throws {
        let scene = try Scene()
        var record = try fill(scene)
        let files = POSIXFileSystem()
        let trash = Trash(scene.place, fileSystem: files)
        func discard() throws -> [Undeletable] { try trash.discard(scene.place.old, as: .known(record, .witnesses)) }
        #expect(throws: ReplacementError(.unknown(.notListed), path: scene.place.old)) { try discard() }
        try FolderList(of: try files.folder(scene.place.old)).write(record, in: scene.place, fileSystem: files)

        let (copy, mine) = (scene.folder / "copy", scene.place.old.appending("data").appending("dee"))
        try run("/bin/cp", ["-a", scene.place.old.string, copy.string])
        try files.removeTree(scene.place.old)
        try files.rename(copy, to: scene.place.old)
        record = record.renewed(try #require(try files.attributes(of: scene.place.old)))
        // Between two listed names, which tells a list from a prefix.
        for name in ["data/dee", "data/deep/a", "zz", "bin/server2"] {
            let path = try scene.folder.write("App_old/\(name)", "mine")
            #expect(throws: ReplacementError(.unknown(.notListed), path: path)) { try discard() }
            try files.remove(path)
        }
        #expect(exists(mine) == false && exists(scene.place.old.appending("bin/server")))
        // What has gone since is not missed.
        try files.removeTree(scene.place.old.appending("data"))
        #expect(try discard().isEmpty)
        #expect(!exists(scene.place.old))
        #expect(try files.entries(of: scene.place.lists).isEmpty)
    }

    @Test("Somebody exchanges a folder for a symlink at any step of a deletion: nothing outside is deleted")
    func exchangedFolders() throws {
        var steps = 0
        for step in 1...200 {
            let scene = try Scene()
            let record = try fill(scene)
            try scene.folder.write("outside/deep/file", "mine")
            try scene.folder.write("outside/server", "mine")
            let calls = Mutex(0)
            let outside = (scene.folder / "outside").string
            let state = scene.place.state.string
            let interfere: @Sendable () -> Void = {
                guard
                    calls.withLock({
                        $0 += 1; return $0
                    }) == step
                else { return }
                let trash = (try? FileManager.default.contentsOfDirectory(atPath: "\(state)/trash"))?.first
                for top in ["\(outside)/../App_old", "\(state)/trash/\(trash ?? "none")"] {
                    for name in ["bin", "data", "data/deep"] where rename("\(top)/\(name)", "\(top)/was") == 0 {
                        symlink(outside, "\(top)/\(name)")
                        return
                    }
                }
            }
            var files = WatchedFileSystem()
            files.hooks.look = { (_, _) throws(FileError) in interfere() }
            files.hooks.change = { (_, _) throws(FileError) in interfere() }
            let trash = Trash(scene.place, fileSystem: files)
            _ = try? trash.discard(scene.place.old, as: .known(record, .inode))
            guard calls.withLock({ $0 }) >= step else { break }
            steps = step
            #expect(exists(scene.folder / "outside/deep/file") && exists(scene.folder / "outside/server"))
            #expect(Trash(scene.place, fileSystem: POSIXFileSystem()).sweep().isEmpty)
            #expect(exists(scene.folder / "outside/deep/file") && exists(scene.folder / "outside/server"))
            #expect(!exists(scene.place.old))
            #expect(try POSIXFileSystem().entries(of: scene.place.trash).isEmpty)
        }
        #expect(steps > 15 && steps < 200)
    }

    @Test("Somebody puts their folder in the place of the one to go, at any step: theirs stays")
    func exchangedTop() throws {
        for step in 1...6 {
            let scene = try Scene()
            let record = try fill(scene)
            let calls = Mutex(0)
            let (path, aside) = (scene.place.old.string, "\(scene.place.old.string).aside")
            let interfere: @Sendable () -> Void = {
                guard
                    calls.withLock({
                        $0 += 1; return $0
                    }) == step, rename(path, aside) == 0
                else { return }
                mkdir(path, 0o700)
                mkdir("\(path)/mine", 0o700)
            }
            var files = WatchedFileSystem()
            files.hooks.look = { (_, _) throws(FileError) in interfere() }
            files.hooks.change = { (_, _) throws(FileError) in interfere() }
            _ = try? Trash(scene.place, fileSystem: files).discard(scene.place.old, as: .known(record, .inode))
            _ = Trash(scene.place, fileSystem: POSIXFileSystem()).sweep()
            if exists(FilePath(aside)) { #expect(exists(scene.place.old.appending("mine")), "at \(step)") }
        }
    }

    @Test("A crash at any change leaves it whole at its place, or in the trash, and the next sweep takes the rest")
    func crash() throws {
        var moments = 0
        for moment in 1...60 {
            let scene = try Scene()
            let record = try fill(scene)
            let dying = CrashingFileSystem(fault: .crash(at: moment))
            _ = try? Trash(scene.place, fileSystem: dying).discard(scene.place.old, as: .known(record, .inode))
            guard dying.hasCrashed else { break }
            moments = moment
            if exists(scene.place.old) {
                #expect(exists(scene.place.old.appending("bin/server")))
                #expect(exists(scene.place.old.appending("data/deep/file")))
            }
            let trash = Trash(scene.place, fileSystem: POSIXFileSystem())
            #expect(trash.sweep().isEmpty)
            #expect(try trash.discard(scene.place.old, as: .known(record, .inode)).isEmpty)
            #expect(!exists(scene.place.old))
            #expect(try POSIXFileSystem().entries(of: scene.place.trash).isEmpty)
        }
        #expect(moments > 8 && moments < 60)
    }

    @Test(
        "What cannot be deleted is named, the rest goes, the place is free, and the next sweep tries again",
        .enabled(if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/chattr")))
    func undeletable() throws {
        let scene = try Scene(inMemory: false)
        let record = try fill(scene)
        let trash = Trash(scene.place, fileSystem: POSIXFileSystem())
        try run("/usr/bin/chattr", ["+i", scene.place.old.appending("bin/server").string])
        let left = try trash.discard(scene.place.old, as: .known(record, .inode))
        #expect(left.count == 1 && left.first?.error.code == .permissionDenied)
        #expect(left.first?.error.path.hasSuffix("/bin/server") == true)
        #expect(!exists(scene.place.old))
        let place = try #require(left.first?.path)
        #expect(exists(place.appending("bin/server")) && !exists(place.appending("data")))
        #expect(trash.sweep() == left)
        try run("/usr/bin/chattr", ["-i", place.appending("bin/server").string])
        #expect(trash.sweep().isEmpty)
        #expect(!exists(place))
    }

    @Test("A folder that cannot even be moved is named and blocks nothing", .enabled(if: geteuid() == 0))
    func mounted() throws {
        let scene = try Scene()
        let record = try fill(scene)
        let inside = scene.place.old.appending("data").string
        try #require(mount("none", inside, "tmpfs", 0, nil) == 0)
        defer { umount2(inside, Int32(MNT_DETACH)) }
        _ = FileManager.default.createFile(atPath: "\(inside)/theirs", contents: nil)
        let trash = Trash(scene.place, fileSystem: POSIXFileSystem())
        let left = try trash.discard(scene.place.old, as: .known(record, .inode))
        #expect(left.first?.error.code == .mountPoint)
        let moved = try #require(left.first?.path).appending("data")
        #expect(exists(moved.appending("theirs")))
        #expect(umount2(moved.string, Int32(MNT_DETACH)) == 0)
        #expect(trash.sweep().isEmpty)
        let failing = CrashingFileSystem(fault: .fail(at: 1, .busy))
        try scene.folder.write("App_old/x", "x")
        let again = try self.record(scene.place.old)
        let stuck = try Trash(scene.place, fileSystem: failing).discard(scene.place.old, as: .known(again, .inode))
        #expect(stuck.map(\.path) == [scene.place.old])
        #expect(exists(scene.place.old.appending("x")))
    }

    @Test("It needs no space once there is a trash folder")
    func fullDisk() throws {
        let scene = try Scene()
        let record = try fill(scene)
        try POSIXFileSystem().makeDirectories(scene.place.trash)
        let full = CrashingFileSystem(fault: .full(from: 1))
        #expect(try Trash(scene.place, fileSystem: full).discard(scene.place.old, as: .known(record, .inode)).isEmpty)
        #expect(!exists(scene.place.old))
    }

    @Test("A tree two thousand levels deep is removed")
    func deep() throws {
        let scene = try Scene()
        try scene.folder.write("App_old/x", "x")
        var folder = try POSIXFileSystem().folder(scene.place.old)
        for _ in 0..<2000 { folder = try folder.makeFolder("d", permissions: 0o700) }
        let record = try record(scene.place.old)
        let trash = Trash(scene.place, fileSystem: POSIXFileSystem())
        #expect(try trash.discard(scene.place.old, as: .known(record, .inode)).isEmpty)
        #expect(!exists(scene.place.old))
        #expect(trash.sweep().isEmpty)
    }

    @Test("Temporary files of killed writers and probes of killed trials go, all else stays")
    func temporaries() throws {
        let scene = try Scene()
        let state = ".ricambio/app"
        let dying = CrashingFileSystem(fault: .crash(at: 1))
        try? dying.replace(scene.place.state.appending("journal.json"), with: [1, 2, 3], permissions: 0o600)
        let gone = [
            "\(state)/.journal.json.1a2b3c.tmp", "\(state)/.ricambio-probe-9-app/.ricambio-probe-8-app",
            ".ricambio-probe-7-app",
        ]
        let stays = [
            "\(state)/journal.json", "\(state)/.journal.json.NOT.tmp", "\(state)/.tmp", "\(state)/.a.tmp",
            "\(state)/a.b.tmp",
            ".customer.a1.tmp", ".ricambio-probe-x-app/bin/server", ".ricambio-probe-x-other",
        ]
        for path in gone + stays { try scene.folder.write(path, "x") }
        let trash = Trash(scene.place, fileSystem: POSIXFileSystem())
        #expect(trash.sweepTemporaries(in: scene.place.state).isEmpty)
        // It has an application's folders in it: whatever put it there, it is no probe.
        #expect(trash.sweepProbes().map(\.path) == [scene.folder / ".ricambio-probe-x-app"])
        for path in gone { #expect(!exists(scene.folder / path), "\(path)") }
        for path in stays { #expect(exists(scene.folder / path), "\(path)") }
        #expect(!exists(scene.place.state.appending(".journal.json.crashed.tmp")))
    }

    @Test("One owner at a time holds a place")
    func lock() throws {
        let scene = try Scene()
        let files = POSIXFileSystem()
        let first = try #require(try OwnerLock.take(scene.place, fileSystem: files))
        #expect(try OwnerLock.take(scene.place, fileSystem: files) == nil)
        first.release()
        #expect(try OwnerLock.take(scene.place, fileSystem: files) != nil)
    }
}
