// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

@Suite("Retained releases")
struct RetainedTests {
    private let stage: SwapStage
    private var retained: Retained { Retained(stage.place, fileSystem: POSIXFileSystem()) }

    init() throws { stage = try SwapStage() }

    /// 1.0 is `_old`, 0.9 is below `retained`.
    private func afterUpdate() throws -> [RetainedFolder] {
        try stage.swap().forward()
        return [
            RetainedFolder(record: stage.record.old, retired: 200, until: 900),
            RetainedFolder(record: stage.earlier, retired: 100, until: 800),
        ]
    }

    @Test("The newest is found as _old and the others below retained; what is gone is absent")
    func list() throws {
        let folders = try afterUpdate()
        let entries = try retained.list(folders, others: [stage.record.new])
        #expect(entries.map(\.path) == [stage.place.old, stage.place.retained.appending("of 0.9")])
        #expect(entries.map(\.found) == [.known(stage.record.old, .inode), .known(stage.earlier, .inode)])
        try FileManager.default.removeItem(atPath: stage.paths[3])
        #expect(try retained.list(folders).map(\.found) == [.known(stage.record.old, .inode), .absent])
    }

    @Test("An administrator's own folder named _old is said to be unknown, not taken for the retired one")
    func strange() throws {
        let folders = try afterUpdate()
        try stage.replace(stage.paths[1], by: "mine")
        let newest = try retained.list(folders, others: [stage.record.new])[0]
        #expect(newest.path == stage.place.old && newest.found == .unknown(.nothingMatches))
    }

