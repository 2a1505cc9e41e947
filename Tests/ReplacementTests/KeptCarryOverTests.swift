// SPDX-License-Identifier: Apache-2.0
import Platform
import Replacement
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("The customer's files are carried over")
struct KeptCarryOverTests {
    @Test(
        "The customer's file wins, the release's lies beside it; equal ones make no noise, and only what is kept is copied"
    )
    func beside() throws {
        let scene = try KeptScene(
            [KeepRule("preferences/**"), KeepRule("*.ini")],
            release: [
                "preferences/settings.yaml": "vendor", "preferences/same.yaml": "same", "program": "2",
                "preferences/extra.yaml": "vendor", "local.ini": "vendor", "local.ini.new": "vendor's own",
            ])
        try scene.write("preferences/settings.yaml", "mine")
        try scene.write("preferences/same.yaml", "same", permissions: 0o600)
        try scene.write("preferences/deep/er/x", "mine")
        try scene.write("local.ini", "mine")
        try scene.write("program", "1")
        try scene.write("temporary.log", "not kept")
        try scene.link("preferences/link", to: "settings.yaml")
        let pass = try scene.pass()
        #expect(
            try scene.files() == [
                "preferences/settings.yaml": "mine", "preferences/settings.yaml.new": "vendor",
                "preferences/same.yaml": "same", "preferences/extra.yaml": "vendor", "preferences/deep/er/x": "mine",
                "preferences/link": "-> settings.yaml", "local.ini": "mine", "local.ini.new": "vendor's own",
                "local.ini.new.new": "vendor", "program": "2",
            ])
        #expect(try scene.attributes("preferences/same.yaml").permissions == 0o600)
        #expect(pass.beside == ["local.ini.new.new", "preferences/settings.yaml.new"])
        #expect(
            pass.kept == [
                "local.ini", "preferences/deep/er/x", "preferences/link", "preferences/same.yaml",
                "preferences/settings.yaml",
            ])
        #expect(pass.keptCount == 5)
        #expect(pass.notCarried.isEmpty)
        #expect(pass.copiedBytes == 12)
    }

    @Test("What an earlier update put beside the customer's file makes room for what this one has to say")
    func leftBehind() throws {
        let scene = try KeptScene([KeepRule("conf/**")], release: ["conf/a": "vendor 2"])
        try scene.write("conf/a", "mine")
        try scene.write("conf/a.new", "vendor 1")
        try scene.write("conf/b.new", "the customer's own name")
        try scene.pass()
        #expect(
            try scene.files() == ["conf/a": "mine", "conf/a.new": "vendor 2", "conf/b.new": "the customer's own name"])
    }

    @Test("The next pass copies what was made or changed since, and takes away what was deleted")
    func changes() throws {
        let scene = try KeptScene(
            [KeepRule("data/**")], release: ["data/both": "vendor", "data/equal": "same", "data/inner/file": "vendor"])
        for name in ["both", "equal", "gone", "changed", "kept", "file", "folder/x", "inner/mine", "lost/deep/x"] {
            try scene.write("data/\(name)", name == "equal" ? "same" : "first")
        }
        let first = try scene.pass()
        try scene.remove("data/both")
        try scene.remove("data/gone")
        try scene.remove("data/inner")
        try scene.remove("data/lost")
        try scene.write("data/changed", "second")
        try scene.write("data/equal", "now mine")
        try scene.write("data/new/deep", "second")
        try scene.remove("data/file")
        try scene.write("data/file/now", "a folder")
        try scene.remove("data/folder")
        try scene.write("data/folder", "a file")
        let second = try scene.pass(since: first.index, durable: true)
        let expected = [
            "data/both": "vendor", "data/equal": "now mine", "data/equal.new": "same", "data/changed": "second",
            "data/kept": "first", "data/new/deep": "second", "data/file/now": "a folder", "data/folder": "a file",
            "data/inner/file": "vendor",
        ]
        #expect(try scene.files() == expected)
        #expect(try scene.content()["data/lost"] == nil)
        #expect(second.beside == ["data/equal.new"])
        #expect(try scene.pass(since: second.index).beside == ["data/equal.new"])
        #expect(try scene.files() == expected)
    }

    @Test("A file that comes to differ from the release's, and back, leaves no trace")
    func displacedAndBack() throws {
        let scene = try KeptScene([KeepRule("*.ini")], release: ["a.ini": "vendor"])
        try scene.write("a.ini", "mine")
        var pass = try scene.pass()
        #expect(try scene.files() == ["a.ini": "mine", "a.ini.new": "vendor"])
        try scene.write("a.ini", "vendor")
        pass = try scene.pass(since: pass.index)
        #expect(try scene.files() == ["a.ini": "vendor"])
        try scene.write("a.ini", "again")
        pass = try scene.pass(since: pass.index)
        #expect(try scene.files() == ["a.ini": "again", "a.ini.new": "vendor"])
        try scene.remove("a.ini")
        pass = try scene.pass(since: pass.index)
        #expect(try scene.files() == ["a.ini": "vendor"])
        #expect(pass.beside.isEmpty && pass.keptCount == 0)
    }

    @Test(
        "What the customer has under a name of another kind wins too, and nothing is written through the release's link"
    )
    func kinds() throws {
        let scene = try KeptScene(
            [KeepRule("conf/**"), KeepRule("linked/**")],
            release: ["conf/a/inner": "vendor", "conf/b": "vendor", "conf/c": "-> b", "linked": "-> ../outside"])
        let outside = scene.temporary / "outside"
        try POSIXFileSystem().makeDirectory(outside, permissions: 0o755)
        try scene.write("conf/a", "a file")
        try scene.write("conf/b/inner", "a folder")
        try scene.write("conf/c", "a file")
        try scene.write("linked/secret", "mine")
        var pass = try scene.pass()
        let expected = [
            "conf/a": "a file", "conf/a.new/inner": "vendor", "conf/b/inner": "a folder", "conf/b.new": "vendor",
            "conf/c": "a file", "conf/c.new": "-> b", "linked/secret": "mine", "linked.new": "-> ../outside",
        ]
        #expect(try scene.files() == expected)
        #expect(pass.beside == ["conf/a.new", "conf/b.new", "conf/c.new", "linked.new"])
        #expect(try POSIXFileSystem().entries(of: outside).isEmpty)
        pass = try scene.pass(since: pass.index)
        #expect(try scene.files() == expected)
        for path in ["conf", "linked"] { try scene.remove(path) }
        try scene.pass(since: pass.index)
        #expect(
            try scene.files() == [
                "conf/a/inner": "vendor", "conf/b": "vendor", "conf/c": "-> b", "linked": "-> ../outside",
            ])
    }

    @Test(
        "Files written once are the live ones themselves, cost nothing again, and are copied where they cannot be linked"
    )
    func immutable() throws {
        let scene = try KeptScene(
            [KeepRule("backups/**", immutable: true)], release: ["backups/readme": "vendor", "backups/same": "same"])
        try scene.write("backups/monday.zip", "monday")
        try scene.write("backups/readme", "mine")
        try scene.write("backups/same", "same")
        let first = try scene.pass()
        #expect(first.copiedBytes == 0)
        for name in ["monday.zip", "readme"] {
            #expect(
                try scene.attributes("backups/\(name)").inode
                    == scene.attributes("backups/\(name)", in: scene.live).inode)
        }
        #expect(first.beside == ["backups/readme.new"])
        // Written in place: it is the same file. Replaced: another.
        try scene.write("backups/monday.zip", "monday again")
        let changes = Mutex<[String]>([])
        let hooks = FolderHooks(change: { change, _ throws(FileError) in
            changes.withLock { $0.append("\(change.operation) \(change.path.lastComponent?.string ?? "")") }
        })
        let second = try scene.pass(since: first.index, hooks)
        #expect(changes.withLock { $0.filter { $0.hasPrefix("hardLink") } } == ["hardLink monday.zip"])
        #expect(
            try scene.files() == [
                "backups/monday.zip": "monday again", "backups/readme": "mine", "backups/readme.new": "vendor",
                "backups/same": "same",
            ])
        let refusing = FolderHooks(change: { change, _ throws(FileError) in
            guard change.operation == "hardLink" else { return }
            throw FileError(.permissionDenied, operation: "link", path: change.path)
        })
        try scene.write("backups/tuesday.zip", "tuesday")
        let third = try scene.pass(since: second.index, refusing)
        #expect(third.copiedBytes == 7)
        #expect(try scene.files()["backups/tuesday.zip"] == "tuesday")
    }

    @Test(
        "Hard links among what is copied stay links, also after a change, and where the release has the same"
    )
    func hardLinks() throws {
        let scene = try KeptScene([KeepRule("data/**")], release: ["data/b": "one", "data/z": "one"])
        try scene.write("data/a", "one")
        let files = POSIXFileSystem()
        for name in ["b", "deep/c", "z"] {
            let place = scene.live.appending("data").pushing(FilePath(name))
            try files.makeDirectories(place.removingLastComponent())
            try files.hardLink(scene.live.appending("data").appending("a"), as: place)
        }
        let names = ["a", "b", "deep/c", "z"]
        var pass = try scene.pass()
        #expect(Set(try names.map { try scene.attributes("data/" + $0).inode }).count == 1)
        #expect(try scene.attributes("data/a").links == 4)
        #expect(pass.copiedBytes == 3)
        let open = try files.openForWriting(scene.live.appending("data").appending("a"), permissions: 0, resume: true)
        try open.write([UInt8](" more".utf8)[...])
        pass = try scene.pass(since: pass.index)
        #expect(Set(try names.map { try scene.attributes("data/" + $0).inode }).count == 1)
        #expect(try scene.files()["data/deep/c"] == "one more")
        #expect(pass.beside == ["data/b.new", "data/z.new"])
    }

    @Test(
        "Something mounted among kept files is refused, files too; elsewhere it is nobody's matter",
        arguments: ["data/m", "data/f"])
    func mounts(path: String) throws {
        let scene = try KeptScene([KeepRule("data/**"), KeepRule("*.cfg")])
        try scene.write("data/m/x", "1")
        try scene.write("data/f", "1")
        try scene.write("other/m", "1")
        try scene.write("other.ini", "1")
        let hooks = { (mounted: String) in
            FolderHooks(found: { path, attributes in
                var attributes = attributes
                if path.string.hasSuffix(mounted) { attributes.isMountPoint = true }
                return attributes
            })
        }
        for elsewhere in ["other", "other.ini"] { try scene.pass(hooks(elsewhere)) }
        let error = #expect(throws: ReplacementError.self) { try scene.pass(hooks(path)) }
        #expect(error?.code == .notSameFileSystem)
        #expect(error?.path == FilePath(path))
    }

    @Test("Folders inside folders end somewhere")
    func depth() throws {
        let scene = try KeptScene([KeepRule("data/**")])
        var folder = try scene.folder(scene.live).makeFolder("data", permissions: 0o755)
        for number in 1...maximumFolderDepth {
            // Two in each, so that the walk is on two threads at every depth.
            _ = try folder.makeFolder("e", permissions: 0o755)
            if number == maximumFolderDepth - 1 { #expect(try scene.pass().keptCount == 0) }
            folder = try folder.makeFolder("d", permissions: 0o755)
        }
        #expect(throws: ReplacementError.self) { try scene.pass() }
        do { try scene.pass() } catch let error as ReplacementError { #expect(error.code == .tooDeep) }
    }

    @Test("A pass that is no longer wanted ends at the next file")
    func cancelled() throws {
        let scene = try KeptScene([KeepRule("data/**")])
        for number in 0..<10 { try scene.write("data/\(number)", "x") }
        let asked = Mutex(0)
        #expect(throws: ReplacementError.self) {
            try scene.pass { () throws(ReplacementError) in
                let count = asked.withLock { count in
                    count += 1
                    return count
                }
                if count == 5 { throw ReplacementError(.cancelled, path: scene.live) }
            }
        }
        #expect(try scene.files().count < 10)
    }

    @Test("A thousand names are told, and the number of all")
    func names() throws {
        let scene = try KeptScene([KeepRule("data/**")])
        for number in 0..<1100 { try scene.write("data/\(number % 7)/\(number)", "") }
        let pass = try scene.pass()
        #expect(pass.keptCount == 1100)
        #expect(pass.kept.count == CarryOver.Pass.named)
        #expect(try scene.pass(since: pass.index).keptCount == 1100)
    }
}
