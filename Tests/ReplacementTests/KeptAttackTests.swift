// SPDX-License-Identifier: Apache-2.0
import Platform
import Replacement
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("Carrying over under attack, errors and crashes")
struct KeptAttackTests {
    private static let rules = [KeepRule("data/**"), KeepRule("backups/**", immutable: true), KeepRule("*.ini")]
    private static let release = [
        "data/both": "vendor", "data/equal": "same", "data/kind/inner": "vendor", "data/gone": "vendor",
        "a.ini": "vendor",
        "program": "2",
    ]
    /// What a staged folder has to hold after ``change(_:)``.
    private static let expected = [
        "data/both": "mine, later", "data/both.new": "vendor", "data/equal": "same", "data/kind": "a file",
        "data/kind.new/inner": "vendor", "data/gone": "vendor", "data/deep/er/file": "mine", "data/one": "linked",
        "data/two": "linked", "data/new": "mine", "backups/monday": "mine", "a.ini": "mine", "a.ini.new": "vendor",
        "program": "2",
    ]

    private func scene() throws -> KeptScene {
        let scene = try KeptScene(Self.rules, release: Self.release)
        try scene.write("data/both", "mine")
        try scene.write("data/equal", "same")
        try scene.write("data/kind/own", "mine")
        try scene.write("data/gone", "mine")
        try scene.write("data/deep/er/file", "mine")
        try scene.write("data/deep/doomed", "mine")
        try scene.write("data/one", "linked")
        try POSIXFileSystem().hardLink(
            scene.live.appending("data").appending("one"), as: scene.live.appending("data").appending("two"))
        try scene.write("backups/monday", "mine")
        try scene.write("a.ini", "mine")
        return scene
    }

    /// What the customer does between two passes.
    private func change(_ scene: KeptScene) throws {
        try scene.write("data/both", "mine, later")
        try scene.remove("data/kind")
        try scene.write("data/kind", "a file")
        try scene.remove("data/gone")
        try scene.remove("data/deep/doomed")
        try scene.write("data/new", "mine")
    }

    private func expectRight(_ scene: KeptScene, _ comment: Comment) throws {
        #expect(try scene.files() == Self.expected, comment)
        #expect(try scene.attributes("data/one").inode == scene.attributes("data/two").inode, comment)
    }

    /// Throws at the n-th call; a change is left as by a process that died in the middle of it.
    private func failing(at number: Int) -> (hooks: FolderHooks, count: @Sendable () -> Int) {
        final class Count: Sendable {
            let calls = Mutex(0)
        }
        let count = Count()
        let isNow: @Sendable () -> Bool = {
            count.calls.withLock { calls in
                calls += 1
                return calls == number
            }
        }
        let hooks = FolderHooks(
            look: { operation, path throws(FileError) in
                if isNow() { throw FileError(.other(5), operation: operation, path: path) }
            },
            change: { change, halfway throws(FileError) in
                guard isNow() else { return }
                halfway()
                throw FileError(.noSpace, operation: change.operation, path: change.path)
            })
        return (hooks, { count.calls.withLock { $0 } })
    }

    @Test(
        "A call that fails leaves no pass that says it is done, and the next pass makes it right, whichever call it was",
        arguments: [true, false])
    func everyCall(isFirst: Bool) throws {
        var number = 0
        while true {
            number += 1
            let scene = try scene()
            let earlier = isFirst ? KeptIndex.none : try scene.pass().index
            if !isFirst { try change(scene) }
            let (hooks, count) = failing(at: number)
            let pass = try? scene.pass(since: earlier, durable: true, hooks)
            if count() < number {
                #expect(pass != nil)
                break
            }
            if isFirst { try change(scene) }
            // A pass that ended all the same did it another way, such as by copying what could not be linked.
            try scene.pass(since: pass?.index ?? .none)
            try expectRight(scene, "call \(number)")
        }
        #expect(number > 60)
    }

    @Test("A pass that is cut and then goes on from what the one before it knew makes it right too")
    func again() throws {
        var number = 0
        while true {
            number += 1
            let scene = try scene()
            let earlier = try scene.pass().index
            try change(scene)
            let (hooks, count) = failing(at: number)
            let cut = try? scene.pass(since: earlier, hooks)
            if count() < number { break }
            if cut != nil { continue }
            try scene.pass(since: earlier)
            try expectRight(scene, "call \(number)")
        }
        #expect(number > 30)
    }