    @Test("A restored folder is known, and with its list it may be deleted, unless somebody works in it")
    func restored() throws {
        var folders = try afterUpdate()
        let files = POSIXFileSystem()
        folders[0] = try retained.retire(
            stage.record.old, in: try files.folder(stage.place.old), now: 200, until: 900)
        try stage.restore()
        let entry = try retained.list(folders, others: [stage.record.new])[0]
        guard case .known(_, .witnesses) = entry.found else {
            Issue.record("\(entry.found)")
            return
        }
        try stage.scene.folder.write("App_old/notes", "mine")
        let trash = Trash(stage.place, fileSystem: files)
        #expect(throws: ReplacementError(.unknown(.notListed), path: stage.place.old.appending("notes"))) {
            try trash.discard(entry.path, as: entry.found)
        }
        try FileManager.default.removeItem(atPath: "\(stage.paths[1])/notes")
        #expect(try trash.discard(entry.path, as: entry.found).isEmpty)
        #expect(stage.versions == ["2.0", nil, nil, "0.9"])
    }

    @Test("Several of one release, restored from a copy: each is known by its name, and the newest as _old")
    func restoredTwins() throws {
        let folders = try afterUpdate()
        func twin(_ id: String, retired: Double) throws -> RetainedFolder {
            var record = stage.record.old
            (record.id, record.inode, record.born) = (id, 1, 1)
            record.witnesses = Array(record.witnesses.prefix(1))
            try SwapStage.fill(stage.place.retained.appending(id).string, "1.0")
            return RetainedFolder(record: record, retired: retired, until: 700)
        }
        let all = folders + [try twin("first", retired: 50), try twin("second", retired: 40)]
        try stage.restore()
        let entries = try retained.list(all, others: [stage.record.new])
        let retainedFolder = stage.place.retained
        #expect(
            entries.map(\.path) == [
                stage.place.old, retainedFolder.appending("of 0.9"), retainedFolder.appending("first"),
                retainedFolder.appending("second"),
            ])
        for entry in entries {
            guard case .known(let record, _) = entry.found else {
                Issue.record("\(entry)"); continue
            }
            #expect(record.id == entry.folder.record.id)
        }
    }

    @Test("Its time is over when it is, not before")
    func time() throws {
        let folders = try afterUpdate()
        #expect(folders.filter { $0.isOver(at: 850) }.map(\.record.version) == ["0.9"])
        #expect(folders.filter { $0.isOver(at: 900) }.count == 2)
    }

    @Test("The oldest is given up first, no more than needed, and none in vain")
    func release() throws {
        let folders = try afterUpdate()
        let bytes: [String: Int64] = ["of 1.0": 1000, "of 0.9": 300]
        func given(_ needed: Int64) -> [String] {
            Retained.release(folders, bytes: bytes, needed: needed).map(\.record.version)
        }
        #expect(given(0) == [])
        #expect(given(300) == ["0.9"])
        #expect(given(301) == ["0.9", "1.0"])
        #expect(given(1301) == [])
        #expect(Retained.release(folders, bytes: ["of 1.0": 1000], needed: 1).map(\.record.version) == ["1.0"])
    }

    @Test("What is linked from elsewhere too frees nothing")
    func bytesToFree() throws {
        try stage.scene.folder.write("App/backup", [UInt8](repeating: 1, count: 1 << 20))
        let empty = try retained.bytesToFree(stage.place.live)
        #expect(empty >= 1 << 20)
        try stage.files.hardLink(stage.place.live.appending("backup"), as: stage.scene.folder / "linked")
        #expect(try retained.bytesToFree(stage.place.live) <= empty - 1 << 20)
    }

    @Test("Foreign files are moved whole, with folders like theirs, also when it is repeated after a crash")
    func foreign() throws {
        let files = POSIXFileSystem()
        let odd = try #require(FilePath.Component(bytes: [0xe0]))
        for moment in 1...40 {
            let stage = try SwapStage()
            try stage.scene.folder.write("App_old/plugins/mine/a.so", "a", permissions: 0o750)
            try stage.scene.folder.write("App_old/script", "b")
            try files.setPermissions(0o710, of: stage.place.old.appending("plugins"))
            let folder = try files.folder(stage.place.old)
            _ = try folder.create(odd, permissions: 0o600)
            if geteuid() == 0 { chown(stage.place.old.appending("plugins").string, 1234, 2345) }
            let paths: [FilePath] = ["plugins/mine", "script", FilePath(root: nil, [odd]), "gone"]
            let dying = CrashingFileSystem(fault: .crash(at: moment))
            let open = try dying.folder(stage.place.old)
            _ = try? Retained(stage.place, fileSystem: dying).saveForeign(paths, of: open, record: stage.earlier)
            let again = Retained(stage.place, fileSystem: files)
            #expect(try again.saveForeign(paths, of: folder, record: stage.earlier).isEmpty)
            let saved = stage.place.foreign.appending(stage.earlier.id)
            #expect(try files.read(saved.pushing("plugins/mine/a.so"), limit: 9) == Array("a".utf8))
            #expect(try files.attributes(of: saved.pushing("plugins/mine/a.so"))?.permissions == 0o750)
            #expect(try files.exists(saved.appending("script")) && files.exists(saved.appending(odd)))
            if dying.hasCrashed { continue }
            let plugins = try #require(try files.attributes(of: saved.appending("plugins")))
            #expect(plugins.permissions == 0o710 && (geteuid() != 0 || plugins.owner == 1234))
            #expect(stage.version(stage.paths[1]) == "0.9")
            return
        }
        Issue.record("it has more changes than this test tries")
    }

    @Test("What cannot be saved is named, the rest is saved; a symlink on the way leads nowhere")
    func unsaved() throws {
        let files = POSIXFileSystem()
        try stage.scene.folder.write("outside/secret", "x")
        try files.makeLink(at: stage.place.old.appending("link"), to: (stage.scene.folder / "outside").string)
        try stage.scene.folder.write("App_old/a", "new")
        try stage.scene.folder.write("App_old/b", "new")
        try stage.scene.folder.write(".ricambio/app/foreign/of 0.9/a", "saved before")
        let failures = try retained.saveForeign(
            ["a", "b", "link/secret"], of: try files.folder(stage.place.old), record: stage.earlier)
        #expect(failures.map(\.code) == [.exists])
        let saved = stage.place.foreign.appending(stage.earlier.id)
        #expect(try files.entries(of: saved) == ["a", "b"])
        #expect(try files.exists(stage.scene.folder / "outside/secret"))
    }

    @Test("A record whose id is no name is refused", arguments: ["", "..", "a/b", "/etc"])
    func badID(id: String) throws {
        var record = stage.earlier
        record.id = id
        #expect(throws: ReplacementError.self) {
            try retained.list([RetainedFolder(record: record, retired: 0, until: 0)])
        }
    }
}
