// SPDX-License-Identifier: Apache-2.0
@testable import Platform
import SystemPackage
import Testing
import TestSupport

@Suite struct FileSystemTests {
    let files = POSIXFileSystem()
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func code(_ body: () throws -> Void) -> FileError.Code? {
        do { try body() } catch { return (error as? FileError)?.code }
        return nil
    }

    @Test("A file whose name has all the bytes that a name may have is replaced like any other")
    func longName() throws {
        let folder = try TemporaryFolder()
        let file = folder / (String(repeating: "é", count: 127) + "x")
        for bytes in [[1], [2]] as [[UInt8]] {
            try POSIXFileSystem().replace(file, with: bytes, permissions: 0o644)
            #expect(try POSIXFileSystem().read(file, limit: 10) == bytes)
        }
        #expect(try POSIXFileSystem().entries(of: folder.path).count == 1)
    }

    @Test("A file is replaced as a whole, with its permissions, and nothing is left beside it")
    func replace() throws {
        let file = try folder.write("a", "old")
        try files.replace(file, with: Array("new".utf8), permissions: 0o600)
        #expect(try files.read(file, limit: 100) == Array("new".utf8))
        #expect(try files.attributes(of: file)?.permissions == 0o600)
        #expect(try files.entries(of: folder.path) == ["a"])
    }

    @Test("A replacement that fails leaves the old file and no temporary one")
    func failedReplace() throws {
        let directory = folder.path.appending("d")
        try files.makeDirectories(directory.appending("inside"))
        #expect(code { try files.replace(directory, with: [1], permissions: 0o600) } != nil)
        #expect(try files.entries(of: folder.path) == ["d"])
    }

    @Test("A file with more bytes than allowed is refused, one with just as many is read")
    func readLimit() throws {
        let file = try folder.write("a", "12345")
        #expect(code { _ = try files.read(file, limit: 4) } == .tooLarge)
        #expect(try files.read(file, limit: 5).count == 5)
        #expect(code { _ = try files.read(folder.path, limit: 5) } == .isDirectory)
        #expect(code { _ = try files.read(folder.path.appending("none"), limit: 5) } == .notFound)
    }

    @Test("Two folders change places in one step")
    func exchange() throws {
        try files.makeDirectories(folder.path.appending("live"))
        try files.makeDirectories(folder.path.appending("new"))
        try folder.write("live/old", "")
        try folder.write("new/new", "")
        try files.exchange(folder.path.appending("live"), with: folder.path.appending("new"))
        #expect(try files.entries(of: folder.path.appending("live")) == ["new"])
        #expect(try files.entries(of: folder.path.appending("new")) == ["old"])
    }

    @Test("A rename never replaces what is there")
    func renameKeeps() throws {
        let (a, b) = (try folder.write("a", "a"), try folder.write("b", "b"))
        #expect(code { try files.rename(a, to: b) } == .exists)
        #expect(try files.read(b, limit: 1) == [UInt8(ascii: "b")])
        try files.rename(a, to: folder.path.appending("c"))
        #expect(try files.entries(of: folder.path) == ["b", "c"])
    }

    @Test("Removing a tree never follows a link out of it, opens locked folders, and may be repeated")
    func removeTree() throws {
        try folder.write("outside", "kept")
        let tree = folder.path.appending("tree")
        try files.makeDirectories(tree.appending("a/b"))
        try files.makeLink(at: tree.appending("a/link"), to: folder.path.string)
        try files.makeLink(at: tree.appending("dangling"), to: "nowhere")
        try folder.write("tree/a/b/file", "x")
        try files.setPermissions(0o500, of: tree.appending("a/b"))
        try files.removeTree(tree)
        try files.removeTree(tree)
        #expect(try files.entries(of: folder.path) == ["outside"])
    }

    @Test("A copied tree has the same content, permissions, times and links")
    func copyTree() throws {
        let tree = folder.path.appending("tree")
        try files.makeDirectories(tree.appending("d"))
        let file = try folder.write("tree/d/run", String(repeating: "x", count: 3_000_000), permissions: 0o755)
        try files.makeLink(at: tree.appending("l"), to: "d/run")
        let copy = folder.path.appending("copy")
        try files.copyTree(tree, to: copy)
        let (old, new) = (try files.attributes(of: file), try files.attributes(of: copy.appending("d/run")))
        #expect(new?.permissions == 0o755 && new?.modified == old?.modified && new?.inode != old?.inode)
        #expect(try files.read(copy.appending("d/run"), limit: .max) == files.read(file, limit: .max))
        #expect(try files.destination(ofLink: copy.appending("l")) == "d/run")
        #expect(code { try files.copyTree(tree, to: copy) } == .exists)
    }

