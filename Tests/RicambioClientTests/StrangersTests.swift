// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import RicambioClient

/// Somebody at the workstation moves folders about.
@Suite("What somebody has put in a client's places is left alone, and named")
struct StrangersTests {
    private let fileSystem = QuickFileSystem()

    private func install(_ workstation: Workstation, beforeSwap: @escaping @Sendable () -> Void) async throws {
        let update = workstation.update()
        let available = try #require(
            try await update.check(offer: workstation.offer(), installed: "1.0", mirror: workstation.fetcher))
        try await update.install(available) { if $0 == .swapping { beforeSwap() } }
    }

    @Test("Put in the live folder's place while the update is being made: the update is refused and it stays")
    func liveMeanwhile() async throws {
        let workstation = try Workstation()
        let (live, aside) = (workstation.live, workstation.vendor.temporary / "moved by hand")
        let error = await #expect(throws: ClientError.self) {
            try await install(workstation) {
                try? QuickFileSystem().rename(live, to: aside)
                try? QuickFileSystem().makeDirectories(live.appending("mine"))
            }
        }
        #expect(error?.code == .folder)
        #expect(error?.reason.contains(live.string) == true)
        #expect(try fileSystem.entries(of: live) == ["mine"])
        #expect(workstation.read("VERSION", in: "moved by hand") == "1.0")
        #expect(try !fileSystem.exists(workstation.vendor.temporary / "OM Client_old"))
        // Nobody is kept from starting by it.
        #expect(try await workstation.update().recover() == .nothing)
        #expect(try await workstation.update().revertIfUnconfirmed() == false)
        #expect(try fileSystem.entries(of: live) == ["mine"])
    }

    @Test("Put in the live folder's place after an update: it starts as it is, and the next update is refused")
    func liveAfterwards() async throws {
        let workstation = try Workstation()
        #expect(await workstation.install() == nil)
        let start = workstation.update()
        #expect(try await start.revertIfUnconfirmed() == false)
        try await start.confirmStarted()
        try fileSystem.removeTree(workstation.live)
        try fileSystem.makeDirectories(workstation.live)
        try workstation.write("root.json", String(decoding: try workstation.vendor.root(), as: UTF8.self))
        try workstation.write("VERSION", "mine")
        #expect(try await workstation.update().recover() == .nothing)
        try workstation.vendor.publish("2.1")
        let error = await workstation.install("2.1")
        #expect(error?.code == .folder)
        #expect(error?.reason.contains(workstation.live.string) == true)
        #expect(workstation.read("VERSION") == "mine")
    }

    @Test("The vendor's own version, unpacked by hand after an update, is the vendor's and is updated")
    func unpackedByHand() async throws {
        let workstation = try Workstation()
        #expect(await workstation.install() == nil)
        let start = workstation.update()
        #expect(try await start.revertIfUnconfirmed() == false)
        try await start.confirmStarted()
        try fileSystem.removeTree(workstation.live)
        try workstation.vendor.makeClient("2.0", in: workstation.live)
        try workstation.vendor.publish("2.1")
        let update = workstation.update()
        let available = try #require(
            try await update.check(offer: workstation.offer("2.1"), mirror: workstation.fetcher))
        try await update.install(available)
        #expect(workstation.read("VERSION") == "2.1")
        #expect(workstation.read("VERSION", in: "OM Client_old") == "2.0")
    }

    @Test("Put in the old folder's place while the new version is tried: it stays when that is confirmed")
    func oldBeforeConfirmation() async throws {
        let stage = try swapped()
        try exchangeOld(stage)
        let start = ClientUpdate(folder: stage.folder.live)
        #expect(try await start.revertIfUnconfirmed() == false)
        try await start.confirmStarted()
        #expect((stage.live, stage.old) == ("2.0", "7.0"))
        #expect(try stage.folder.readJournal() == nil)
        let error = #expect(throws: ClientError.self) {
            try ClientPreflight(folder: stage.folder, keep: KeepRules([])).checkPlaces()
        }
        #expect(error?.reason.contains(stage.folder.old.string) == true)
    }

    @Test("Without the old folder there is nothing to go back to: the new version may start again, and confirm")
    func oldBeforeReversion() async throws {
        let stage = try swapped()
        try exchangeOld(stage)
        #expect(try await ClientUpdate(folder: stage.folder.live).revertIfUnconfirmed() == false)
        let next = ClientUpdate(folder: stage.folder.live)
        #expect(try await next.recover() == .unconfirmed(version: "2.0"))
        #expect(try await next.revertIfUnconfirmed() == false)
        #expect((stage.live, stage.old) == ("2.0", "7.0"))
        #expect(try stage.folder.readState().installed == Stage.new)
        try await next.confirmStarted()
        #expect((stage.live, stage.old) == ("2.0", "7.0"))
        #expect(try stage.folder.readJournal() == nil)
    }

    @Test("Put where new versions are built: moved out of the way, never removed, and no update is kept from")
    func staged() async throws {
        let workstation = try Workstation()
        let place = workstation.update().place
        try fileSystem.makeDirectories(place.staged.appending("mine"))
        #expect(try await workstation.update().recover() == .nothing)
        #expect(await workstation.install() == nil)
        #expect(workstation.read("VERSION") == "2.0")
        let aside = try fileSystem.entries(of: place.state).filter { $0.hasPrefix(Place.strangerPrefix) }
        #expect(aside.count == 1)
        #expect(try aside.map { try fileSystem.entries(of: place.state.appending($0)) } == [["mine"]])
    }

    @Test("Changed where it lies, after it was verified and before it is put in place: the new version is refused")
    func stagedChanged() async throws {
        let workstation = try Workstation()
        let staged = workstation.update().place.staged
        let error = await #expect(throws: ClientError.self) {
            try await install(workstation) {
                try? QuickFileSystem().replace(
                    staged.appending("VERSION"), with: Array("2.0 and more".utf8), permissions: 0o644)
            }
        }
        #expect(error != nil)
        #expect(try workstation.isUntouched())
    }

    @Test("Put in the live folder's place between a crash and the next start: the old version is found under its name")
    func liveAfterCrash() throws {
        let stage = try Stage()
        try stage.stage()
        // Dies between the exchange and the old folder's rename.
        let crashed = Mutex(false)
        let dying = WatchedFileSystem(
            hooks: FolderHooks(change: { (change, _) throws(FileError) in
                if change.operation == "rename" { crashed.withLock { $0 = true } }
                if crashed.withLock({ $0 }) {
                    throw FileError(CrashingFileSystem.crashed, operation: change.operation, path: change.path)
                }
            }))
        #expect(throws: ClientError.self) {
            try stage.on(dying).swap(to: Stage.new, try stage.records())
        }
        #expect(stage.live == "2.0" && stage.version(at: stage.folder.staged) == "1.0")
        let unpacked = stage.temporary / "unpacked"
        try Stage.fill(unpacked, version: "7.0")
        try fileSystem.removeTree(stage.folder.live)
        try fileSystem.rename(unpacked, to: stage.folder.live)
        #expect(try stage.folder.recover() == .nothing)
        #expect((stage.live, stage.old) == ("7.0", "1.0"))
        #expect(try stage.folder.recover() == .nothing)
        #expect((stage.live, stage.old) == ("7.0", "1.0"))
    }

    private func swapped() throws -> Stage {
        let stage = try Stage()
        try stage.stage()
        try stage.swap()
        return stage
    }

    /// Made before the other goes, so that it is another one for sure.
    private func exchangeOld(_ stage: Stage) throws {
        let other = stage.temporary / "other"
        try Stage.fill(other, version: "7.0")
        try fileSystem.removeTree(stage.folder.old)
        try fileSystem.rename(other, to: stage.folder.old)
    }
}
