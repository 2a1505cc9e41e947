// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Replacement

@Suite("What the down time relies on is tried")
struct TryOutTests {
    private static let isRoot = geteuid() == 0
    private let scene: Scene

    init() throws { scene = try Self.scene(inMemory: true) }

    private static func scene(inMemory: Bool) throws -> Scene {
        let scene = try Scene(inMemory: inMemory)
        try scene.folder.write("App/bin/server", "program")
        return scene
    }

    private func tryOut(
        _ scene: Scene? = nil, account: Account = .current, fileSystem: any FileSystem = POSIXFileSystem()
    ) throws -> [ReplacementError] {
        let scene = scene ?? self.scene
        return TryOut(scene.place, account: account, fileSystem: fileSystem).obstacles()
    }

    private func tryOut(hooks: FolderHooks) throws -> [ReplacementError] {
        let (parent, state) = (try scene.files.folder(scene.place.parent), try scene.files.folder(scene.place.state))
        return try TryOut(scene.place, fileSystem: scene.files).obstacles(
            in: WatchedFolder(parent, hooks), WatchedFolder(state, hooks))
    }

    /// Nothing of the application's is changed, and nothing else is there.
    private func expectNoTrace(_ scene: Scene? = nil, _ comment: Comment = "") throws {
        let scene = scene ?? self.scene
        let all = try scene.files.files(below: scene.folder.path)
        #expect(all == ["App/bin/server"], comment)
        #expect(try scene.files.entries(of: scene.place.parent) == [".ricambio", "App"], comment)
        #expect(try scene.files.entries(of: scene.place.state) == [], comment)
    }

    @Test("Where all works, nothing stands against it and nothing is left behind", arguments: [true, false])
    func works(inMemory: Bool) throws {
        let scene = try Self.scene(inMemory: inMemory)
        #expect(try tryOut(scene) == [])
        try expectNoTrace(scene)
    }

    @Test("A live folder in the lower layer of an overlay cannot be moved", .enabled(if: isRoot))
    func overlay() throws {
        let folder = try TemporaryFolder(inMemory: true)
        let files = scene.files
        for path in ["upper", "work", "merged", "lower/.ricambio/app"] { try files.makeDirectories(folder / path) }
        try folder.write("lower/App/bin/server", "program")
        let layers = "lowerdir=\(folder / "lower"),upperdir=\(folder / "upper"),workdir=\(folder / "work")"
        try mounted("overlay", at: folder / "merged", kind: "overlay", options: layers + ",redirect_dir=off") {
            let place = Place(live: folder / "merged/App", state: folder / "merged/.ricambio/app")
            let found = TryOut(place, fileSystem: files).obstacles()
            #expect(found.map(\.code) == [.notSameFileSystem] && found.first?.path == place.live)
            let names = try files.entries(of: place.parent)
            #expect(names == [".ricambio", "App"])
        }
    }

    @Test("An immutable live folder, or the one that it is in, is named as that", .enabled(if: isRoot))
    func marked() throws {
        let scene = try Self.scene(inMemory: false)
        try immutable(scene.place.live) {
            let found = try tryOut(scene)
            #expect(found.map(\.code) == [.immutable] && found.first?.path == scene.place.live)
        }
        try immutable(scene.place.parent) {
            let found = try tryOut(scene)
            #expect(found.map(\.code) == [.immutable] && found.first?.path == scene.place.parent)
        }
        try expectNoTrace(scene)
    }

    @Test(
        "A live folder that belongs to another account cannot be moved, in a folder with the sticky bit or without",
        .enabled(if: isRoot))
    func others() throws {
        let account = Account(user: 4711, groups: [4711])
        for path in [".ricambio", ".ricambio/app"] { try scene.set(path) { $0.owner = 4711 } }
        let files = scene.files
        for (mode, code) in [(0o1777, ReplacementError.Code.sticky), (0o777, nil), (0o755, nil)] {
            try files.setPermissions(UInt16(mode), of: scene.place.parent)
            let found = try asUser(4711) { try tryOut(account: account) }
            #expect(found.count == 1, "\(found)")
            if let code {
                #expect(found.first?.code == code)
            } else if case .file(let error) = found.first?.code {
                #expect(error.code == .permissionDenied)
            } else {
                Issue.record("\(found)")
            }
            try expectNoTrace()
        }
    }

    @Test("A live folder at which something is mounted cannot be moved", .enabled(if: isRoot))
    func mountedThere() throws {
        let other = try TemporaryFolder(inMemory: true)
        try mounted(other.path.string, at: scene.place.live, flags: UInt(MS_BIND)) {
            let found = try tryOut().map(\.code)
            #expect(found == [.notSameFileSystem])
        }
        try mounted("none", at: scene.place.state, kind: "tmpfs") {
            let found = try tryOut().map(\.code)
            #expect(found == [.notSameFileSystem, .notSameFileSystem])
        }
        try expectNoTrace()
    }

    @Test("A missing live folder, or a missing one of the product's own, is an obstacle")
    func missing() throws {
        let gone = Place(live: scene.folder / "Gone", state: scene.place.state)
        #expect(TryOut(gone, fileSystem: scene.files).obstacles().map(\.code) == [.missing])
        let stateless = Place(live: scene.place.live, state: scene.folder / ".ricambio/none")
        #expect(TryOut(stateless, fileSystem: scene.files).obstacles().count == 1)
    }

