// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import Replacement
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("What is carried over is the whole file")
struct KeptWholeTests {
    /// A little-endian `system.posix_acl_access`.
    private static func list(_ entries: [(tag: UInt8, permissions: UInt8, id: UInt8?)]) -> [UInt8] {
        [2, 0, 0, 0]
            + entries.flatMap { entry -> [UInt8] in
                let id: [UInt8] = entry.id.map { [$0, 0, 0, 0] } ?? [255, 255, 255, 255]
                return [entry.tag, 0, entry.permissions, 0] + id
            }
    }

    /// user::rw- user:33:r-- group::--- mask::r-- other::---
    private static let keyList = list([(1, 6, nil), (2, 4, 33), (4, 0, nil), (16, 4, nil), (32, 0, nil)])

    private func change(_ path: String, in scene: KeptScene, _ body: (inout FileMetadata) -> Void) throws {
        let (folder, name) = try #require(try scene.folder(scene.live).find(FilePath(path)))
        var metadata = try folder.metadata(of: name)
        body(&metadata)
        #expect(try folder.set(metadata, of: name).isEmpty)
    }

    private func metadata(_ path: String, in folder: FilePath, _ scene: KeptScene) throws -> FileMetadata {
        let (folder, name) = try #require(try scene.folder(folder).find(FilePath(path)))
        var metadata = try folder.metadata(of: name)
        metadata.accessed = 0
        return metadata
    }

    @Test(
        "Owner, group, mode, access lists, attributes and times of files, links and folders, those on the way and the live folder too",
        .enabled(if: geteuid() == 0))
    func metadata() throws {
        let scene = try KeptScene([KeepRule("var/data/**")], release: ["var/data/vendor": "2", "var/other": "2"])
        try scene.write("var/data/inner/file", "mine", permissions: 0o4750)
        try scene.link("var/data/inner/link", to: "file")
        for (number, path) in ["var/data/inner/file", "var/data/inner/link", "var/data/inner", "var/data", "var"]
            .enumerated()
        {
            try change(path, in: scene) {
                ($0.owner, $0.group) = (1000 + UInt32(number), 2000)
                $0.modified = 1_500_000_000_000_000_000 + Int64(number)
                if $0.kind == .directory { $0.permissions = 0o2551 }
                if $0.kind != .symlink { $0.attributes["user.origin"] = [1, 2, UInt8(number)] }
            }
        }
        try change("var/data/inner/file", in: scene) { $0.attributes[FileMetadata.accessListName] = Self.keyList }
        let top = try scene.folder(scene.live)
        var own = try top.metadata()
        (own.owner, own.permissions, own.modified) = (1234, 0o750, 1_400_000_000_000_000_000)
        _ = try top.set(own)
        let pass = try scene.pass()
        #expect(pass.notCarried.isEmpty)
        for path in ["var/data/inner/file", "var/data/inner/link", "var/data/inner", "var/data", "var"] {
            #expect(try metadata(path, in: scene.staged, scene) == metadata(path, in: scene.live, scene), "\(path)")
        }
        let staged = try scene.attributes("")
        #expect(staged.owner == 1234 && staged.permissions == 0o750 && staged.modified == own.modified)
        // A folder's owner and list alone, between two passes.
        try change("var/data/inner", in: scene) { $0.owner = 4321 }
        try scene.pass(since: pass.index)
        #expect(try scene.attributes("var/data/inner").owner == 4321)
    }

    @Test(
        "A private key's access list stays exactly as it is, and a default list of its folder lets nobody in",
        .enabled(if: geteuid() == 0))
    func privateKey() throws {
        let scene = try KeptScene([KeepRule("certificates/**")])
        try scene.write("certificates/key.pem", "private", permissions: 0o600)
        try change("certificates/key.pem", in: scene) {
            $0.group = 100
            $0.attributes[FileMetadata.accessListName] = Self.keyList
        }
        try scene.write("certificates/plain.pem", "private", permissions: 0o640)
        let everybody = Self.list([(1, 7, nil), (2, 7, 33), (4, 7, nil), (16, 7, nil), (32, 7, nil)])
        try change("certificates", in: scene) { $0.attributes[FileMetadata.defaultAccessListName] = everybody }
        let pass = try scene.pass()
        let expectExact = { () throws in
            for name in ["key.pem", "plain.pem"] {
                let (old, new) = (
                    try metadata("certificates/\(name)", in: scene.live, scene),
                    try metadata("certificates/\(name)", in: scene.staged, scene)
                )
                #expect(old == new)
            }
        }
        try expectExact()
        // The staged folder has the default list by now.
        let plain = scene.live.appending("certificates").appending("plain.pem")
        try POSIXFileSystem().openForWriting(plain, permissions: 0, resume: true).write([1])
        try change("certificates/key.pem", in: scene) { $0.permissions = 0o640 }
        try scene.pass(since: pass.index)
        try expectExact()
    }