    @Test("A link in place of a file is not followed when opened, copied or locked")
    func linksAreNotFollowed() throws {
        try folder.write("secret", "secret")
        let link = folder.path.appending("link")
        try files.makeLink(at: link, to: "secret")
        #expect(code { _ = try files.openForReading(link) } == .isSymlink)
        #expect(code { _ = try files.openForWriting(link, permissions: 0o600, resume: true) } == .isSymlink)
        #expect(code { try files.copyFile(link, to: folder.path.appending("c")) } == .isSymlink)
        #expect(code { _ = try files.lock(link) } == .isSymlink)
    }

    @Test("Writing resumes at the end; without resume an existing file is refused")
    func resume() throws {
        let file = folder.path.appending("f")
        let first = try files.openForWriting(file, permissions: 0o640, resume: false)
        try first.write([1, 2, 3][...])
        try first.sync()
        try first.close()
        #expect(code { try first.write([9][...]) } == .other(9))
        #expect(code { _ = try files.openForWriting(file, permissions: 0o640, resume: false) } == .exists)
        let second = try files.openForWriting(file, permissions: 0o600, resume: true)
        try second.write([4, 5][...])
        #expect(try second.read(at: 1, count: 10) == [2, 3, 4, 5])
        try second.truncate(to: 2)
        try second.write([7][...])
        #expect(try files.read(file, limit: 10) == [1, 2, 7])
        #expect(try files.attributes(of: file)?.permissions == 0o640)
    }

    @Test("A lock is held by one at a time, until released")
    func lock() throws {
        let file = folder.path.appending("lock")
        let held = try #require(try files.lock(file))
        #expect(try files.lock(file) == nil)
        held.release()
        #expect(try files.lock(file) != nil)
    }

    @Test("Nothing is there: neither an error nor something")
    func absent() throws {
        let file = try folder.write("f", "")
        #expect(try !files.exists(folder.path.appending("none")))
        #expect(try !files.exists(file.appending("below-a-file")))
        try files.remove(folder.path.appending("none"))
        #expect(try files.freeBytes(at: folder.path) > 0)
        try files.syncDirectory(folder.path)
        try files.syncFileSystem(containing: folder.path)
    }

    @Test("Folders above are made; a link to a folder counts as one; a file in the way is named")
    func makeDirectories() throws {
        try files.makeDirectories(folder.path.appending("a/b/c"))
        try files.makeLink(at: folder.path.appending("l"), to: "a")
        try files.makeDirectories(folder.path.appending("l"))
        try files.makeDirectories(folder.path.appending("l/x/y"))
        #expect(try files.entries(of: folder.path.appending("a")) == ["b", "x"])
        let file = try folder.write("f", "")
        #expect(code { try files.makeDirectories(file) } == .notDirectory)
        #expect(code { try files.makeDirectories(file.appending("g")) } == .notDirectory)
    }

    @Test("A folder that cannot be made in a folder that is there is an error, not an endless descent")
    func makeDirectoriesWhereNoneCanBe() {
        #expect(code { try files.makeDirectories("/proc/ricambio-none") } == .notFound)
        #expect(code { try files.makeDirectories("/proc/ricambio-none/deeper/still") } == .notFound)
    }

    @Test("Mount points are told from folders")
    func mountPoints() throws {
        #expect(try files.attributes(of: "/proc")?.isMountPoint == true)
        #expect(try files.attributes(of: folder.path)?.isMountPoint == false)
        #expect(try files.mountPoints(below: "/").contains("/proc"))
        #expect(try !files.mountPoints(below: "/proc").contains("/proc"))
        #expect(try files.mountPoints(below: folder.path) == [])
        #expect(try files.mountPoints(below: folder.path.appending("none")) == [])
        // A link on the way is followed: the table names real folders.
        try files.makeLink(at: folder.path.appending("root"), to: "/")
        #expect(try files.mountPoints(below: folder.path.appending("root")).contains("/proc"))
    }

