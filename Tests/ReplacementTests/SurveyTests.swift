// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Replacement

@Suite("A survey of the live folder")
struct SurveyTests {
    private let installed = TestRelease([
        "bin/server": .file("program", 0o755), "server.conf": .file("default"), "lib/a": .file("a"),
        "preferences/default": .file("default"),
    ])
    private let rules = KeepRules([
        KeepRule("preferences/**"), KeepRule("backups/**", immutable: true), KeepRule("server.conf"),
        KeepRule("logs/*.log"),
    ])
    private let scene: Scene

    init() throws {
        scene = try Scene()
        try installed.stage(scene.place.live)
    }

    private func survey(
        changed: Set<FilePath> = [], account: Account = .current, knowsInstalled: Bool = true,
        hooks: FolderHooks = FolderHooks()
    ) throws -> Survey {
        try Survey(
            of: WatchedFolder(try scene.live(), hooks), installed: knowsInstalled ? installed.entries : nil,
            release: installed.entries, changed: changed, rules: rules, account: account, check: {})
    }

    private func expectNothing(in survey: Survey, but kept: Int) {
        #expect(survey.keptCount == kept)
        #expect(survey.foreign == Survey.Foreign())
        #expect(survey.notCarried.isEmpty && survey.obstacles.isEmpty)
    }

    @Test("An untouched installation has kept files and nothing else to say")
    func untouched() throws {
        expectNothing(in: try survey(), but: 2)
    }