    @Test("Holes stay holes")
    func holes() throws {
        let scene = try KeptScene([KeepRule("data/**")])
        try scene.write("data/sparse", "start")
        let file = try POSIXFileSystem().openForWriting(
            scene.live.appending("data").appending("sparse"), permissions: 0, resume: true)
        try file.truncate(to: 64 << 20)
        try scene.pass()
        let copy = try scene.attributes("data/sparse")
        #expect(copy.size == 64 << 20)
        #expect(copy.allocated < 1 << 20)
    }

    @Test("Names are bytes, whether they are UTF-8 or not")
    func names() throws {
        let scene = try KeptScene([KeepRule("data/**")])
        try scene.write("data/ok", "1")
        let name = try #require(FilePath.Component(bytes: Array("contabilit".utf8) + [0xe0]))
        let data = try scene.folder(scene.live.appending("data"))
        try data.create(name, permissions: 0o644).write([1])
        try data.makeFolder(try #require(FilePath.Component(bytes: [0xff])), permissions: 0o755).create(
            name, permissions: 0o600
        ).write([2])
        let pass = try scene.pass()
        #expect(pass.kept.map(\.readable) == ["data/contabilit\\xe0", "data/ok", "data/\\xff/contabilit\\xe0"])
        let copy = try scene.folder(scene.staged.appending("data"))
        #expect(try copy.openForReading(name).read(at: 0, count: 9) == [1])
        // Deleted between two passes: the next takes it away.
        try data.remove(name)
        #expect(try scene.pass(since: pass.index).keptCount == 2)
        #expect(try copy.attributes(of: name) == nil)
    }

    @Test("Other content with the same size and the same time is copied again")
    func changedTime() throws {
        let scene = try KeptScene([KeepRule("data/**")])
        try scene.write("data/a", "first")
        let time: Int64 = 1_600_000_000_000_000_000
        try change("data/a", in: scene) { $0.modified = time }
        // Both as if they had lain there for long: only the time of change tells.
        let old = FolderHooks(found: { path, attributes in
            var attributes = attributes
            if path.string.contains("/live/") { attributes.changed = 1000 + Int64(attributes.size) }
            return attributes
        })
        let first = try scene.pass(old)
        #expect(try scene.pass(since: first.index, old).copiedBytes == 0)
        let file = scene.live.appending("data").appending("a")
        let open = try #require(try? FileDescriptor.open(file, .writeOnly))
        try open.closeAfter { _ = try open.writeAll("other".utf8) }
        try change("data/a", in: scene) { $0.modified = time }
        let newer = FolderHooks(found: { path, attributes in
            var attributes = old.found(path, attributes)
            if path.lastComponent == "a", path.string.contains("/live/") { attributes.changed += 1 }
            return attributes
        })
        #expect(try scene.pass(since: first.index, newer).copiedBytes == 5)
        #expect(try scene.files() == ["data/a": "other"])
    }

    @Test("What was copied in the tick in which it last changed is copied again; a time in the future costs nothing")
    func ticks() throws {
        let scene = try KeptScene([KeepRule("data/**")])
        for name in ["fresh", "future", "second", "settled"] { try scene.write("data/" + name, name) }
        try change("data/future", in: scene) { $0.modified = 4_000_000_000_000_000_000 }
        let live = scene.live
        let hooks = FolderHooks(
            look: { operation, path throws(FileError) in
                // Changed by somebody when the pass has begun.
                guard operation == "list", path.string.hasSuffix("live/data") else { return }
                try POSIXFileSystem().setPermissions(0o600, of: live.pushing("data/fresh"))
            },
            found: { path, attributes in
                var attributes = attributes
                guard path.string.contains("/live/") else { return attributes }
                switch path.lastComponent?.string {
                case "future": attributes.changed -= 3_000_000_000
                // As a file system says it that knows seconds only, or parts of them.
                case "second": attributes.changed -= attributes.changed % 1_000_000_000
                case "settled": attributes.changed -= 100_000_000 + (attributes.changed % 10_000_000 == 0 ? 1 : 0)
                default: break
                }
                return attributes
            })
        let first = try scene.pass(hooks)
        #expect(first.copiedBytes == 24)
        #expect(try scene.pass(since: first.index, hooks).copiedBytes == 11)
    }

