// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Replacement

@Suite("Staged content is proven again")
struct BuildRecordTests {
    private let release = TestRelease([
        "bin/server": .file("program", 0o755), "lib/a": .file("aaaa"), "lib/b": .file("bbbb"), "current": .link("lib"),
        "preferences/default": .file("default"), "way/settings/default": .file("default"),
    ])
    private let rules = KeepRules([KeepRule("preferences/**"), KeepRule("way/settings/**"), KeepRule("logs/*.log")])
    private let scene: Scene

    init() throws {
        scene = try Scene()
        try release.stage(scene.place.live)
    }

    /// With a record that counts all of its files as changed before the folder was opened to others, or `opened`.
    private func build(opened: Int64? = .max) throws -> StagedRecord {
        var record = try FolderBuild(fileSystem: scene.files).build(
            scene.place.staged, entries: release.entries, like: try scene.live(), check: {}, stage: release.stage
        ).record
        if let opened { record.open(at: opened) }
        return record
    }

    /// Answers the names of files that were read.
    @discardableResult
    private func verify(
        _ record: StagedRecord, beside: Set<FilePath> = [],
        before: @escaping @Sendable (String, FilePath) -> Void = { _, _ in }
    ) throws -> [String] {
        let read = Log()
        let hooks = FolderHooks(look: { (operation, path) throws(FileError) in
            before(operation, path)
            if operation == "openForReading" { read.add(path.lastComponent?.string ?? "") }
        })
        try record.verify(
            WatchedFolder(try scene.files.folder(scene.place.staged), hooks), entries: release.entries, rules: rules,
            beside: beside, check: {})
        return read.all
    }

    private func staged(_ path: String) -> FilePath { scene.place.staged.appending(path) }

    private func expectTampered(_ path: FilePath, _ record: StagedRecord, _ comment: Comment = "") {
        let error = #expect(throws: ReplacementError.self, comment) { try verify(record) }
        #expect(error?.code == .tampered, comment)
        #expect(error?.path == path, comment)
    }

