// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

@testable import RicambioClient

@Suite("A client's folder is whole at every instant")
struct ClientFolderTests {
    @Test("The new version takes the old one's place, which stays until the new one has confirmed")
    func swapAndConfirm() throws {
        let stage = try Stage()
        try stage.stage()
        try stage.swap()
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
        try stage.swap()
        try stage.folder.revert(try #require(try stage.folder.readJournal()))
        #expect(stage.live == "1.0")
        #expect(stage.isTidy)
        let state = try stage.folder.readState()
        #expect(state.installed == Stage.old)
        #expect(state.reverted == "2.0")
    }

    @Test("Killed at any change of a swap, a start finishes or undoes it", arguments: [true, false])
    func crashWhileSwapping(canExchange: Bool) async throws {
        try await everyCrash(canExchange: canExchange) { folder, records in
            try folder.swap(to: Stage.new, records)
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
        try await everyCrash(canExchange: canExchange) { folder, records in
            try folder.swap(to: Stage.new, records)
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
        try await everyCrash(canExchange: canExchange) { folder, records in
            try folder.swap(to: Stage.new, records)
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
        canExchange: Bool, _ first: (ClientFolder, SwapRecord) throws -> Void,
        then second: ((ClientFolder) throws -> Void)? = nil,
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
            let records = try stage.records()
            if second != nil { try first(stage.folder, records) }
            let base = QuickFileSystem(canExchange: canExchange)
            let crashing = CrashingFileSystem(base, fault: .crash(at: count))
            do {
                if let second { try second(stage.on(crashing)) } else { try first(stage.on(crashing), records) }
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
                try? stage.on(crashing).swap(to: Stage.new, try stage.records())
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
        try stage.swap()
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
        try stage.swap()
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
        try stage.swap()
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
        try stage.swap()
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