    @Test("What is neither the vendor's nor kept, and what the customer changed, is named; names are bytes")
    func foreign() throws {
        let odd = try #require(FilePath.Component(bytes: Array("plugin".utf8) + [0xff]))
        try scene.folder.write("App/plugins/a/one", "123")
        _ = try scene.live().folder("plugins").create(odd, permissions: 0o600)
        try scene.folder.write("App/lib/a", "edited")
        try scene.folder.write("App/logs/a.log", "kept")
        try scene.folder.write("App/logs/a.txt", "not kept")
        try scene.files.makeDirectory(scene.folder / "App/empty", permissions: 0o755)
        try scene.files.makeLink(at: scene.folder / "App/elsewhere", to: "/etc")
        let foreign = try #require(try survey(changed: ["lib/a"]).foreign)
        #expect(
            foreign.paths == [
                "elsewhere", "empty", "lib/a", "logs/a.txt", "plugins/a/one", FilePath("plugins").appending(odd),
            ])
        #expect(foreign.count == 6)
        #expect(foreign.bytes >= 3 * 4096)
    }

    @Test("At most a thousand are named, all are counted")
    func bounded() throws {
        let folder = try scene.live().makeFolder("plugins", permissions: 0o755)
        for number in 0..<1100 {
            _ = try folder.create(try #require(FilePath.Component("\(number)")), permissions: 0o600)
        }
        let foreign = try #require(try survey().foreign)
        #expect(foreign.count == 1100 && foreign.paths.count == Survey.named)
        #expect(foreign.paths.first == "plugins/0")
    }

    @Test("Where nobody knows what the vendor installed, nothing is called foreign")
    func unknown() throws {
        try scene.folder.write("App/plugins/a", "")
        #expect(try survey(knowsInstalled: false).foreign == nil)
        #expect(try survey(knowsInstalled: false).keptCount == 2)
    }

    @Test("The vendor's own files that an earlier update put beside kept ones are not the customer's")
    func leftBeside() throws {
        try scene.folder.write("App/server.conf.new", "the release's")
        try scene.folder.write("App/other.new", "the customer's")
        #expect(try survey().foreign?.paths == ["other.new"])
    }

    @Test(
        "What a copy takes is counted as it lies on the disk: links once, holes and immutable rules' files not at all")
    func space() throws {
        let before = try survey().keptSpace
        let sparse = try #require(
            FileHandle(forWritingAtPath: try scene.folder.write("App/preferences/sparse", "").string))
        try sparse.truncate(atOffset: 1 << 30)
        try scene.folder.write("App/preferences/one", [UInt8](repeating: 1, count: 8192))
        try scene.files.hardLink(scene.folder / "App/preferences/one", as: scene.folder / "App/preferences/two")
        try scene.folder.write("App/backups/huge", [UInt8](repeating: 1, count: 1 << 20))
        let found = try survey()
        #expect(found.keptCount == 6)
        // The sparse file, the one with two names, and the folder of backups.
        #expect(found.keptSpace.files == before.files + 3)
        #expect(found.keptSpace.bytes == before.bytes + 8192)
    }

    @Test("Pipes among kept files are named and not waited for")
    func special() throws {
        #expect(mkfifo((scene.folder / "App/preferences/pipe").string, 0o600) == 0)
        let found = try survey()
        #expect(found.notCarried == [NotCarried(path: "preferences/pipe", what: .special)])
        #expect(found.keptCount == 2)
    }

    @Test("Marks and capabilities that a copy will not have are named", .enabled(if: geteuid() == 0))
    func marks() throws {
        let bytes: [UInt8] = [1, 0, 0, 2, 0, 4] + Array(repeating: 0, count: 14)
        try scene.set("App/bin/server") { $0.attributes["security.capability"] = bytes }
        try immutable(scene.folder / "App/preferences/default") {
            let found = try survey()
            #expect(
                found.notCarried == [
                    NotCarried(path: "bin/server", what: .part(.attribute("security.capability"))),
                    NotCarried(path: "preferences/default", what: .immutableMark),
                ])
        }
    }

    @Test(
        "What an ordinary user's agent cannot give away is named, the vendor's files included",
        .enabled(if: geteuid() == 0))
    func owners() throws {
        for path in ["App", "App/bin", "App/lib", "App/lib/a", "App/preferences", "App/bin/server", "App/server.conf"] {
            try scene.set(path) { ($0.owner, $0.group) = (4711, 4711) }
        }
        try scene.set("App/lib/a") { $0.owner = 4712 }
        try scene.set("App/preferences/default") { ($0.owner, $0.group) = (4711, 4713) }
        let found = try survey(account: Account(user: 4711, groups: [4711]))
        #expect(
            found.notCarried == [
                NotCarried(path: "lib/a", what: .part(.owner)),
                NotCarried(path: "preferences/default", what: .part(.group)),
            ])
        #expect(try survey(account: Account(user: 0, groups: [0])).notCarried.isEmpty)
    }

    @Test(
        "Kept files and folders that cannot be read stand against the order, each of them",
        .enabled(if: geteuid() == 0))
    func unreadable() throws {
        try scene.folder.write("App/preferences/key", "", permissions: 0o600)
        try scene.folder.write("App/preferences/secret/x", "")
        try scene.set("App/preferences/secret") { $0.permissions = 0o700 }
        try scene.folder.write("App/foreign/x", "")
        try scene.set("App/foreign") { $0.permissions = 0o700 }
        let found = try asUser(4711) { try survey(account: Account(user: 4711, groups: [4711])) }
        #expect(
            found.obstacles.map(\.path) == ["key", "secret"].map { scene.place.live.appending("preferences/\($0)") })
        for obstacle in found.obstacles {
            guard case .file(let error) = obstacle.code else { Issue.record("\(obstacle)"); continue }
            #expect(error.code == .permissionDenied)
        }
        #expect(found.foreign?.paths == ["foreign"])
    }

    @Test(
        "What is mounted inside stands against it: a bind mount of a folder, of a file, another file system",
        .enabled(if: geteuid() == 0))
    func mounts() throws {
        let bind = UInt(MS_BIND)
        for path in ["App/mine", "App/preferences/disk"] {
            try scene.files.makeDirectory(scene.folder / path, permissions: 0o755)
        }
        let other = try scene.folder.write("other/file", "")
        try mounted(other.removingLastComponent().string, at: scene.folder / "App/mine", flags: bind) {
            try mounted("none", at: scene.folder / "App/preferences/disk", kind: "tmpfs") {
                try mounted(other.string, at: scene.folder / "App/lib/a", flags: bind) {
                    let found = try survey()
                    #expect(found.obstacles.map(\.path) == ["lib/a", "mine", "preferences/disk"])
                    #expect(found.obstacles.allSatisfy { $0.code == .notSameFileSystem })
                }
            }
        }
    }

    @Test("Folders deeper than any walk goes stand against it, once")
    func tooDeep() throws {
        var folder = try scene.live()
        for _ in 0...maximumFolderDepth { folder = try folder.makeFolder("d", permissions: 0o755) }
        let found = try survey()
        #expect(found.obstacles.map(\.code) == [.tooDeep])
    }

    @Test("A link on the way to kept files is kept itself, and is not foreign")
    func link() throws {
        try scene.files.makeLink(at: scene.folder / "App/logs", to: "/var/log")
        expectNothing(in: try survey(), but: 3)
    }

    @Test("Links that hide files of the release, or lead nowhere, stand against it, both of them")
    func wrongLinks() throws {
        try scene.files.makeLink(at: scene.folder / "App/logs", to: "nowhere")
        try scene.files.removeTree(scene.folder / "App/lib")
        try scene.files.makeLink(at: scene.folder / "App/lib", to: "bin")
        let found = try Survey(
            of: try scene.live(), installed: installed.entries, release: installed.entries, changed: [],
            rules: KeepRules([KeepRule("logs/*.log"), KeepRule("lib/mine/**")]), check: {})
        #expect(found.obstacles.map(\.code) == [.linkHidesRelease, .linkLeadsNowhere])
    }

    @Test("A folder exchanged for a symlink at any moment is not looked into")
    func exchanged() throws {
        try scene.folder.write("outside/never", "")
        try scene.folder.write("App/plugins/x", "")
        let (files, other) = (scene.files, scene.folder / "outside")
        for name in ["preferences", "plugins", "lib"] {
            let (path, aside) = (scene.folder / "App/\(name)", scene.folder / "aside")
            let hooks = FolderHooks(look: { (operation, looked) throws(FileError) in
                guard operation == "folder", looked.lastComponent?.string == name else { return }
                try files.rename(path, to: aside)
                try files.makeLink(at: path, to: other.string)
            })
            let found = try survey(hooks: hooks)
            #expect(found.foreign?.paths.contains { $0.lastComponent == "never" } == false)
            #expect(found.obstacles.isEmpty)
            try files.remove(path)
            try files.rename(aside, to: path)
        }
    }

    @Test("Each look that fails is among the obstacles, and the rest is looked at all the same")
    func failures() throws {
        let calls = CallCounter()
        _ = try survey(hooks: FolderHooks(look: { (_, _) throws(FileError) in _ = calls.next() }))
        for failing in 0..<calls.next() {
            let calls = CallCounter()
            let found = try survey(
                hooks: FolderHooks(look: { (operation, path) throws(FileError) in
                    if calls.next() == failing { throw FileError(.other(5), operation: operation, path: path) }
                }))
            #expect(found.obstacles.count == 1, "call \(failing)")
        }
    }

    @Test("Work that is no longer wanted ends")
    func cancelled() throws {
        let error = #expect(throws: ReplacementError.self) {
            _ = try Survey(
                of: try scene.live(), installed: nil, release: [], changed: [], rules: rules,
                check: { () throws(ReplacementError) in throw ReplacementError(.cancelled, path: "") })
        }
        #expect(error?.code == .cancelled)
    }

    @Test("Only root gives files away; others may give their own to their groups")
    func account() {
        let account = Account(user: 5, groups: [6])
        #expect(account.cannotGive(owner: 5, group: 6) == [])
        #expect(account.cannotGive(owner: 7, group: 8) == [.owner, .group])
        #expect(Account(user: 0, groups: []).cannotGive(owner: 7, group: 8) == [])
        #expect(Account.current.user == geteuid() && Account.current.groups.contains(getegid()))
    }
}