    /// Puts other content of the same size there, and the time that was.
    private func tamper(_ path: String, _ text: String) throws {
        let before = try #require(try scene.files.attributes(of: staged(path)))
        let open = try #require(FileHandle(forWritingAtPath: staged(path).string))
        open.write(Data(text.utf8))
        try open.close()
        let seconds = Double(before.modified) / 1e9
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: seconds)], ofItemAtPath: staged(path).string)
    }

    @Test("What has not changed since is not read")
    func unchanged() throws {
        #expect(try verify(build()) == [])
    }

    @Test("Without a record all is read, and what is kept is not")
    func withoutRecord() throws {
        _ = try build()
        #expect(try verify(StagedRecord()) == ["server", "a", "b"])
    }

    @Test("A file that may have changed within one tick of the clock after it was recorded is read")
    func withinTick() throws {
        var record = try build()
        record.open(at: try #require(try scene.files.attributes(of: staged("lib/a"))).changed)
        #expect(try verify(record).contains("a"))
    }

    @Test("The folder is opened to others after all of its files have their last change")
    func order() throws {
        let record = try build(opened: nil)
        let top = try #require(try scene.files.attributes(of: scene.place.staged))
        let last = try release.entries.compactMap { try scene.files.attributes(of: staged($0.path.string))?.changed }
            .max()
        #expect(try #require(last) <= top.changed)
        // Whatever was changed in that very tick is read, all else is not.
        let doubtful = try ["bin/server", "lib/a", "lib/b"].filter {
            try #require(try scene.files.attributes(of: staged($0))).changed == top.changed
        }
        #expect(try verify(record).count == doubtful.count)
    }

    @Test("Other content of the same size with the same time is found")
    func otherContent() throws {
        let record = try build()
        try tamper("lib/a", "evil")
        expectTampered("lib/a", record)
    }

    @Test("The same content again is right")
    func sameContent() throws {
        let record = try build()
        try tamper("lib/a", "aaaa")
        #expect(try verify(record) == ["a"])
    }

    @Test("What is missing, surplus, of another kind or size, or leads somewhere else is found")
    func shape() throws {
        let files = scene.files
        let attacks: [(path: String, attack: (FilePath) throws -> Void)] = [
            ("lib/b", { try files.remove($0) }),
            ("lib/c", { try files.makeDirectory($0, permissions: 0o755) }),
            (
                "current",
                {
                    try files.remove($0); try files.makeLink(at: $0, to: "/etc")
                }
            ),
            (
                "bin",
                {
                    _ = try files.removeTree($0); try files.makeLink(at: $0, to: "lib")
                }
            ),
            (
                "lib/a",
                {
                    try files.remove($0); #expect(mkfifo($0.string, 0o644) == 0)
                }
            ),
            ("bin/server", { try files.replace($0, with: [1], permissions: 0o755) }),
            (
                "way",
                {
                    _ = try files.removeTree($0); try files.replace($0, with: [], permissions: 0o644)
                }
            ),
        ]
        for (path, attack) in attacks {
            let record = try build()
            try attack(staged(path))
            expectTampered(FilePath(path), record, "\(path)")
            try files.removeTree(scene.place.staged)
        }
    }

    @Test("What carrying over puts there is the customer's: kept files, folders that lead to them, files put beside")
    func kept() throws {
        let record = try build()
        try scene.folder.write(".ricambio/app/staged/preferences/default", "the customer's")
        try scene.folder.write(".ricambio/app/staged/preferences/more/x", "the customer's")
        try scene.folder.write(".ricambio/app/staged/preferences.new", "the release's")
        try scene.folder.write(".ricambio/app/staged/logs/a.log", "the customer's")
        #expect(throws: ReplacementError.self) { try verify(record) }
        #expect(try verify(record, beside: ["preferences.new"]) == [])
        try scene.folder.write(".ricambio/app/staged/logs/stranger", "")
        let error = #expect(throws: ReplacementError.self) { try verify(record, beside: ["preferences.new"]) }
        #expect(error?.path == "logs/stranger")
    }

    @Test("A link of the customer's may stand for a folder only if all that the release has in it is kept")
    func link() throws {
        for (path, isRight) in [("way", true), ("lib", false)] {
            let record = try build()
            try scene.files.removeTree(staged(path))
            try scene.files.makeLink(at: staged(path), to: "/disk")
            if isRight { try verify(record) } else { expectTampered(FilePath(path), record) }
            try scene.files.removeTree(scene.place.staged)
        }
    }

    @Test("A folder exchanged for a symlink before it is opened is not taken for the release's")
    func exchanged() throws {
        _ = try build()
        try release.stage(scene.folder / "elsewhere")
        let (files, bin, other) = (scene.files, staged("bin"), scene.folder / "elsewhere/bin")
        let error = #expect(throws: ReplacementError.self) {
            try verify(StagedRecord()) { operation, path in
                guard operation == "folder", path.lastComponent == "bin" else { return }
                try? files.removeTree(bin)
                try? files.makeLink(at: bin, to: other.string)
            }
        }
        #expect(error.map { if case .file = $0.code { true } else { false } } == true)
    }

    @Test("Something mounted in the staged folder is not taken for the release's", .enabled(if: geteuid() == 0))
    func mountedInside() throws {
        let record = try build()
        try release.stage(scene.folder / "elsewhere")
        try mounted((scene.folder / "elsewhere/lib").string, at: staged("lib"), flags: UInt(MS_BIND)) {
            let error = #expect(throws: ReplacementError.self) { try verify(record) }
            #expect(error?.code == .notSameFileSystem)
        }
    }

    @Test("A file that changes while it is read is not the release's")
    func changing() throws {
        _ = try build()
        let (files, file) = (scene.files, staged("lib/a"))
        let error = #expect(throws: ReplacementError.self) {
            try verify(StagedRecord()) { operation, path in
                guard operation == "openForReading", path.lastComponent == "a" else { return }
                // The same inode, and what is read may be right at this moment.
                try? files.setPermissions(0o640, of: file)
            }
        }
        #expect(error?.code == .tampered)
    }

    @Test(
        "A release's entries are met by folder in the order of their names' bytes, also where a name continues another")
    func folders() throws {
        let paths = ["a", "a-b", "a/c", "a/c.d", "a/c/e", "a.b/x", "aa"].map { FilePath($0) }
        let entries = paths.map { ReleaseEntry(path: $0, kind: .symlink(destination: "")) }
        let folders = ReleaseFolders(entries)
        var met: [FilePath] = []
        func walk(_ level: ReleaseFolders.Level, _ above: FilePath) {
            var last: ArraySlice<UInt8> = []
            for child in folders.children(of: level) {
                let path = above.appending(child.component)
                #expect(last.lexicographicallyPrecedes(child.name))
                if let entry = child.entry {
                    #expect(entries[entry].path == path)
                    met.append(path)
                }
                walk(child.inside, path)
                last = child.name
            }
        }
        walk(folders.top, "")
        #expect(met == ["a", "a/c", "a/c/e", "a/c.d", "a-b", "a.b/x", "aa"].map { FilePath($0) })
    }
}

/// What happened, from any thread.
final class Log: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}