    @Test("Pipes, sockets, devices and immutable marks are named, never opened, and no reason to fail")
    func special() throws {
        let scene = try KeptScene([KeepRule("data/**")], release: ["data/pipe": "vendor"])
        try scene.write("data/file", "1")
        for name in ["pipe", "other"] {
            try #require(mkfifo(scene.live.appending("data").appending(name).string, 0o600) == 0)
        }
        let opened = Mutex<[String]>([])
        let hooks = FolderHooks(
            look: { operation, path throws(FileError) in
                if operation.hasPrefix("open") { opened.withLock { $0.append(path.lastComponent?.string ?? "") } }
            },
            found: { path, attributes in
                var attributes = attributes
                if path.string.hasSuffix("live/data/file") { attributes.isImmutable = true }
                return attributes
            })
        let expected = [
            NotCarried(path: "data/file", what: .immutableMark), NotCarried(path: "data/other", what: .special),
            NotCarried(path: "data/pipe", what: .special),
        ]
        let pass = try scene.pass(hooks)
        #expect(pass.notCarried == expected)
        #expect(pass.keptCount == 1)
        #expect(opened.withLock { $0 }.isEmpty)
        #expect(try scene.files() == ["data/file": "1", "data/pipe": "vendor"])
        #expect(try scene.pass(since: pass.index, hooks).notCarried == expected)
    }

    @Test("Folders that their owner may not write to: for an ordinary user, also when something in them changes later")
    func readOnlyFolders() async {
        await #expect(processExitsWith: .success) { try readOnlyFoldersOfOrdinaryUser() }
    }

    @Test("An unchanged folder costs one list and no change; one whose files are all written once not even that")
    func cost() throws {
        let scene = try KeptScene([KeepRule("data/**"), KeepRule("backups/**", immutable: true)])
        for number in 0..<30 {
            try scene.write("data/\(number % 3)/\(number)", "x")
            try scene.write("backups/\(number % 3)/\(number)", "x")
        }
        let calls = Mutex<[String: Int]>([:])
        let count: @Sendable (String) -> Void = { operation in calls.withLock { $0[operation, default: 0] += 1 } }
        let hooks = FolderHooks(
            look: { operation, _ throws(FileError) in count(operation) },
            change: { change, _ throws(FileError) in count(change.operation) },
            // As if it had lain there for long.
            found: { path, attributes in
                var attributes = attributes
                if path.string.contains("/live") { attributes.changed -= 10_000_000_000 }
                return attributes
            })
        let first = try scene.pass(hooks)
        calls.withLock { $0 = [:] }
        let second = try scene.pass(since: first.index, durable: true, hooks)
        #expect(second.keptCount == 60)
        let found = calls.withLock { $0 }
        #expect(found["list"] == 5, "the live folder, data and its three")
        #expect(found["setPermissions"] == 1, "asks the clock")
        for operation in [
            "set", "copyFile", "hardLink", "remove", "makeFolder", "rename", "openForReading", "syncDirectory",
        ] {
            #expect(found[operation] == nil, "\(operation)")
        }
    }
}

/// In a process of its own, since it gives up root's rights.
private func readOnlyFoldersOfOrdinaryUser() throws {
    let scene = try KeptScene([KeepRule("data/**")])
    try scene.write("data/locked/deep/file", "1")
    try scene.write("data/locked/link", "x")
    if geteuid() == 0 {
        for path in ["", "live", "staged", "live/data", "live/data/locked", "live/data/locked/deep"] {
            try #require(chown(scene.temporary.path.pushing(FilePath(path)).string, 4000, 4000) == 0)
        }
        for path in ["locked/deep/file", "locked/link"] {
            try #require(chown(scene.live.appending("data").pushing(FilePath(path)).string, 4000, 4000) == 0)
        }
        try #require(setegid(4000) == 0 && seteuid(4000) == 0)
    }
    let locked = scene.live.appending("data").appending("locked")
    let files = POSIXFileSystem()
    for path in [locked.appending("deep"), locked] { try files.setPermissions(0o555, of: path) }
    let expectLocked = { () throws in
        for path in ["data/locked", "data/locked/deep"] {
            #expect(try scene.attributes(path).permissions == 0o555)
        }
    }
    var pass = try scene.pass()
    try expectLocked()
    try files.setPermissions(0o755, of: locked.appending("deep"))
    try scene.write("data/locked/deep/file", "2")
    try scene.write("data/locked/deep/more", "3")
    try files.setPermissions(0o555, of: locked.appending("deep"))
    pass = try scene.pass(since: pass.index, durable: true)
    try expectLocked()
    #expect(try scene.files()["data/locked/deep/file"] == "2")
    #expect(try scene.files()["data/locked/deep/more"] == "3")
    // A pass that knows nothing of the ones before finds its way too.
    pass = try scene.pass()
    try expectLocked()
    try files.setPermissions(0o755, of: locked)
    try files.setPermissions(0o755, of: locked.appending("deep"))
    try scene.remove("data/locked")
    try scene.pass(since: pass.index)
    #expect(try scene.content() == ["data": "/"])
    scene.temporary.remove()
}
