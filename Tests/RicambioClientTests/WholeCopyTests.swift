// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import RicambioClient

@Suite("What is a person's comes over as it is")
struct WholeCopyTests {
    private let fileSystem = QuickFileSystem()

    private func metadata(_ path: FilePath) throws -> FileMetadata {
        let name = try #require(path.lastComponent)
        return try fileSystem.folder(path.removingLastComponent()).metadata(of: name)
    }

    private func change(_ path: FilePath, _ change: (inout FileMetadata) -> Void) throws {
        let name = try #require(path.lastComponent)
        let folder = try fileSystem.folder(path.removingLastComponent())
        var metadata = try folder.metadata(of: name)
        change(&metadata)
        #expect(try folder.set(metadata, of: name).isEmpty)
    }

    private func update(_ workstation: Workstation) async throws {
        #expect(await workstation.install() == nil)
        #expect(workstation.read("VERSION") == "2.0")
    }

    @Test("Owners, modes and times of kept folders and files, and the folder's own", .enabled(if: geteuid() == 0))
    func owners() async throws {
        let workstation = try Workstation()
        try fileSystem.makeDirectories(workstation.live.pushing("preferences/private"))
        try workstation.write("preferences/private/key", "secret")
        try change(workstation.live.pushing("preferences/private/key")) {
            ($0.owner, $0.group, $0.permissions, $0.modified) = (1201, 1301, 0o600, 1_000_000_000_000_000_001)
        }
        try change(workstation.live.pushing("preferences/private")) {
            ($0.owner, $0.group, $0.permissions, $0.modified) = (1200, 1300, 0o2750, 1_100_000_000_000_000_002)
        }
        try change(workstation.live) { ($0.owner, $0.group, $0.permissions) = (1202, 1302, 0o750) }
        try change(workstation.live.appending("VERSION")) { ($0.owner, $0.group, $0.permissions) = (1203, 1303, 0o640) }
        try await update(workstation)
        let folder = try metadata(workstation.live.pushing("preferences/private"))
        #expect([folder.owner, folder.group] == [1200, 1300] && folder.permissions == 0o2750)
        #expect(folder.modified == 1_100_000_000_000_000_002)
        let key = try metadata(workstation.live.pushing("preferences/private/key"))
        #expect([key.owner, key.group] == [1201, 1301] && key.permissions == 0o600)
        #expect(key.modified == 1_000_000_000_000_000_001)
        let live = try metadata(workstation.live)
        #expect([live.owner, live.group] == [1202, 1302] && live.permissions == 0o750)
        // The vendor's file is whose the one before was, and no more people may read it.
        let version = try metadata(workstation.live.appending("VERSION"))
        #expect([version.owner, version.group] == [1203, 1303] && version.permissions == 0o640)
    }

    @Test("A name that is no UTF-8, of a kept file, a kept folder and a link's end; and the old folder goes with them")
    func names() async throws {
        let workstation = try Workstation()
        let name = try #require(FilePath.Component(bytes: Array("citt".utf8) + [0xe0]))
        let preferences = try fileSystem.folder(workstation.live.appending("preferences"))
        let inner = try preferences.makeFolder(name, permissions: 0o755)
        try inner.create(name, permissions: 0o644).write(Array("mine".utf8)[...])
        try inner.makeLink("link", to: FilePath("").appending(name))
        try await update(workstation)
        let folder = workstation.live.appending("preferences").appending(name)
        #expect(try fileSystem.read(folder.appending(name), limit: 10) == Array("mine".utf8))
        #expect(try fileSystem.folder(folder).destination(ofLink: "link") == FilePath("").appending(name))
        let start = workstation.update()
        #expect(try await start.revertIfUnconfirmed() == false)
        try await start.confirmStarted()
        #expect(try !fileSystem.exists(workstation.vendor.temporary / "OM Client_old"))
        #expect(try fileSystem.read(folder.appending(name), limit: 10) == Array("mine".utf8))
    }

    @Test("Two names of one file stay two names of one file")
    func hardLink() async throws {
        let workstation = try Workstation()
        try workstation.write("preferences/a", "mine")
        let (a, b) = (workstation.live.pushing("preferences/a"), workstation.live.pushing("preferences/b"))
        try fileSystem.hardLink(a, as: b)
        try await update(workstation)
        let (first, second) = (try #require(try fileSystem.attributes(of: a)), try fileSystem.attributes(of: b))
        #expect(first.inode == second?.inode && first.links == 2)
        #expect(workstation.read("preferences/b") == "mine")
        // A copy, not the old version's file.
        let old = workstation.vendor.temporary.path.pushing("OM Client_old/preferences/a")
        #expect(try fileSystem.attributes(of: old)?.inode != first.inode)
    }

    @Test("An access list on a key lets in whom it let in before, and its mask is nobody's right")
    func accessList() async throws {
        let workstation = try Workstation()
        try workstation.write("preferences/key", "secret")
        let key = workstation.live.pushing("preferences/key")
        // Owner rw, user 4711 r, group nothing, mask r, others nothing: acl(5).
        let nobody: [UInt8] = [255, 255, 255, 255]
        let list: [UInt8] =
            [2, 0, 0, 0] + [1, 0, 6, 0] + nobody + [2, 0, 4, 0, 0x67, 0x12, 0, 0] + [4, 0, 0, 0] + nobody
            + [16, 0, 4, 0] + nobody + [32, 0, 0, 0] + nobody
        try change(key) {
            $0.permissions = 0o640
            $0.attributes[FileMetadata.accessListName] = list
        }
        try await update(workstation)
        let found = try metadata(key)
        #expect(found.attributes[FileMetadata.accessListName] == list)
        #expect(found.permissions == 0o640)
    }

    @Test("A file that changes while the others are copied comes over as it is at the end")
    func changedMeanwhile() async throws {
        let workstation = try Workstation()
        let update = workstation.update()
        let available = try #require(
            try await update.check(offer: workstation.offer(), installed: "1.0", mirror: workstation.fetcher))
        try await update.install(available) {
            if $0 == .swapping { try? workstation.write("preferences/client.yaml", "mine, later") }
        }
        #expect(workstation.read("preferences/client.yaml") == "mine, later")
    }
}
