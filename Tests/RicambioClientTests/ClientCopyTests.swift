// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

@testable import RicambioClient

@Suite("A client that was copied, restored or begun by an earlier version goes on where it was")
struct ClientCopyTests {
    /// The client with its two versions and all that belongs to them, in another folder, as `cp -a` makes it. The
    /// original stays, so that no inode can be the same.
    private func copied(_ stage: Stage) throws -> Stage {
        let copy = stage.temporary / "copy"
        try QuickFileSystem().makeDirectories(copy)
        for name in try QuickFileSystem().entries(of: stage.temporary.path) where name != "copy" {
            try QuickFileSystem().copyTree(stage.temporary / name, to: copy.appending(name))
        }
        return Stage(
            temporary: stage.temporary,
            folder: ClientFolder(live: copy.appending("OM Client"), fileSystem: QuickFileSystem()))
    }

    private func swapped() throws -> Stage {
        let stage = try Stage()
        try stage.stage()
        try stage.swap()
        return stage
    }

    @Test("A copy of a client whose new version is being tried is known by its content, and is confirmed")
    func confirm() async throws {
        let stage = try swapped()
        let copy = try copied(stage)
        #expect(try copy.folder.recover() == .unconfirmed(version: "2.0"))
        let start = ClientUpdate(folder: copy.folder.live)
        #expect(try await start.revertIfUnconfirmed() == false)
        try await start.confirmStarted()
        #expect(copy.live == "2.0")
        #expect(copy.isTidy)
        // Nothing of the original's is touched.
        #expect((stage.live, stage.old) == ("2.0", "1.0"))
        #expect(try stage.folder.recover() == .unconfirmed(version: "2.0"))
    }

    @Test("A copy goes back to its old version", arguments: [true, false])
    func revert(canExchange: Bool) throws {
        let stage = try swapped()
        let copy = try copied(stage)
        let folder = copy.on(QuickFileSystem(canExchange: canExchange))
        let journal = try #require(try folder.readJournal())
        #expect(try folder.revert(journal) == .reverted(version: "2.0"))
        #expect(copy.live == "1.0")
        #expect(copy.isTidy)
        #expect((stage.live, stage.old) == ("2.0", "1.0"))
    }

    @Test("In a copy, an old folder that somebody has put more into is not deleted")
    func moreInOld() throws {
        let copy = try copied(try swapped())
        try copy.temporary.write("copy/OM Client_old/lib/mine", "mine")
        try copy.folder.confirm(try #require(try copy.folder.readJournal()))
        #expect((copy.live, copy.old) == ("2.0", "1.0"))
        #expect(try QuickFileSystem().exists(copy.folder.old.pushing("lib/mine")))
    }

    @Test("A copy of a client that was being updated is whole, and is updated")
    func staged() throws {
        let stage = try Stage()
        try stage.stage()
        try stage.folder.write(
            ClientJournal(phase: .swapping, from: Stage.old, to: Stage.new, folders: try stage.records()))
        let copy = try copied(stage)
        #expect(try copy.folder.recover() == .undone(version: "2.0"))
        #expect(copy.live == "1.0" && copy.old == nil)
        #expect(!copy.names.contains("staged") && !copy.names.contains("journal.json"))
    }

    @Test("After a copy the installed version is known, and the next update is made")
    func updatedCopy() async throws {
        let workstation = try Workstation()
        // Both versions are published, so both have witnesses.
        try workstation.vendor.publish("1.0")
        #expect(await workstation.install() == nil)
        let start = workstation.update()
        #expect(try await start.revertIfUnconfirmed() == false)
        try await start.confirmStarted()
        let fileSystem = QuickFileSystem()
        let backup = workstation.vendor.temporary / "backup"
        try fileSystem.copyTree(workstation.live, to: backup)
        try fileSystem.rename(workstation.live, to: workstation.vendor.temporary / "original")
        try fileSystem.rename(backup, to: workstation.live)
        try fileSystem.removeTree(workstation.update().place.trees)
        let folder = workstation.update().place
        let found = try Identifier(fileSystem).identify(
            workstation.live, among: [try #require(try folder.readState().folder)])
        guard case .known(_, .witnesses) = found else {
            Issue.record("\(found)")
            return
        }
        try workstation.vendor.publish("2.1")
        let update = workstation.update()
        // Its own version cannot be told by the vendor any more.
        let available = try #require(
            try await update.check(offer: workstation.offer("2.1"), installed: "2.0-own", mirror: workstation.fetcher))
        try await update.install(available)
        #expect(workstation.read("VERSION") == "2.1")
    }

    // MARK: - Format 1

    private func writeJournal(_ stage: Stage, phase: String, old: FilePath, new: FilePath, starts: Int = 0) throws {
        let inode = { (path: FilePath) in try QuickFileSystem().folder(path).attributes().inode }
        let text = """
            {"from":{"component":"client","platform":"linux-x86_64","product":"om","version":"1.0"},
             "newInode":\(try inode(new)),"oldInode":\(try inode(old)),"phase":"\(phase)","starts":\(starts),
             "to":{"component":"client","platform":"linux-x86_64","product":"om","version":"2.0"}}
            """
        try QuickFileSystem().replace(
            stage.folder.state.appending("journal.json"), with: Array(text.utf8), permissions: 0o644)
    }

    @Test("A journal of format 1 is finished: swapped, confirmed", arguments: [true, false])
    func format1(isSwapped: Bool) async throws {
        let stage = try Stage()
        try Stage.fill(stage.folder.staged, version: "2.0")
        let folder = stage.folder
        if isSwapped { try folder.fileSystem.exchange(folder.live, with: folder.staged) }
        try writeJournal(
            stage, phase: "swapping", old: isSwapped ? folder.staged : folder.live,
            new: isSwapped ? folder.live : folder.staged)
        guard isSwapped else {
            #expect(try folder.recover() == .undone(version: "2.0"))
            #expect(stage.live == "1.0")
            return #expect(stage.isTidy)
        }
        #expect(try folder.recover() == .unconfirmed(version: "2.0"))
        #expect((stage.live, stage.old) == ("2.0", "1.0"))
        let start = ClientUpdate(folder: folder.live)
        #expect(try await start.revertIfUnconfirmed() == false)
        try await start.confirmStarted()
        #expect(stage.live == "2.0")
        #expect(stage.isTidy)
    }

    @Test("The second start of a journal of format 1 goes back")
    func format1Reverted() async throws {
        let stage = try swapped()
        try writeJournal(stage, phase: "unconfirmed", old: stage.folder.old, new: stage.folder.live, starts: 1)
        #expect(try await ClientUpdate(folder: stage.folder.live).revertIfUnconfirmed())
        #expect(stage.live == "1.0")
        #expect(stage.isTidy)
    }

    @Test("A journal of a later version is not guessed at")
    func laterFormat() throws {
        let stage = try swapped()
        try QuickFileSystem().replace(
            stage.folder.state.appending("journal.json"), with: Array(#"{"format":3}"#.utf8), permissions: 0o644)
        let error = #expect(throws: ClientError.self) { try stage.folder.recover() }
        #expect(error?.code == .folder)
        #expect((stage.live, stage.old) == ("2.0", "1.0"))
    }
}
