// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Replacement

@Suite("Building the new folder")
struct BuildTests {
    private let release = TestRelease([
        "bin/server": .file("new program", 0o755), "lib/a": .file("new a"), "lib/b": .file("b"),
        "new/x": .file("x"), "new/tool": .file("tool", 0o755), "current": .link("lib"),
    ])
    private let scene: Scene

    init() throws {
        scene = try Scene()
        try TestRelease([
            "bin/server": .file("old program", 0o755), "lib/a": .file("old a"), "current": .link("lib"),
        ]).stage(scene.place.live)
    }

    @discardableResult
    private func build(_ release: TestRelease? = nil) throws -> StagedRecord {
        let release = release ?? self.release
        return try FolderBuild(fileSystem: scene.files).build(
            scene.place.staged, entries: release.entries, like: try scene.live(), check: {}, stage: release.stage
        ).record
    }

    private func staged(_ path: String) throws -> FileMetadata { try scene.metadata(".ricambio/app/staged/\(path)") }

    @Test(
        "An untouched installation comes out with exactly the release's modes, whatever the product's own folder passes on"
    )
    func untouched() throws {
        let list = accessList(user: 7, group: 7, mask: 7, other: 0, named: [4711: 7])
        try scene.set(".ricambio/app") { $0.attributes[FileMetadata.defaultAccessListName] = list }
        try build()
        for entry in release.entries {
            let found = try staged(entry.path.string)
            #expect(found.attributes.isEmpty, "\(entry.path)")
            switch entry.kind {
            case .file(_, _, let permissions), .directory(let permissions): #expect(found.permissions == permissions)
            case .symlink: #expect(found.kind == .symlink)
            }
        }
        #expect(try scene.metadata(".ricambio/app/staged").permissions == 0o755)
        #expect(try scene.metadata(".ricambio/app/staged").attributes.isEmpty)
    }

    @Test(
        "A file takes owner, group and access list of the one it replaces, a new one those of the folder it comes into",
        .enabled(if: geteuid() == 0))
    func owners() throws {
        let list = accessList(user: 6, group: 4, mask: 6, other: 0, named: [4711: 6])
        try scene.set("App") { ($0.owner, $0.group, $0.permissions) = (100, 200, 0o750) }
        try scene.set("App/lib") { ($0.owner, $0.group, $0.permissions) = (101, 201, 0o2770) }
        try scene.set("App/lib/a") {
            ($0.owner, $0.group, $0.permissions) = (102, 202, 0o660)
            $0.attributes = [
                FileMetadata.accessListName: list, "user.note": [1],
                "security.selinux": Array("system_u:object_r:lib_t:s0\0".utf8),
            ]
        }
        try scene.set("App/current") { ($0.owner, $0.group) = (103, 203) }
        try build()
        let top = try scene.metadata(".ricambio/app/staged")
        #expect([top.owner, top.group] == [100, 200] && top.permissions == 0o750)
        let a = try staged("lib/a")
        #expect([a.owner, a.group] == [102, 202])
        #expect(a.attributes[FileMetadata.accessListName] == list)
        #expect(a.attributes["security.selinux"] == Array("system_u:object_r:lib_t:s0\0".utf8))
        #expect(a.attributes["user.note"] == nil)
        let lib = try staged("lib")
        #expect([lib.owner, lib.group] == [101, 201] && lib.permissions == 0o2770)
        #expect(try staged("lib/b").owner == 101 && staged("lib/b").group == 201)
        #expect(try staged("new").owner == 100 && staged("new/x").group == 200)
        #expect(try staged("current").owner == 103 && staged("current").group == 203)
    }