    @Test("After a crash at any of its changes the next one leaves no trace")
    func crashes() throws {
        let whole = CrashingFileSystem(fault: .none)
        #expect(try tryOut(fileSystem: whole) == [])
        #expect(whole.changes.count > 10)
        for crash in 1...whole.changes.count {
            let crashing = CrashingFileSystem(fault: .crash(at: crash))
            _ = try tryOut(fileSystem: crashing)
            #expect(crashing.hasCrashed)
            #expect(try scene.attributes("App/bin/server") != nil, "\(crash)")
            #expect(try tryOut() == [], "\(crash)")
            try expectNoTrace(nil, "\(crash)")
        }
    }

    @Test("A change that fails is an obstacle, and leaves no trace either")
    func failures() throws {
        let whole = CrashingFileSystem(fault: .none)
        _ = try tryOut(fileSystem: whole)
        for failing in 1...whole.changes.count {
            let faulty = CrashingFileSystem(fault: .fail(at: failing, .other(5)))
            let found = try tryOut(fileSystem: faulty)
            // Clean-up is best effort: the next one sweeps.
            let isCleanUp = faulty.changes[failing - 1].hasPrefix("remove")
            #expect(isCleanUp || found.count == 1, "\(failing): \(faulty.changes[failing - 1])")
            #expect(try tryOut() == [])
            try expectNoTrace(nil, "\(failing)")
        }
    }

    @Test("Where folders cannot be exchanged, two renames will do")
    func noExchange() throws {
        let exchange = FolderHooks(change: { (change, _) throws(FileError) in
            guard change.operation == "exchange" else { return }
            throw FileError(.notSupported, operation: "exchange", path: change.path)
        })
        #expect(try tryOut(hooks: exchange) == [])
        try expectNoTrace()
        let neither = FolderHooks(change: { (change, _) throws(FileError) in
            guard ["exchange", "rename"].contains(change.operation) else { return }
            throw FileError(
                change.operation == "rename" ? .crossesFileSystems : .notSupported, operation: "", path: change.path)
        })
        #expect(try tryOut(hooks: neither).map(\.code) == [.notSameFileSystem, .notSameFileSystem])
        try expectNoTrace()
    }

    @Test("A move that succeeds against all rules is undone at once, and said")
    func undone() throws {
        // As a file system would that replaces folders with something in them.
        let place = scene.place
        let hooks = FolderHooks(change: { (change, _) throws(FileError) in
            guard change.operation == "rename", change.path.starts(with: place.state),
                change.path.lastComponent != "App"
            else { return }
            try POSIXFileSystem().removeTree(change.path)
            try POSIXFileSystem().makeDirectory(change.path, permissions: 0o700)
        })
        let found = try tryOut(hooks: hooks)
        #expect(found.count == 1 && found.first?.path == place.live)
        try expectNoTrace()
    }

    @Test("A live folder under a probe's name is never emptied")
    func sweep() throws {
        try scene.folder.write(".ricambio/app/.ricambio-probe-x-app/App/bin/server", "program")
        try scene.folder.write(".ricambio/app/.ricambio-probe-x-app/.ricambio-probe-y-app", "")
        try scene.files.makeDirectory(scene.folder / ".ricambio-probe-z-app", permissions: 0o700)
        _ = try tryOut()
        #expect(try scene.files.files(below: scene.place.state) == [".ricambio-probe-x-app/App/bin/server"])
        #expect(try scene.attributes(".ricambio-probe-z-app") == nil)
    }

    @Test("What another installation in the same folder is just trying is left to it")
    func neighbours() throws {
        let others = [".ricambio-probe-1-other", ".ricambio-probe-1-my-app", ".ricambio-probe-1-app-2"]
        for name in others { try scene.files.makeDirectory(scene.folder / name, permissions: 0o700) }
        _ = try tryOut()
        for name in others { #expect(try scene.attributes(name) != nil, "\(name)") }
    }

    @Test("Too few bytes and too few inodes are told apart", .enabled(if: isRoot))
    func space() throws {
        let disk = scene.folder / "disk"
        try scene.files.makeDirectory(disk, permissions: 0o755)
        try mounted("none", at: disk, kind: "tmpfs", options: "size=1M,nr_inodes=20") {
            let release = TestRelease(Dictionary(uniqueKeysWithValues: (0..<30).map { ("\($0)", .file("x")) }))
            let found = try Space(for: release.entries).lacking(at: disk, fileSystem: scene.files)
            #expect(found.count == 1)
            guard case .notEnoughFiles(let free, let needed) = found.first?.code else { Issue.record(); return }
            #expect(needed == 31 && free > 0 && free < 20)
            let large = try Space(bytes: 2 << 20, files: 1).lacking(at: disk, fileSystem: scene.files)
            guard case .notEnoughBytes(let free, needed: 2 << 20) = large.first?.code else { Issue.record(); return }
            #expect(large.count == 1 && free <= 1 << 20)
            #expect(try Space(bytes: 1 << 16, files: 5).lacking(at: disk, fileSystem: scene.files) == [])
        }
    }

    @Test("A small file takes a block, and what no number holds is the most there is")
    func sums() {
        let entry = ReleaseEntry(path: "a", kind: .file(size: 1, sha256: "", permissions: 0o644))
        #expect(Space(for: [entry]) == Space(bytes: 8192, files: 2))
        #expect(Space(bytes: .max, files: 1) + Space(bytes: 1, files: 1) == Space(bytes: .max, files: 2))
    }
}