    @Test(
        "A folder that becomes a symlink before any call leads nowhere: nothing outside is read as kept or changed",
        arguments: ["data/deep", "backups"])
    func exchange(victim: String) throws {
        var number = 0
        while true {
            number += 1
            let scene = try scene()
            let outside = scene.temporary / "outside"
            for name in ["file", "er/file", "monday", "both", "doomed"] {
                try scene.temporary.write("outside/" + name, "secret")
            }
            let before = try scene.content(of: outside)
            let attributes = try POSIXFileSystem().attributes(of: outside)
            let calls = Mutex(0)
            let (place, aside) = (scene.live.pushing(FilePath(victim)), scene.temporary / "aside")
            let now = number
            let exchange: @Sendable () -> Void = {
                let isNow = calls.withLock { calls in
                    calls += 1
                    return calls == now
                }
                guard isNow else { return }
                try? POSIXFileSystem().rename(place, to: aside)
                try? POSIXFileSystem().makeLink(at: place, to: outside.string)
            }
            let hooks = FolderHooks(
                look: { _, _ throws(FileError) in exchange() }, change: { _, _ throws(FileError) in exchange() })
            let pass = try? scene.pass(hooks)
            #expect(try !scene.content().values.contains("secret"), "call \(number)")
            #expect(try scene.content(of: outside) == before, "call \(number)")
            #expect(try POSIXFileSystem().attributes(of: outside)?.changed == attributes?.changed, "call \(number)")
            if calls.withLock({ $0 }) < number { break }
            // What the next pass finds is the customer's link.
            if let pass, victim != "backups" {
                try scene.pass(since: pass.index)
                #expect(try scene.content()[victim] == "-> \(outside.string)", "call \(number)")
            }
        }
        #expect(number > 60)
    }

    @Test("A file that becomes a symlink or a pipe before it is copied is taken for what it is")
    func exchangedFile() throws {
        let scene = try scene()
        try scene.temporary.write("outside", "secret")
        let secret = (scene.temporary / "outside").string
        let file = scene.live.appending("data").appending("deep").appending("doomed")
        let hooks = FolderHooks(change: { change, _ throws(FileError) in
            guard change.operation == "copyFile", change.path.lastComponent == "doomed" else { return }
            try POSIXFileSystem().remove(file)
            try POSIXFileSystem().makeLink(at: file, to: secret)
        })
        try scene.pass(hooks)
        #expect(try scene.files()["data/deep/doomed"] == "-> \(secret)")
    }

    @Test("What vanishes while it is copied is gone, with nothing left of it")
    func vanishes() throws {
        let scene = try scene()
        let live = scene.live
        let hooks = FolderHooks(change: { change, _ throws(FileError) in
            guard change.operation == "copyFile" else { return }
            for name in ["both", "new"] where change.path.lastComponent?.string == name {
                try POSIXFileSystem().remove(live.appending("data").appending(name))
            }
        })
        try scene.write("data/new", "mine")
        let pass = try scene.pass(hooks)
        #expect(try scene.files()["data/both"] == "vendor")
        #expect(try scene.files()["data/both.new"] == nil)
        #expect(try scene.files()["data/new"] == nil)
        #expect(!pass.kept.contains("data/both"))
    }

    @Test("The live folder is only read")
    func onlyRead() throws {
        let scene = try scene()
        let live = scene.live.string
        let changed = Mutex<[String]>([])
        let hooks = FolderHooks(change: { change, _ throws(FileError) in
            if change.path.string.hasPrefix(live) { changed.withLock { $0.append(change.operation) } }
        })
        let first = try scene.pass(hooks)
        try change(scene)
        try scene.pass(since: first.index, durable: true, hooks)
        #expect(changed.withLock { $0 }.isEmpty)
    }

    @Test(
        "A file that is exchanged after it was found equal to the release's gives the release's content none of its rights"
    )
    func exchangedWhenEqual() throws {
        let scene = try scene()
        let files = POSIXFileSystem()
        let (equal, other) = (scene.live.appending("data").appending("equal"), scene.live.appending("other"))
        try scene.write("other", "another program")
        try files.setPermissions(0o4755, of: other)
        let hooks = FolderHooks(look: { operation, path throws(FileError) in
            guard operation == "metadata", path.lastComponent == "equal" else { return }
            try? files.exchange(equal, with: other)
        })
        _ = try scene.pass(hooks)
        let found = try scene.attributes("data/equal")
        let text = try scene.files()["data/equal"]
        #expect(found.permissions & 0o7000 == 0 || text == "another program", "\(found) \(text ?? "")")
    }
}