    @Test("Something new gets from a default access list what the system itself would give it")
    func inherits() throws {
        let list = accessList(user: 7, group: 5, mask: 7, other: 0, named: [4711: 7])
        try scene.set("App") { $0.attributes[FileMetadata.defaultAccessListName] = list }
        let made = scene.folder / "App/asTheSystemDoes"
        #expect(mkdir(made.string, 0o755) == 0)
        for (name, permissions) in [("x", 0o644), ("tool", 0o755)] as [(String, mode_t)] {
            close(open(made.appending(name).string, O_CREAT | O_WRONLY, permissions))
        }
        try build()
        for path in ["", "/x", "/tool"] {
            let (made, expected) = (try staged("new" + path), try scene.metadata("App/asTheSystemDoes" + path))
            #expect(made.attributes == expected.attributes, "\(path)")
            #expect(made.permissions == expected.permissions, "\(path)")
            #expect(!made.attributes.isEmpty)
        }
    }

    @Test("Nobody may do more with a replaced file than before, but for execution where the release has it")
    func narrowed() throws {
        try scene.set("App/lib/a") { $0.permissions = 0o4640 }
        try scene.set("App/bin/server") { $0.permissions = 0o6640 }
        try scene.set("App/bin") { $0.permissions = 0o1710 }
        try build()
        #expect(try staged("lib/a").permissions == 0o640)
        // The group may read it, so it may execute what is a program now; the others get nothing.
        #expect(try staged("bin/server").permissions == 0o750)
        #expect(try staged("bin").permissions == 0o1710)
    }

    @Test("What one class gets is never wider than what it had", arguments: 0...7 as ClosedRange<UInt16>)
    func classes(had: UInt16) {
        for new in 0...7 as ClosedRange<UInt16> {
            let gets = FileMetadata.narrowed(new, to: had)
            #expect(gets & ~had & 6 == 0 && gets & ~new == 0)
            #expect(had != 0 || gets == 0)
            #expect(gets & 1 == 0 || had & 5 != 0)
            #expect(had != new || gets == new)
        }
    }

    @Test("Named users keep what the customer gave them, and the owning group no more than it had")
    func namedUsers() throws {
        let list = accessList(user: 6, group: 0, mask: 6, other: 0, named: [4711: 6, 4712: 0])
        try scene.set("App/bin/server") {
            $0.permissions = 0o660
            $0.attributes[FileMetadata.accessListName] = list
        }
        try build()
        let made = try staged("bin/server")
        #expect(
            made.attributes[FileMetadata.accessListName]
                == accessList(user: 7, group: 0, mask: 7, other: 0, named: [4711: 7, 4712: 0]))
        #expect(made.permissions == 0o770)
    }

    @Test("Capabilities of the old program are not given to the new one", .enabled(if: geteuid() == 0))
    func capabilities() throws {
        // Version 2, cap_net_bind_service.
        let bytes: [UInt8] = [1, 0, 0, 2, 0, 4] + Array(repeating: 0, count: 14)
        try scene.set("App/bin/server") { $0.attributes["security.capability"] = bytes }
        try build()
        #expect(try staged("bin/server").attributes.isEmpty)
    }

    @Test(
        "A folder that nobody may write to is filled first; an ordinary user's agent leaves out what it cannot give",
        .enabled(if: geteuid() == 0))
    func ordinaryUser() throws {
        for path in ["App", "App/bin", "App/lib", ".ricambio/app"] {
            try scene.set(path) { ($0.owner, $0.group) = (4711, 4711) }
        }
        try scene.set("App/lib") { $0.permissions = 0o555 }
        try scene.set("App/lib/a") { ($0.group, $0.permissions) = (4712, 0o640) }
        try scene.set("App/bin") { ($0.owner, $0.permissions) = (4712, 0o700) }
        try asUser(4711) { _ = try build() }
        #expect(try staged("lib").permissions == 0o555)
        #expect(try staged("lib/b").owner == 4711)
        // It belongs to another group than before: that group gets nothing.
        #expect(try staged("lib/a").owner == 4711 && staged("lib/a").permissions == 0o600)
        // What it could not look into is shut in the new folder too.
        #expect(try staged("bin").permissions == 0o700)
    }

    @Test("Nobody else can come into the folder before its content is recorded")
    func closed() throws {
        _ = try FolderBuild(fileSystem: scene.files).build(
            scene.place.staged, entries: release.entries, like: try scene.live(),
            check: { () throws(ReplacementError) in
                let found = try? scene.files.attributes(of: scene.place.staged)
                #expect(found?.permissions == 0o700)
            }, stage: release.stage)
        #expect(try scene.attributes(".ricambio/app/staged")?.permissions == 0o755)
    }

    @Test("Something in the way of the new folder is left as it is")
    func inTheWay() throws {
        try scene.folder.write(".ricambio/app/staged/somebodys", "")
        #expect(throws: ReplacementError.self) { try build() }
        #expect(try scene.files.entries(of: scene.place.staged) == ["somebodys"])
    }

    @Test("What was staged beside the release's own is found at once")
    func surplus() throws {
        let error = #expect(throws: ReplacementError.self) {
            try FolderBuild(fileSystem: scene.files).build(
                scene.place.staged, entries: release.entries, like: try scene.live(), check: {}
            ) { path in
                try release.stage(path)
                try scene.folder.write(".ricambio/app/staged/lib/stranger", "")
            }
        }
        #expect(error?.code == .tampered && error?.path == "lib/stranger")
    }
}

