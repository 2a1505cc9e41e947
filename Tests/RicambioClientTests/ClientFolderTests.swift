// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import RicambioClient

/// A client's folder with version 1.0 in place and 2.0 staged beside it.
private struct Stage {
    let temporary: TemporaryFolder
    let folder: ClientFolder
    static let new = InstalledClient(product: "om", version: "2.0", component: "client", platform: "linux-x86_64")
    static let old = InstalledClient(product: "om", version: "1.0", component: "client", platform: "linux-x86_64")

    init() throws {
        temporary = try TemporaryFolder()
        folder = ClientFolder(live: temporary / "OM Client", fileSystem: QuickFileSystem())
        try Self.fill(folder.live, version: "1.0")
        try folder.fileSystem.makeDirectories(folder.state)
        var state = ClientState()
        state.installed = Self.old
        try folder.write(state)
    }

    func stage() throws {
        try Self.fill(folder.staged, version: "2.0")
    }

    /// The same folder on another file system.
    func on(_ fileSystem: any FileSystem) -> ClientFolder {
        ClientFolder(live: folder.live, fileSystem: fileSystem)
    }

    static func fill(_ path: FilePath, version: String) throws {
        let fileSystem = QuickFileSystem()
        try fileSystem.makeDirectories(path.appending("lib"))
        for name in ["om-client", "lib/a", "lib/b"] {
            try fileSystem.replace(path.pushing(FilePath(name)), with: Array(version.utf8), permissions: 0o755)
        }
    }

    /// The version at a path: `nil` when nothing is there, `mixed` when it is not whole.
    func version(at path: FilePath) -> String? {
        let contents = Set(
            ["om-client", "lib/a", "lib/b"].map { try? String(contentsOfFile: "\(path)/\($0)", encoding: .utf8) })
        guard contents.count == 1, let first = contents.first else { return "mixed" }
        return first
    }

    var live: String? { version(at: folder.live) }
    var old: String? { version(at: folder.old) }
    var names: [String] { (try? folder.fileSystem.entries(of: folder.state)) ?? [] }

    /// Whether nothing of an update is left.
    var isTidy: Bool { old == nil && !names.contains("staged") && !names.contains("journal.json") }
}

@Suite("A client's folder is whole at every instant")
struct ClientFolderTests {
    @Test("The new version takes the old one's place, which stays until the new one has confirmed")
    func swapAndConfirm() throws {
        let stage = try Stage()
        try stage.stage()
        try stage.folder.swap(to: Stage.new)
        #expect((stage.live, stage.old) == ("2.0", "1.0"))
        #expect(try stage.folder.readState().installed == Stage.new)
        #expect(try stage.folder.recover() == .unconfirmed(version: "2.0"))
        #expect((stage.live, stage.old) == ("2.0", "1.0"))
        let journal = try #require(try stage.folder.readJournal())
        try stage.folder.confirm(journal)
        #expect(stage.live == "2.0")
        #expect(stage.isTidy)
        #expect(try stage.folder.recover() == .nothing)
    }