    @Test("The system's table is read with its escapes, by whole names")
    func mountTable() {
        let table = """
            29 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw
            40 29 8:1 /x /srv/OM\\040Business/backups rw - ext4 /dev/sda1 rw
            41 29 0:5 / /srv/OM\\040Business/a\\134b rw - tmpfs tmpfs rw
            42 29 0:6 / /srv/OM\\040Business_old/x rw - tmpfs tmpfs rw
            43 29 0:7 / /srv/OM\\040Business rw - tmpfs tmpfs rw
            short line
            """
        #expect(
            mounts(in: Array(table.utf8), below: "/srv/OM Business") == [
                "/srv/OM Business/backups", "/srv/OM Business/a\\b",
            ])
    }

    @Test(
        "A mounted folder is neither emptied nor passed over, be it a disk of its own or another folder's second name",
        .enabled(if: Mounting.isPossible), arguments: ["--bind", "tmpfs"])
    func mountedInside(kind: String) async throws {
        let (mount, tree) = (folder.path.appending("tree/inside/mount"), folder.path.appending("tree"))
        try files.makeDirectories(mount)
        try folder.write("origin", "")
        try files.remove(folder.path.appending("origin"))
        try files.makeDirectories(folder.path.appending("origin"))
        try await Mounting.mount(kind, folder.path.appending("origin"), at: mount)
        do {
            try folder.write("tree/inside/mount/precious", "somebody's")
            #expect(try files.mountPoints(below: tree) == [mount])
            #expect(try files.attributes(of: mount)?.isMountPoint == true)
            #expect(code { try files.removeTree(tree) } == .mountPoint)
            #expect(code { try files.removeTree(mount) } == .mountPoint)
            #expect(try files.exists(mount.appending("precious")))
        }
        try await Mounting.unmount(mount)
        try files.removeTree(tree)
    }

    @Test("An error is a sentence that says what, where and why")
    func sentences() {
        let full = FileError(errno: 28, operation: "write", path: "/srv/x")
        #expect(full.code == .noSpace)
        #expect(
            full.description
                == "Cannot write /srv/x: there is no space left on its file system, or the account's quota is used up.")
        #expect(FileError(errno: 13, operation: "a", path: "b").code == .permissionDenied)
        #expect(FileError(errno: 30, operation: "a", path: "b").code == .readOnly)
        #expect(FileError(errno: 18, operation: "a", path: "b").code == .crossesFileSystems)
        #expect(FileError(errno: 5, operation: "read", path: "b").description.contains("error 5"))
    }
}

/// Only an administrator may mount.
private enum Mounting {
    static let isPossible: Bool = {
        let path = FilePath("/proc/self/status")
        guard let bytes = try? POSIXFileSystem().read(path, limit: 1 << 16) else { return false }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard let effective = lines.first(where: { $0.hasPrefix("CapEff:") })?.split(separator: "\t").last else {
            return false
        }
        // CAP_SYS_ADMIN.
        return (UInt64(effective, radix: 16) ?? 0) & (1 << 21) != 0
    }()

    static func mount(_ kind: String, _ source: FilePath, at place: FilePath) async throws {
        let how = kind == "tmpfs" ? ["-t", "tmpfs", "none"] : ["--bind", source.string]
        try await run(["mount"] + how + [place.string])
    }

    static func unmount(_ place: FilePath) async throws { try await run(["umount", place.string]) }

    private static func run(_ arguments: [String]) async throws {
        let path = "/usr/sbin:/usr/bin:/sbin:/bin"
        let result = try await POSIXCommandRunner().run(Command(arguments, environment: ["PATH": path]))
        try #require(result.succeeded, "\(result.errorText)")
    }
}

@Suite struct BlockingWorkTests {
    @Test("A hundred blocked calls do not stop the cooperative pool")
    func pool() async throws {
        let folder = try TemporaryFolder()
        let gate = folder.path.appending("gate")
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    await BlockingWork.run {
                        // Each blocks its thread until the pool has got to the line below.
                        for _ in 0..<20_000 where (try? POSIXFileSystem().exists(gate)) != true {
                            try? POSIXFileSystem().syncDirectory(folder.path)
                        }
                        return (try? POSIXFileSystem().exists(gate)) == true
                    }
                }
            }
            group.addTask { (try? POSIXFileSystem().makeDirectory(gate, permissions: 0o700)) != nil }
            for await passed in group { #expect(passed) }
        }
    }

    @Test("A typed error comes back typed")
    func errors() async {
        await #expect(throws: FileError(.busy, operation: "a", path: "b")) {
            try await BlockingWork.run { () throws(FileError) -> Int in
                throw FileError(.busy, operation: "a", path: "b")
            }
        }
    }
}