/// One call after the other fails, or meets a folder that has become a symlink.
@Suite("Dressing the new folder")
struct BuildAttackTests {
    private let release = TestRelease([
        "bin/server": .file("program", 0o755), "lib/a": .file("a"), "link": .link("lib"),
    ])
    private let scene: Scene

    init() throws {
        scene = try Scene()
        try release.stage(scene.place.live)
        try release.stage(scene.place.staged)
        try scene.folder.write("victim/server", "outside", permissions: 0o600)
        try scene.folder.write("victim/a", "outside", permissions: 0o600)
    }

    /// `before` gets the number of each call, live ones and staged ones.
    private func dress(_ before: @escaping @Sendable (Int) throws(FileError) -> Void) throws {
        let calls = CallCounter()
        let hooks = FolderHooks(
            look: { (_, _) throws(FileError) in try before(calls.next()) },
            change: { (_, _) throws(FileError) in try before(calls.next()) })
        _ = try FolderBuild(fileSystem: scene.files).dress(
            WatchedFolder(try scene.files.folder(scene.place.staged), hooks), entries: release.entries,
            like: WatchedFolder(try scene.live(), hooks), check: {})
    }

    private func count() throws -> Int {
        let calls = CallCounter()
        try dress { (_) throws(FileError) in _ = calls.next() }
        return calls.next()
    }

    @Test("Each call that fails is an error, never a folder that counts as built")
    func failures() throws {
        for failing in try 0..<count() {
            #expect(throws: ReplacementError.self, "call \(failing)") {
                try dress { (call) throws(FileError) in
                    if call == failing { throw FileError(.other(5), operation: "test", path: "x") }
                }
            }
        }
    }

    @Test("A folder exchanged for a symlink at any moment changes nothing outside", .enabled(if: geteuid() == 0))
    func exchanged() throws {
        let (files, victim) = (scene.files, scene.folder / "victim")
        let before = try ["", "/server", "/a"].map { try scene.metadata("victim" + $0) }
        // So that what is set differs from what the victim has.
        for path in ["bin", "bin/server", "lib", "lib/a"] { try scene.set("App/\(path)") { $0.owner = 4711 } }
        let calls = try count()
        for target in ["App/lib", ".ricambio/app/staged/lib"] {
            let (path, aside) = (scene.folder / target, scene.folder / (target + ".aside"))
            for step in 0..<calls {
                try? dress { (call) throws(FileError) in
                    guard call == step else { return }
                    try files.rename(path, to: aside)
                    try files.makeLink(at: path, to: victim.string)
                }
                try files.remove(path)
                try files.rename(aside, to: path)
                #expect(
                    try ["", "/server", "/a"].map { try scene.metadata("victim" + $0) } == before, "\(target) \(step)")
            }
        }
    }
}

/// Numbers calls from 0.
final class CallCounter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            defer { count += 1 }
            return count
        }
    }
}
