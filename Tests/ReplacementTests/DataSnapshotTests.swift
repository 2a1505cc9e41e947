// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

/// A folder with data in it.
struct DataScene {
    let folder: TemporaryFolder
    let real = POSIXFileSystem()

    init(inMemory: Bool = true) throws { folder = try TemporaryFolder(inMemory: inMemory) }

    func snapshots(run: String = "run-1", _ fileSystem: (any FileSystem)? = nil) -> DataSnapshots {
        DataSnapshots(installation: "office", run: run, fileSystem: fileSystem ?? real)
    }

    func plan(_ names: String..., run: String = "run-1") throws -> [FileSnapshot] {
        snapshots(run: run).plan(try DataSnapshots.places(of: names.map { folder / $0 }, real))
    }

    func take(_ name: String, run: String = "run-1") throws -> FileSnapshot {
        try snapshots(run: run).take(try #require(try plan(name, run: run).first)).snapshot
    }

    /// What the name has for content; `nil` when nothing is there.
    func text(_ name: String) -> String? {
        (try? real.read(folder / name, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// As an application does it that writes a new file and puts it in the old one's place.
    func replaceByRename(_ name: String, _ content: String) throws {
        let temporary = try folder.write(name + ".new", content)
        try real.remove(folder / name)
        try real.rename(temporary, to: folder / name)
    }

    var names: [String] { (try? real.entries(of: folder.path)) ?? [] }
    var copies: [String] { names.filter { $0.hasPrefix(".") } }
}

func code(_ body: () throws -> Void) -> ReplacementError.Code? {
    do { try body() } catch { return (error as? ReplacementError)?.code }
    return nil
}

@Suite("Snapshots of data")
struct DataSnapshotTests {
    let scene: DataScene
    var folder: TemporaryFolder { scene.folder }

    init() throws { scene = try DataScene() }

    @Test(
        "A file that the application replaces by renaming is given back, and a restoration asked for again changes nothing"
    )
    func replacedFile() throws {
        try folder.write("db", "old")
        let snapshot = try scene.take("db")
        try scene.snapshots().verify(snapshot)
        try scene.replaceByRename("db", "failed version's")
        try scene.snapshots().restore(snapshot)
        #expect(scene.text("db") == "old")
        try scene.snapshots().restore(snapshot)
        #expect(scene.text("db") == "old")
        #expect(scene.snapshots().remove(snapshot).isEmpty)
        #expect(scene.names == ["db"])
    }

    @Test("Once the journal says restored, what the old version has written stays, however it wrote it")
    func journalled() throws {
        try folder.write("db", "old")
        var snapshot = try scene.take("db")
        try folder.write("db", "failed version's")
        try scene.snapshots().restore(snapshot)
        snapshot.isRestored = true
        try scene.replaceByRename("db", "old version's")
        try folder.write("db-wal", "old version's")
        try scene.snapshots().restore(snapshot)
        #expect(scene.text("db") == "old version's" && scene.text("db-wal") == "old version's")
    }

    @Test("A database goes with its companions: those that were there come back, those that were not are gone")
    func companions() throws {
        try folder.write("db", "old")
        try folder.write("db-wal", "old log")
        let snapshot = try scene.take("db")
        try folder.write("db", "failed")
        try folder.write("db-wal", "failed log")
        try folder.write("db-shm", "failed index")
        try folder.write("db-journal", "failed journal")
        try scene.snapshots().restore(snapshot)
        #expect(scene.text("db") == "old" && scene.text("db-wal") == "old log")
        #expect(scene.text("db-shm") == nil && scene.text("db-journal") == nil)
        // Moved aside, not deleted, until clean-up.
        let aside = try #require(scene.copies.first { $0.hasPrefix(".db-shm") })
        #expect(scene.text(aside) == "failed index")
        #expect(scene.snapshots().remove(snapshot).isEmpty)
        #expect(scene.names == ["db", "db-wal"])
    }

    @Test("Beside a data folder, and beside a file, what only has a companion's name is left alone")
    func noCompanions() throws {
        try folder.write("data/x", "old")
        try folder.write("data-journal", "somebody's")
        try folder.write("db", "old")
        try folder.write("db-wal/x", "somebody's")
        for name in ["data", "db"] {
            let snapshot = try scene.take(name)
            try folder.write("data-journal", "changed since")
            try folder.write("db-wal/x", "changed since")
            try scene.snapshots().restore(snapshot)
            #expect(scene.text("data-journal") == "changed since")
            #expect(scene.text("db-wal/x") == "changed since")
            #expect(scene.snapshots().remove(snapshot).isEmpty)
        }
    }

    @Test("Data that was not there is moved aside with its companions, and what the old version makes then stays")
    func absent() throws {
        var snapshot = try scene.take("new")
        try folder.write("new", "failed version's")
        try folder.write("new-wal", "failed version's")
        try scene.snapshots().restore(snapshot)
        #expect(scene.text("new") == nil && scene.text("new-wal") == nil)
        snapshot.isRestored = true
        try folder.write("new", "old version's")
        try scene.snapshots().restore(snapshot)
        #expect(scene.snapshots().remove(snapshot).isEmpty)
        #expect(scene.names == ["new"] && scene.text("new") == "old version's")
    }

    @Test("Data in a folder that was not there either")
    func absentFolder() throws {
        let snapshot = try scene.take("var/data")
        try scene.snapshots().verify(snapshot)
        try folder.write("var/data/x", "failed version's")
        try scene.snapshots().restore(snapshot)
        #expect(try !scene.real.exists(folder / "var/data"))
        #expect(scene.snapshots().remove(snapshot).isEmpty)
        #expect(try scene.real.entries(of: folder / "var") == [])
    }

    @Test("What the failed version deleted comes back")
    func deleted() throws {
        try folder.write("data/deep/x", "old")
        let snapshot = try scene.take("data")
        try scene.real.removeTree(folder / "data")
        for _ in 1...2 {
            try scene.snapshots().restore(snapshot)
            #expect(scene.text("data/deep/x") == "old")
        }
    }

    @Test("A copy that somebody took away is said: the failed version's data never passes for the old one's")
    func copyGone() throws {
        try folder.write("db", "old")
        let snapshot = try scene.take("db")
        try folder.write("db", "failed version's")
        try scene.real.remove(snapshot.copy(of: snapshot.pieces[0]))
        #expect(code { try scene.snapshots().restore(snapshot) } == .missing)
        #expect(scene.text("db") == "failed version's")
        try scene.real.remove(folder / "db")
        #expect(code { try scene.snapshots().restore(snapshot) } == .missing)
    }

    @Test("What was moved aside is never overwritten")
    func fresh() throws {
        try folder.write("db", "old")
        let snapshot = try scene.take("db")
        // As an interrupted restoration leaves it, and as somebody who has seen the copy's name may make it beforehand.
        for number in ["", "-2", "-3", "-4", "-5"] {
            let aside = FilePath(snapshot.pieces[0].copy.string + "-failed" + number)
            try folder.write(aside.lastComponent?.string ?? "", "first")
        }
        try folder.write("db", "second")
        try scene.snapshots().restore(snapshot)
        #expect(scene.copies.compactMap { scene.text($0) }.sorted() == Array(repeating: "first", count: 5) + ["second"])
        #expect(scene.snapshots().remove(snapshot).isEmpty)
        #expect(scene.names == ["db"])
    }

    @Test(
        "A symlink that comes in the place of a folder above the data is not followed: what it leads to stays as it is")
    func linkAbove() throws {
        for hasData in [true, false] {
            let scene = try DataScene()
            let folder = scene.folder
            if hasData { try folder.write("var/db", "old") } else { try folder.write("var/x", "") }
            let snapshot = try scene.take("var/db")
            try folder.write("elsewhere/db", "somebody's")
            try scene.real.rename(folder / "var", to: folder / "away")
            try scene.real.makeLink(at: folder / "var", to: "elsewhere")
            #expect(throws: ReplacementError.self) { try scene.snapshots().restore(snapshot) }
            #expect(scene.text("elsewhere/db") == "somebody's")
            #expect(!scene.snapshots().remove(snapshot).isEmpty)
            #expect(scene.text("elsewhere/db") == "somebody's")
        }
    }

    @Test("Another account's link above the data is refused, this account's is followed", .enabled(if: geteuid() == 0))
    func linkOfAnother() throws {
        try folder.write("real/db", "root's")
        try scene.real.makeLink(at: folder / "link", to: "real")
        let places = { try DataSnapshots.places(of: [folder / "link/db"], scene.real) }
        #expect(try places() == [folder / "real/db"])
        lchown((folder / "link").string, 1234, 1234)
        #expect(code { _ = try places() } != nil)
        chown((folder / "real/db").string, 1234, 1234)
        #expect(try places() == [folder / "real/db"])
    }

    @Test("Two runs' copies are never taken for each other, also where names have to be shortened")
    func runs() throws {
        let long = String(repeating: "ä", count: 120)
        let runs = ["11111111-2222-3333-4444-555555555555", "11111111-2222-3333-4444-555555555556", "Run/1"]
        for name in ["db", long + "1"] {
            for run in runs {
                try folder.write(name, "before \(run)")
                let snapshot = try scene.take(name, run: run)
                try scene.snapshots(run: run).verify(snapshot)
            }
            #expect(Set(scene.copies).count == runs.count)
            for run in runs {
                var snapshot = try #require(try scene.plan(name, run: run).first)
                snapshot.isComplete = true
                #expect(scene.text(snapshot.pieces[0].copy.string) == "before \(run)")
                #expect(scene.snapshots(run: run).remove(snapshot).isEmpty)
            }
            #expect(scene.copies == [])
        }
        let names = try scene.plan(long + "1", long + "2").flatMap { $0.pieces.map(\.copy.bytes) }
        #expect(
            Set(names).count == 8
                && names.allSatisfy { $0.count <= 246 && String(validating: $0, as: UTF8.self) != nil })
    }

    @Test("A half-made copy of before a crash is made anew, and goes with clean-up when the run ends without it")
    func halfMade() throws {
        try folder.write("db", "old")
        let planned = try #require(try scene.plan("db").first)
        try folder.write(planned.pieces[0].copy.string, "half")
        // Not complete: nothing is given back.
        try scene.snapshots().restore(planned)
        #expect(scene.text("db") == "old")
        let snapshot = try scene.snapshots().take(planned).snapshot
        try scene.snapshots().verify(snapshot)
        #expect(scene.snapshots().remove(planned).isEmpty)
        #expect(scene.names == ["db"])
    }

    @Test("A copy that lacks something, or of data that changed meanwhile, does not pass")
    func verified() throws {
        try folder.write("data/a", "12345")
        try folder.write("data/b/c", "12345")
        let snapshot = try scene.take("data")
        let copy = snapshot.pieces[0].copy.string
        try scene.snapshots().verify(snapshot)
        try folder.write("\(copy)/a", "1234")
        #expect(code { try scene.snapshots().verify(snapshot) } == .tampered)
        try folder.write("\(copy)/a", "12345")
        try scene.snapshots().verify(snapshot)
        try scene.real.remove(folder / "\(copy)/b/c")
        #expect(code { try scene.snapshots().verify(snapshot) } == .tampered)
    }

    @Test("A symlink to the data is followed once; the link stays, and so do links in the folders above")
    func links() throws {
        try folder.write("disk/data/x", "old")
        try scene.real.makeLink(at: folder / "link", to: "./other")
        try scene.real.makeLink(at: folder / "other", to: "srv/data")
        try scene.real.makeLink(at: folder / "srv", to: "disk")
        let snapshot = try scene.take("link")
        try folder.write("disk/data/x", "failed")
        try scene.snapshots().restore(snapshot)
        #expect(scene.text("disk/data/x") == "old")
        #expect(try scene.real.destination(ofLink: folder / "link") == "./other")
        #expect(scene.snapshots().remove(snapshot).isEmpty)
        #expect(try scene.real.entries(of: folder / "disk") == ["data"])
    }

    @Test("A link without an end is refused; data inside other data, or named twice, goes once")
    func places() throws {
        try scene.real.makeLink(at: folder / "circle", to: "circle")
        #expect(throws: ReplacementError.self) { try scene.plan("circle") }
        #expect(throws: ReplacementError.self) { try DataSnapshots.places(of: ["/"], scene.real) }
        try folder.write("data/db/x", "1")
        try scene.real.makeLink(at: folder / "link", to: "data")
        #expect(try scene.plan("data/db", "data", "link", "database").count == 2)
    }

    @Test("The journal has names byte for byte, and a snapshot is given back from what was read there")
    func journal() throws {
        let name = try #require(FilePath.Component(bytes: Array("contabilit".utf8) + [0xe0]))
        let place = folder.path.appending(name)
        let old = try scene.real.folder(folder.path).create(name, permissions: 0o600)
        try old.write(Array("old".utf8)[...])
        let taken = try scene.snapshots().take(scene.snapshots().plan([place])[0]).snapshot
        let stored = try JSONEncoder().encode([DataSnapshot.files(taken)])
        let read = try JSONDecoder().decode([DataSnapshot].self, from: stored)
        #expect(read == [.files(taken)] && read[0].isComplete && !read[0].isRestored)
        try scene.real.remove(place)
        guard case .files(let snapshot) = read[0] else { return }
        try scene.snapshots().restore(snapshot)
        #expect(try scene.real.read(place, limit: 10) == Array("old".utf8))
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([StoredPath].self, from: Data(#"["a\u0000b"]"#.utf8))
        }
        let outside = String(decoding: stored, as: UTF8.self).replacing(
            "\"copy\":{\"bytes\":\"", with: "\"copy\":{\"bytes\":\"2e2e2f")
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([DataSnapshot].self, from: Data(outside.utf8))
        }
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([StoredPath].self, from: Data(#"[{"bytes": "6"}]"#.utf8))
        }
    }

    @Test("Work that is no longer wanted stops between two entries, with the caller's own reason")
    func cancelled() throws {
        for index in 0..<5 { try folder.write("data/\(index)", "x") }
        let snapshot = try #require(try scene.plan("data").first)
        var left = 3
        let thrown = code {
            _ = try scene.snapshots().take(snapshot) { () throws(ReplacementError) in
                left -= 1
                if left == 0 { throw ReplacementError(.cancelled, path: "data") }
            }
        }
        #expect(thrown == .cancelled && left == 0)
        #expect(scene.snapshots().remove(snapshot).isEmpty)
        #expect(scene.names == ["data"])
    }

    @Test("A real database with a log: going back gives back its rows, and the failed version's log is not replayed")
    func database() throws {
        guard let sqlite = ["/usr/bin/sqlite3", "/usr/local/bin/sqlite3"].first(where: access) else { return }
        let file = folder / "db"
        /// Ends like a killed program: the log stays beside the database.
        func run(_ statements: String) throws -> String {
            let script = """
                PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; \(statements)
                .shell kill -9 $PPID
                """
            return try POSIXCommandRunner().runBlocking(
                Command([sqlite, file.string], input: Array(script.utf8), timeout: 20)
            ).outputText
        }
        _ = try run("CREATE TABLE t(v); INSERT INTO t VALUES('old');")
        #expect(try scene.real.attributes(of: folder / "db-wal")?.size ?? 0 > 0)
        let snapshot = try scene.take("db")
        _ = try run("UPDATE t SET v='failed'; INSERT INTO t VALUES('more');")
        try scene.snapshots().restore(snapshot)
        #expect(try run("SELECT v FROM t;").hasSuffix("old\n"))
        #expect(try run("PRAGMA integrity_check;").hasSuffix("ok\n"))
    }

    private func access(_ program: String) -> Bool { (try? scene.real.exists(FilePath(program))) == true }
}