    @Test("Going back puts the old version in place and remembers which one failed")
    func revert() throws {
        let stage = try Stage()
        try stage.stage()
        try stage.folder.swap(to: Stage.new)
        try stage.folder.revert(try #require(try stage.folder.readJournal()))
        #expect(stage.live == "1.0")
        #expect(stage.isTidy)
        let state = try stage.folder.readState()
        #expect(state.installed == Stage.old)
        #expect(state.reverted == "2.0")
    }

    @Test("Killed at any change of a swap, a start finishes or undoes it", arguments: [true, false])
    func crashWhileSwapping(canExchange: Bool) async throws {
        try await everyCrash(canExchange: canExchange) { folder in
            try folder.swap(to: Stage.new)
        } check: { stage, recovery in
            switch recovery {
            case .unconfirmed: #expect((stage.live, stage.old) == ("2.0", "1.0"))
            case .undone, .nothing:
                #expect(stage.live == "1.0")
                #expect(stage.isTidy)
            case .reverted: Issue.record("nothing was to be reverted")
            }
            let isNew = stage.live == "2.0"
            let installed = try stage.folder.readState().installed
            #expect(installed == (isNew ? Stage.new : Stage.old))
        }
    }

    @Test("Killed at any change of a confirmation, the new version stays", arguments: [true, false])
    func crashWhileConfirming(canExchange: Bool) async throws {
        try await everyCrash(canExchange: canExchange) { folder in
            try folder.swap(to: Stage.new)
        } then: { folder in
            guard let journal = try folder.readJournal() else { return }
            try folder.confirm(journal)
        } check: { stage, recovery in
            #expect(stage.live == "2.0")
            if case .unconfirmed = recovery { #expect(stage.old == "1.0") } else { #expect(stage.isTidy) }
        }
    }

    @Test("Killed at any change on the way back, the old version comes back", arguments: [true, false])
    func crashWhileReverting(canExchange: Bool) async throws {
        try await everyCrash(canExchange: canExchange) { folder in
            try folder.swap(to: Stage.new)
        } then: { folder in
            guard let journal = try folder.readJournal() else { return }
            try folder.revert(journal)
        } check: { stage, recovery in
            switch recovery {
            case .unconfirmed: #expect((stage.live, stage.old) == ("2.0", "1.0"))
            case .reverted, .nothing:
                #expect(stage.live == "1.0")
                #expect(stage.isTidy)
                let reverted = try stage.folder.readState().reverted
                #expect(reverted == "2.0")
            case .undone: Issue.record("nothing was to be undone")
            }
        }
    }

    /// Runs `first` undisturbed (when there is a `then`), kills the rest at its n-th change for every n, and recovers.
    private func everyCrash(
        canExchange: Bool, _ first: (ClientFolder) throws -> Void, then second: ((ClientFolder) throws -> Void)? = nil,
        check: (Stage, ClientRecovery) throws -> Void
    ) async throws {
        var count = 0
        while true {
            count += 1
            // Other tests run on the same few threads.
            await Task.yield()
            let stage = try Stage()
            defer { stage.temporary.remove() }
            try stage.stage()
            if second != nil { try first(stage.folder) }
            let base = QuickFileSystem(canExchange: canExchange)
            let crashing = CrashingFileSystem(base, fault: .crash(at: count))
            do {
                if let second { try second(stage.on(crashing)) } else { try first(stage.on(crashing)) }
            } catch {
                #expect(crashing.hasCrashed, "change \(count): \(error)")
            }
            guard crashing.hasCrashed else { break }
            let what = crashing.changes.last ?? ""
            if canExchange { #expect(stage.live == "1.0" || stage.live == "2.0", "killed at \(what)") }
            let recovery = try stage.folder.recover()
            #expect(stage.live == "1.0" || stage.live == "2.0", "killed at \(what)")
            try check(stage, recovery)
            // A second start finds the same.
            let again = try stage.folder.recover()
            if case .unconfirmed = recovery { #expect(again == recovery) } else { #expect(again == .nothing) }
        }
        #expect(count > 4)
    }

    @Test("A crash during recovery itself is recovered from", arguments: [true, false])
    func crashWhileRecovering(canExchange: Bool) async throws {
        for first in 1...60 {
            var finished = false
            // Every other one, and the others for the next first: the two together still meet everywhere.
            for second in stride(from: 1 + first % 2, through: 60, by: 2) {
                await Task.yield()
                let stage = try Stage()
                defer { stage.temporary.remove() }
                try stage.stage()
                let base = QuickFileSystem(canExchange: canExchange)
                let crashing = CrashingFileSystem(base, fault: .crash(at: first))
                try? stage.on(crashing).swap(to: Stage.new)
                guard crashing.hasCrashed else { return }
                let recovering = CrashingFileSystem(base, fault: .crash(at: second))
                _ = try? stage.on(recovering).recover()
                if canExchange { #expect(stage.live == "1.0" || stage.live == "2.0") }
                _ = try stage.folder.recover()
                #expect(stage.live == "1.0" || stage.live == "2.0")
                if !recovering.hasCrashed {
                    finished = true
                    break
                }
            }
            #expect(finished)
        }
        Issue.record("the swap has more changes than this test tries")
    }

    @Test("A folder that somebody has put in place by hand is left alone")
    func replacedByHand() throws {
        let stage = try Stage()
        try stage.stage()
        try stage.folder.swap(to: Stage.new)
        // Made before the other goes, so that it cannot get the same inode.
        let unpacked = stage.temporary / "unpacked"
        try Stage.fill(unpacked, version: "3.0")
        try stage.folder.fileSystem.removeTree(stage.folder.live)
        try stage.folder.fileSystem.rename(unpacked, to: stage.folder.live)
        #expect(try stage.folder.recover() == .nothing)
        #expect(stage.live == "3.0")
        #expect(stage.isTidy)
    }

    @Test("A damaged journal changes nothing and says so")
    func damagedJournal() throws {
        let stage = try Stage()
        try stage.folder.fileSystem.replace(
            stage.folder.state.appending("journal.json"), with: Array("{".utf8), permissions: 0o644)
        let error = #expect(throws: ClientError.self) { try stage.folder.recover() }
        #expect(error?.code == .folder)
        #expect(stage.live == "1.0")
    }

    // MARK: Starting

    private func update(_ stage: Stage) -> ClientUpdate {
        ClientUpdate(folder: stage.folder.live)
    }

    @Test("A new version that starts and confirms stays")
    func goodStart() async throws {
        let stage = try Stage()
        try stage.stage()
        try stage.folder.swap(to: Stage.new)
        let start = update(stage)
        #expect(try await start.recover() == .unconfirmed(version: "2.0"))
        #expect(try await start.revertIfUnconfirmed() == false)
        try await start.confirmStarted()
        #expect(stage.live == "2.0")
        #expect(stage.isTidy)
        #expect(try await update(stage).revertIfUnconfirmed() == false)
        #expect(stage.live == "2.0")
    }

    @Test("A new version that started once and did not confirm is taken out at the next start")
    func badStart() async throws {
        let stage = try Stage()
        try stage.stage()
        try stage.folder.swap(to: Stage.new)
        // The process that makes the first start, and dies.
        #expect(try await update(stage).revertIfUnconfirmed() == false)
        #expect(stage.live == "2.0")
        let next = update(stage)
        #expect(try await next.recover() == .unconfirmed(version: "2.0"))
        #expect(try await next.revertIfUnconfirmed())
        #expect(stage.live == "1.0")
        #expect(stage.isTidy)
    }

    @Test("A second start while the first is still going on is not taken for a failure")
    func twoStarts() async throws {
        let stage = try Stage()
        try stage.stage()
        try stage.folder.swap(to: Stage.new)
        let (first, second) = (update(stage), update(stage))
        #expect(try await first.revertIfUnconfirmed() == false)
        #expect(try await second.revertIfUnconfirmed() == false)
        // Nor can it, or the old version that is still running, confirm what it has not started.
        try await second.confirmStarted()
        #expect((stage.live, stage.old) == ("2.0", "1.0"))
        try await first.confirmStarted()
        #expect(stage.isTidy)
    }

    @Test("A client that was never updated has nothing to recover and gets no folder beside it")
    func untouched() async throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let live = temporary / "OM Client"
        try Stage.fill(live, version: "1.0")
        let update = ClientUpdate(folder: live)
        #expect(try await update.recover() == .nothing)
        #expect(try await update.revertIfUnconfirmed() == false)
        try await update.confirmStarted()
        #expect(try await update.installedVersion() == nil)
        #expect(try QuickFileSystem().entries(of: temporary.path) == ["OM Client"])
    }
}

@Suite("A person's own files come over")
struct KeptFilesTests {
    @Test(
        "Patterns mean what they say",
        arguments: [
            ("preferences/**", "preferences/a/b.yaml", true), ("preferences/**", "preferences", true),
            ("preferences/**", "preferences2/a", false), ("preferences/**", "x/preferences/a", false),
            ("**/local.yaml", "local.yaml", true), ("**/local.yaml", "a/b/local.yaml", true),
            ("*.license", "a.license", true), ("*.license", "a/b.license", false), ("*.license", "license", false),
            ("a/*/c", "a/b/c", true), ("a/*/c", "a/b/b/c", false), ("a/?.txt", "a/x.txt", true),
            ("a/?.txt", "a/xy.txt", false), ("a*b*c", "aXbXbXc", true), ("a*b*c", "aXbXbX", false),
            ("**", "anything/at/all", true), ("", "a", false), ("a/**/z", "a/z", true), ("a/**/z", "a/b/c/z", true),
            ("größe/*", "größe/x", true), ("a", "A", false),
        ])
    func patterns(pattern: String, path: String, matches: Bool) {
        #expect(KeepPattern(pattern).matches(path) == matches)
    }

    @Test("A pattern made to be slow is not")
    func slowPattern() {
        let pattern = KeepPattern(String(repeating: "a*", count: 100) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 250)))
    }

    @Test("The person's file wins, the release's is put beside it, and links are never written through")
    func carryOver() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let fileSystem = QuickFileSystem()
        let (live, staged, outside) = (temporary / "live", temporary / "staged", temporary / "outside")
        for folder in [live, staged, outside] { try fileSystem.makeDirectories(folder) }
        let write = { (folder: FilePath, path: String, text: String) in
            let file = folder.pushing(FilePath(path))
            try fileSystem.makeDirectories(file.removingLastComponent())
            try fileSystem.replace(file, with: Array(text.utf8), permissions: 0o640)
        }
        try write(live, "preferences/mine.yaml", "mine")
        try write(live, "preferences/same.yaml", "same")
        try write(live, "preferences/both.yaml", "mine")
        try write(live, "preferences/both.yaml.new", "of an earlier release")
        try write(live, "linked/secret", "mine")
        try write(live, "other", "dropped")
        try fileSystem.makeLink(at: live.appending("preferences").appending("link"), to: "mine.yaml")
        try write(staged, "preferences/same.yaml", "same")
        try write(staged, "preferences/both.yaml", "theirs")
        try fileSystem.makeLink(at: staged.appending("linked"), to: outside.string)
        let kept = KeptFiles(
            patterns: ["preferences/**", "linked/**"], live: live, staged: staged, fileSystem: fileSystem)
        #expect(
            try kept.carryOver() == [
                "linked/secret", "preferences/both.yaml", "preferences/link", "preferences/mine.yaml",
                "preferences/same.yaml",
            ])
        let read = { (path: String) in try? String(contentsOfFile: "\(staged)/\(path)", encoding: .utf8) }
        #expect(read("preferences/mine.yaml") == "mine")
        #expect(read("preferences/link") == "mine")
        #expect(read("preferences/both.yaml") == "mine")
        #expect(read("preferences/both.yaml.new") == "theirs")
        #expect(read("preferences/same.yaml") == "same")
        #expect(read("preferences/same.yaml.new") == nil)
        #expect(read("linked/secret") == "mine")
        #expect(read("other") == nil)
        #expect(try fileSystem.entries(of: outside).isEmpty)
        #expect(try String(contentsOfFile: "\(live)/preferences/both.yaml", encoding: .utf8) == "mine")
    }
}
