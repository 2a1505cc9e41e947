// SPDX-License-Identifier: Apache-2.0
import Foundation
@testable import Platform
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// What the system's own tools say of a file: nothing of this package judges itself.
private func tool(_ command: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    let output = Foundation.Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
}

private let isRoot = geteuid() == 0

@Suite("A folder by descriptor")
struct FolderTests {
    let temporary: TemporaryFolder
    let folder: any Folder

    init() throws {
        temporary = try TemporaryFolder(inMemory: true)
        folder = try POSIXFileSystem().folder(temporary.path)
    }

    private func code(_ body: () throws -> Void) -> FileError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? FileError)?.code
        }
    }

    @Test("A copy is the whole file: owner, group, mode, attributes and times", .enabled(if: isRoot))
    func wholeCopy() throws {
        let file = try temporary.write("a", "content", permissions: 0o640)
        #expect(chown(file.string, 12345, 54321) == 0)
        #expect(try python("os.setxattr(sys.argv[1], 'user.comment', b'mine')", file.string))
        let times = [timespec(tv_sec: 1000, tv_nsec: 5), timespec(tv_sec: 2_000_000_000, tv_nsec: 123_456_789)]
        #expect(utimensat(AT_FDCWD, file.string, times, 0) == 0)
        let copied = try folder.copyFile("a", as: "b", in: folder)
        #expect(copied.lost.isEmpty)
        #expect(try tool("stat", "-c", "%u %g %a %Y %X", (temporary / "b").string) == "12345 54321 640 2000000000 1000")
        #expect(try folder.attributes(of: "b")?.modified == 2_000_000_000_123_456_789)
        #expect(try folder.metadata(of: "b").attributes["user.comment"] == Array("mine".utf8))
        #expect(try tool("cat", (temporary / "b").string) == "content")
        #expect(code { _ = try folder.copyFile("a", as: "b", in: folder) } == .exists)
    }

    private func python(_ line: String, _ arguments: String...) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", "import os, sys, struct\n" + line] + arguments
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    /// user::rw-  user:33:r--  group::---  mask::r--  other::---
    private static let keyList =
        "e = lambda t, p, i=0xffffffff: struct.pack('<HHI', t, p, i)\n"
        + "os.setxattr(sys.argv[1], 'system.posix_acl_access', struct.pack('<I', 2) + e(1, 6) + e(2, 4, 33) + e(4, 0) "
        + "+ e(0x10, 4) + e(0x20, 0))"

    @Test("An access list is copied as it is: its mask never becomes the group's right", .enabled(if: isRoot))
    func accessList() throws {
        let key = try temporary.write("key", "secret", permissions: 0o600)
        #expect(try python(Self.keyList, key.string))
        _ = try folder.copyFile("key", as: "copy", in: folder)
        let (before, after) = (try folder.metadata(of: "key"), try folder.metadata(of: "copy"))
        #expect(before.attributes[FileMetadata.accessListName] != nil)
        #expect(after.attributes[FileMetadata.accessListName] == before.attributes[FileMetadata.accessListName])
        #expect(after.permissions == before.permissions)
    }

    @Test("Without its group, a copy gives the other group no more than everybody has")
    func groupLost() {
        var metadata = FileMetadata(kind: .file, owner: 1, group: 2, permissions: 0o6754)
        #expect(metadata.permissions(without: []) == 0o6754)
        #expect(metadata.permissions(without: [.owner]) == 0o0754)
        #expect(metadata.permissions(without: [.group]) == 0o0744)
        metadata.permissions = 0o660
        #expect(metadata.permissions(without: [.owner, .group]) == 0o600)
        #expect(metadata.permissions(without: [.accessList]) == 0o600)
    }

    @Test("A list without its owning group keeps the named users and narrows the group's entry")
    func listWithoutGroup() throws {
        let entries: [(UInt16, UInt16, UInt32)] = [
            (1, 6, .max), (2, 4, 33), (4, 6, .max), (0x10, 6, .max), (0x20, 0, .max),
        ]
        var bytes: [UInt8] = [2, 0, 0, 0]
        for (tag, permissions, id) in entries {
            bytes += [UInt8(tag), 0, UInt8(permissions), 0] + withUnsafeBytes(of: id.littleEndian, Array.init)
        }
        let list = try #require(AccessControlList(bytes))
        #expect(list.bytes == bytes)
        #expect(list.permissions == 0o660)
        let metadata = FileMetadata(
            kind: .file, owner: 1, group: 2, permissions: 0o660, attributes: [FileMetadata.accessListName: bytes])
        let bytesWithout = try #require(metadata.accessList(without: [.group]))
        let narrowed = try #require(AccessControlList(bytesWithout))
        #expect(narrowed.entries.map(\.permissions) == [6, 4, 0, 6, 0])
        #expect(metadata.accessList(without: []) == bytes)
        // What a file made with mode 640 in a folder with this default list gets.
        #expect(list.inherited(permissions: 0o640).entries.map(\.permissions) == [6, 4, 6, 4, 0])
        #expect(AccessControlList([1, 2, 3]) == nil)
    }

    @Test("Holes stay holes, at the start, in the middle and at the end")
    func holes() throws {
        let file = temporary / "sparse"
        #expect(
            try python(
                "f = open(sys.argv[1], 'wb'); f.truncate(1 << 30); f.seek(300 << 20); f.write(b'x' * 100000); f.close()",
                file.string))
        let copied = try folder.copyFile("sparse", as: "copy", in: folder)
        let before = try #require(try folder.attributes(of: "sparse"))
        #expect(copied.attributes.size == 1 << 30)
        #expect(copied.attributes.allocated <= before.allocated + 65536)
        #expect(
            try python(
                "a, b = (open(p, 'rb') for p in sys.argv[1:3]); a.seek(300 << 20); b.seek(300 << 20); "
                    + "sys.exit(a.read(200000) != b.read(200000))", file.string, (temporary / "copy").string))
    }

    @Test("Names are bytes: one that is no UTF-8 is listed, copied, renamed, removed, and readable for people")
    func names() throws {
        let name = try #require(FilePath.Component(bytes: Array("contabilit".utf8) + [0xe0]))
        _ = try folder.create(name, permissions: 0o600)
        #expect(try folder.list().component(0) == name)
        let other = try #require(FilePath.Component(bytes: [0xff, 0xfe]))
        _ = try folder.copyFile(name, as: other, in: folder)
        try folder.rename(name, to: "plain", in: folder)
        #expect(folder.removeTree(other).isEmpty)
        #expect(try folder.list().indices.map { try folder.list().component($0).string } == ["plain"])
        #expect(FilePath("a").appending(name).readable == "a/contabilit\\xe0")
        #expect(FilePath("più/città").readable == "più/città")
    }

    @Test("A pipe, a socket and a device are seen and never waited for")
    func special() throws {
        #expect(mkfifo((temporary / "pipe").string, 0o600) == 0)
        #expect(try folder.attributes(of: "pipe")?.kind == .other)
        #expect(code { _ = try folder.copyFile("pipe", as: "copy", in: folder) } == .notSupported)
        #expect(try folder.metadata(of: "pipe").kind == .other)
        #expect(folder.removeTree("pipe").isEmpty)
    }

    @Test(
        "A folder that is exchanged for a file while its tree is removed widens nobody's mode, and gives no set-ID bits"
    )
    func exchangedWhileRemoved() throws {
        try temporary.write("precious", "root's")
        try POSIXFileSystem().setPermissions(0o600, of: temporary / "precious")
        try temporary.write("tree/trap/x", "")
        try POSIXFileSystem().setPermissions(0o6077, of: temporary / "tree/trap")
        let files = POSIXFileSystem()
        let (trap, precious) = (temporary / "tree/trap", temporary / "precious")
        let exchanged = Mutex(false)
        let exchange = { @Sendable (operation: String, path: FilePath) in
            guard ["folder", "setPermissions"].contains(operation), path.lastComponent == "trap",
                exchanged.withLock({ isDone in
                    defer { isDone = true }
                    return !isDone
                })
            else { return }
            try? files.exchange(trap, with: precious)
        }
        let watched = WatchedFolder(
            try files.folder(temporary.path),
            FolderHooks(
                look: { (operation, path) throws(FileError) in exchange(operation, path) },
                change: { (change, _) throws(FileError) in exchange(change.operation, change.path) }))
        _ = watched.removeTree("tree")
        #expect(exchanged.withLock { $0 })
        let found = [trap, precious].compactMap { try? files.attributes(of: $0) }.filter { $0.kind == .file }
        #expect(found.allSatisfy { $0.permissions == 0o600 }, "\(found)")
    }

    @Test("A folder that its owner may not enter is opened for them, without its set-ID bits, and by what it is")
    func ownFolder() throws {
        try temporary.write("closed/x", "")
        try POSIXFileSystem().setPermissions(0o6077, of: temporary / "closed")
        #expect(try folder.ownFolder("closed").list().count == 1)
        #expect(try folder.attributes(of: "closed")?.permissions == 0o777)
        try temporary.write("file", "")
        try POSIXFileSystem().makeLink(at: temporary / "link", to: "closed")
        #expect(code { _ = try folder.ownFolder("file") } == .notDirectory)
        #expect(code { _ = try folder.ownFolder("link") } == .isSymlink)
    }

    @Test("Metadata of what bears a name, if it is the same still")
    func metadataIfSame() throws {
        try temporary.write("a", "x")
        let found = try #require(try folder.attributes(of: "a"))
        #expect(try folder.metadata(of: "a", if: found)?.permissions == found.permissions)
        try temporary.write("b", "x")
        #expect(try folder.metadata(of: "b", if: found) == nil)
        var later = found
        later.changed -= 1
        #expect(try folder.metadata(of: "a", if: later) == nil)
    }

    @Test("A path on which a symlink stands is not opened", arguments: [true, false])
    func withoutLinks(inOneCall: Bool) throws {
        let files = POSIXFileSystem()
        try temporary.write("real/inner/file", "")
        try files.makeLink(at: temporary / "link", to: "real")
        let open = { (path: FilePath) throws(FileError) -> any Folder in
            inOneCall ? try files.folder(withoutLinks: path) : try files.folder(stepwise: path)
        }
        #expect(try open(temporary / "real/inner").list().count == 1)
        #expect(code { _ = try open(temporary / "link/inner") } == .isSymlink)
        #expect(code { _ = try open(temporary / "link") } == .isSymlink)
        #expect(code { _ = try open(temporary / "gone/inner") } == .notFound)
    }

    @Test("What a tree cannot lose is named, and the rest goes all the same", .enabled(if: isRoot))
    func removalGoesOn() throws {
        for name in ["a/1", "m/x", "m/deep/y", "z/2"] { try temporary.write("tree/\(name)", "x") }
        let stays = temporary / "tree/m/deep"
        try #require(try tool("mount", "-t", "tmpfs", "tmpfs", stays.string) == "")
        defer { _ = try? tool("umount", stays.string) }
        try temporary.write("tree/m/deep/precious", "somebody's")
        let failures = folder.removeTree("tree")
        #expect(failures.map(\.code) == [.mountPoint])
        #expect(failures.first?.path == stays.string)
        #expect(try tool("find", (temporary / "tree").string, "-type", "f") == (stays.appending("precious")).string)
    }

    @Test("A folder that its owner may not write to, and one of seven hundred levels, are removed")
    func removalOfOddTrees() throws {
        try temporary.write("tree/locked/file", "x")
        #expect(chmod((temporary / "tree/locked").string, 0o000) == 0)
        var deep = try folder.makeFolder("deep", permissions: 0o755)
        for _ in 0..<700 { deep = try deep.makeFolder("d", permissions: 0o755) }
        #expect(folder.removeTree("tree").isEmpty)
        #expect(folder.removeTree("deep").isEmpty)
        #expect(try folder.list().isEmpty)
    }

    @Test("A subfolder that becomes a symlink at any moment of a removal: nothing outside is removed")
    func exchangedForLink() throws {
        try temporary.write("outside/precious", "somebody's")
        var moment = 0
        var wasExchanged = true
        while wasExchanged {
            wasExchanged = false
            moment += 1
            for name in ["one/x", "one/y", "two/z"] { try temporary.write("tree/\(name)", "x") }
            let calls = Counter()
            let exchange = { @Sendable [temporary, moment] in
                guard calls.next() == moment else { return }
                for name in ["one", "two"] {
                    let place = temporary / "tree/\(name)"
                    _ = rename(place.string, place.string + "-aside")
                    _ = symlink((temporary / "outside").string, place.string)
                }
            }
            let watched = WatchedFolder(
                folder,
                FolderHooks(
                    look: { (_, _) throws(FileError) in exchange() },
                    change: { (_, _) throws(FileError) in exchange() }))
            _ = watched.removeTree("tree")
            wasExchanged = calls.count >= moment
            #expect(try tool("cat", (temporary / "outside/precious").string) == "somebody's", "at call \(moment)")
            _ = folder.removeTree("tree")
        }
        #expect(moment > 10)
    }
}

private final class Counter: Sendable {
    private let state = Mutex(0)

    var count: Int { state.withLock { $0 } }

    func next() -> Int {
        state.withLock {
            $0 += 1
            return $0
        }
    }
}
