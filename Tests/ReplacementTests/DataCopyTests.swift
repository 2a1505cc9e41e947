// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import Replacement
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("A data folder given back is the whole folder")
struct DataCopyTests {
    let scene: DataScene
    var folder: TemporaryFolder { scene.folder }

    init() throws { scene = try DataScene() }

    private func attributes(_ name: String) throws -> FileAttributes {
        try #require(try scene.real.attributes(of: folder / name))
    }

    @Test(
        "Owners, modes, times of folders, files and links, and a folder nobody may write to",
        .enabled(if: geteuid() == 0))
    func whole() throws {
        try folder.write("data/db/file", "x", permissions: 0o640)
        try scene.real.makeLink(at: folder / "data/link", to: "/nowhere")
        try scene.real.makeDirectory(folder / "data/locked", permissions: 0o700)
        try folder.write("data/locked/file", "x", permissions: 0o400)
        let names = ["data", "data/db", "data/db/file", "data/link", "data/locked", "data/locked/file"]
        for (index, name) in names.enumerated() {
            lchown((folder / name).string, uid_t(12_345 + index), 54_321)
        }
        try scene.real.setPermissions(0o2750, of: folder / "data/db")
        try scene.real.setPermissions(0o555, of: folder / "data/locked")
        for (index, name) in names.enumerated() {
            let times = [Int](repeating: 1_000_000 + index, count: 2).map { timespec(tv_sec: $0, tv_nsec: 123_456_789) }
            utimensat(AT_FDCWD, (folder / name).string, times, AT_SYMLINK_NOFOLLOW)
        }
        let before = try names.map(attributes)
        let taken = try scene.snapshots().take(try scene.plan("data")[0])
        #expect(taken.notCarried.isEmpty)
        try scene.real.removeTree(folder / "data")
        try scene.snapshots().restore(taken.snapshot)
        for (name, before) in zip(names, before) {
            let after = try attributes(name)
            #expect(
                after.owner == before.owner && after.group == before.group && after.permissions == before.permissions
                    && after.modified == before.modified && after.kind == before.kind, "\(name)")
        }
        #expect(try attributes("data/db").owner == 12_346 && attributes("data/db").permissions == 0o2750)
    }

    @Test("Hard links are links among themselves, holes are holes, names are bytes")
    func linksHolesNames() throws {
        try folder.write("data/a/first", "x")
        try scene.real.makeDirectories(folder / "data/b")
        try scene.real.hardLink(folder / "data/a/first", as: folder / "data/b/second")
        try scene.real.hardLink(folder / "data/a/first", as: folder / "data/third")
        try scene.real.hardLink(folder / "data/a/first", as: folder / "outside")
        let sparse = try folder.write("data/sparse", "x")
        #expect(truncate(sparse.string, 1 << 30) == 0)
        let name = try #require(FilePath.Component(bytes: [0xff, 0xfe]))
        _ = try scene.real.folder(folder / "data").makeFolder(name, permissions: 0o700).create(name, permissions: 0o600)
        let size = try scene.snapshots().size(of: [folder / "data"])
        #expect(size.bytes < 1 << 20 && size.entries == 9)

        let snapshot = try scene.take("data")
        try scene.snapshots().verify(snapshot)
        try scene.real.removeTree(folder / "data")
        try scene.snapshots().restore(snapshot)
        let first = try attributes("data/a/first")
        #expect(first.links == 3)
        #expect(try attributes("data/b/second").inode == first.inode && attributes("data/third").inode == first.inode)
        #expect(try attributes("outside").inode != first.inode)
        #expect(try attributes("data/sparse").size == 1 << 30 && attributes("data/sparse").allocated < 1 << 20)
        let inner = try scene.real.folder(folder / "data").folder(name)
        #expect(try inner.attributes(of: name)?.kind == .file)
    }

    @Test("Pipes, sockets and devices are left out and named, and nothing waits on them")
    func pipes() throws {
        try folder.write("data/db/x", "1")
        #expect(mkfifo((folder / "data/db/pipe").string, 0o600) == 0)
        let taken = try scene.snapshots().take(try scene.plan("data")[0])
        let expected = NotCarried(path: folder / "data/db/pipe", what: .special)
        #expect(taken.notCarried == [expected])
        #expect(try scene.snapshots().size(of: [folder / "data"]).notCarried == [expected])
        try scene.snapshots().verify(taken.snapshot)
        try scene.snapshots().restore(taken.snapshot)
        #expect(try scene.real.entries(of: folder / "data/db") == ["x"])
    }

    @Test("A pipe, a device or a link in the data's own place is refused")
    func special() throws {
        let snapshot = try #require(try scene.plan("data").first)
        #expect(mkfifo((folder / "data").string, 0o600) == 0)
        #expect(throws: ReplacementError.self) { try scene.snapshots().take(snapshot) }
        #expect(scene.snapshots().tryOut([folder / "data"]).count == 1)
        try scene.real.remove(folder / "data")
        try scene.real.makeLink(at: folder / "data", to: "/etc")
        #expect(throws: ReplacementError.self) { try scene.snapshots().take(snapshot) }
        #expect(scene.names == ["data"])
    }

    @Test("Something mounted inside the data, or at it, is refused when measured, tried and copied")
    func mounts() throws {
        try folder.write("data/sub/x", "1")
        let snapshot = try #require(try scene.plan("data").first)
        for mounted in ["data/sub", "data"] {
            let hooks = FolderHooks(found: { [path = folder / mounted] found, attributes in
                guard found == path else { return attributes }
                var attributes = attributes
                attributes.isMountPoint = true
                return attributes
            })
            let snapshots = scene.snapshots(WatchedFileSystem(hooks: hooks))
            #expect(code { _ = try snapshots.size(of: [folder / "data"]) } == .notSameFileSystem)
            #expect(code { _ = try snapshots.take(snapshot) } == .notSameFileSystem)
            #expect(snapshots.tryOut([folder / "data"]).count == (mounted == "data" ? 1 : 0))
            #expect(scene.snapshots().remove(snapshot).isEmpty)
        }
    }

    @Test("Folders too deep are refused, not followed until the descriptors are used up")
    func deep() throws {
        let path = Array(repeating: "d", count: maximumFolderDepth + 1).joined(separator: "/")
        try scene.real.makeDirectories(folder / "data/\(path)")
        #expect(throws: ReplacementError.self) { try scene.snapshots().size(of: [folder / "data"]) }
        let snapshot = try #require(try scene.plan("data").first)
        #expect(throws: ReplacementError.self) { try scene.snapshots().take(snapshot) }
        #expect(scene.snapshots().remove(snapshot).isEmpty)
        #expect(scene.names == ["data"])
    }

    @Test("A folder that is copied into itself ends")
    func intoItself() throws {
        try folder.write("data/sub/x", "1")
        let data = try scene.real.folder(folder.path)
        let copy = try data.copyTree("data", as: "copy", in: try scene.real.folder(folder / "data/sub"))
        #expect(copy.count == 3)
        #expect(scene.text("data/sub/copy/sub/x") == "1")
        #expect(try scene.real.entries(of: folder / "data/sub/copy/sub") == ["x"])
    }

    @Test("A subfolder exchanged for a symlink before any step: nothing outside is copied or changed")
    func exchanged() throws {
        // As many steps as there are; each may be the one before which the application exchanges the folder.
        var (step, ended) = (1, false)
        while !ended {
            let scene = try DataScene()
            try scene.folder.write("outside/secret", "secret", permissions: 0o600)
            try scene.folder.write("data/a", "1")
            try scene.folder.write("data/sub/secret", "mine", permissions: 0o644)
            try scene.folder.write("data/z", "1")
            let outside = try ["outside", "outside/secret"].map { try scene.real.attributes(of: scene.folder / $0) }
            let calls = Mutex(0)
            let (sub, wanted) = (scene.folder / "data/sub", step)
            let exchange: @Sendable () -> Void = {
                guard
                    calls.withLock({
                        $0 += 1; return $0 == wanted
                    })
                else { return }
                try? POSIXFileSystem().rename(sub, to: FilePath(sub.string + "-moved"))
                try? POSIXFileSystem().makeLink(at: sub, to: "../outside")
            }
            let hooks = FolderHooks(
                look: { (_, _) throws(FileError) in exchange() }, change: { (_, _) throws(FileError) in exchange() })
            let snapshot = try #require(try scene.plan("data").first)
            _ = try? scene.snapshots(WatchedFileSystem(hooks: hooks)).take(snapshot)
            let after = try ["outside", "outside/secret"].map { try scene.real.attributes(of: scene.folder / $0) }
            #expect(after == outside, "step \(step)")
            let copy = snapshot.copy(of: snapshot.pieces[0])
            for file in try scene.real.exists(copy) ? scene.real.files(below: copy) : [] {
                let content = try? scene.real.read(copy.appending(file), limit: 100)
                let isLink = try scene.real.attributes(of: copy.appending(file))?.kind == .symlink
                #expect(isLink || content != Array("secret".utf8), "step \(step): \(file)")
            }
            #expect(scene.snapshots().remove(snapshot).isEmpty)
            #expect(scene.text("outside/secret") == "secret")
            ended = calls.withLock { $0 } < step
            step += 1
        }
        #expect(step > 15)
    }
}
