// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Packaging
import Platform
import Synchronization
import SystemPackage
import TUF
import TestSupport
import Testing

@testable import RicambioClient

@Suite("A client updates itself")
struct ClientUpdateTests {
    @Test("From the offer to the confirmed start: verified, staged, in place, the person's files kept")
    func wholeWay() async throws {
        let workstation = try Workstation()
        let update = workstation.update(fileSystem: POSIXFileSystem())
        #expect(
            try await update.check(offer: workstation.offer("1.0"), installed: "1.0.0", mirror: workstation.fetcher)
                == nil)
        let available = try #require(
            try await update.check(offer: workstation.offer(), installed: "1.0", mirror: workstation.fetcher))
        #expect((available.from, available.version) == ("1.0", "2.0"))
        #expect(available.notes == ["en": "Version 2.0."])
        #expect(!available.wasReverted)
        let seen = Mutex<[ClientUpdateProgress]>([])
        try await update.install(available) { step in seen.withLock { $0.append(step) } }
        let steps = seen.withLock { $0 }
        #expect(steps.contains(.downloading(done: available.packBytes, total: available.packBytes)))
        #expect(steps.contains(.staging(done: available.installedBytes, total: available.installedBytes)))
        #expect(steps.last == .swapping)

        #expect(workstation.read("VERSION") == "2.0")
        #expect(workstation.read("preferences/client.yaml") == "mine")
        #expect(workstation.read("preferences/client.yaml.new") == "vendor's 2.0")
        #expect(workstation.read("VERSION", in: "OM Client_old") == "1.0")
        #expect(try await update.installedVersion() == "2.0")

        let started = workstation.update()
        #expect(try await started.recover() == .unconfirmed(version: "2.0"))
        #expect(try await started.revertIfUnconfirmed() == false)
        try await started.confirmStarted()
        #expect(workstation.read("VERSION", in: "OM Client_old") == nil)
        #expect(try await started.check(offer: workstation.offer(), mirror: workstation.fetcher) == nil)
    }

    @Test("An older client is taken when the server has gone back to its version")
    func older() async throws {
        let workstation = try Workstation(publishing: "0.9")
        #expect(await workstation.install("0.9") == nil)
        #expect(workstation.read("VERSION") == "0.9")
    }

    @Test("A version that was taken out again is offered with that said")
    func reverted() async throws {
        let workstation = try Workstation()
        #expect(await workstation.install() == nil)
        #expect(try await workstation.update().revertIfUnconfirmed() == false)
        #expect(try await workstation.update().revertIfUnconfirmed())
        #expect(try workstation.isUntouched())
        let again = try await workstation.update().check(
            offer: workstation.offer(), installed: "1.0", mirror: workstation.fetcher)
        #expect(again?.wasReverted == true)
    }

    @Test("A second update waits until the first one has been started")
    func unconfirmed() async throws {
        let workstation = try Workstation()
        #expect(await workstation.install() == nil)
        #expect(await workstation.install()?.code == .busy)
        #expect(workstation.read("VERSION") == "2.0")
    }

    // MARK: Trust

    @Test("A pack that was tampered with is refused and nothing is touched")
    func tamperedPack() async throws {
        let workstation = try Workstation()
        try workstation.vendor.damagePacks()
        #expect(await workstation.install()?.code == .untrustedRelease)
        #expect(try workstation.isUntouched())
    }

    @Test("A repository of another vendor is refused, whatever the agent says")
    func otherVendor() async throws {
        let (mine, other) = (try Workstation(), try Workstation())
        let error = await #expect(throws: ClientError.self) {
            try await mine.update().check(offer: mine.offer(), installed: "1.0", mirror: other.fetcher)
        }
        #expect(error?.code == .untrustedRelease)
        #expect(other.fetcher.packRequests.isEmpty)
        #expect(try mine.isUntouched())
    }

    @Test("A signed release that the vendor has recalled is refused, whatever the agent says")
    func recalled() async throws {
        let workstation = try Workstation()
        try workstation.vendor.publish("2.1", recalled: ["2.0"])
        let error = await workstation.install("2.0")
        #expect(error?.code == .recalledRelease)
        #expect(error?.reason.contains("2.0") == true)
        #expect(workstation.fetcher.packRequests.isEmpty)
        #expect(try workstation.isUntouched())
        #expect(await workstation.install("2.1") == nil)
    }

    @Test("A signed release that is older than the vendor wants anybody to have is refused")
    func belowMinimum() async throws {
        let workstation = try Workstation(publishing: "0.9")
        try workstation.vendor.publish("2.0", minimum: "1.5")
        let error = await workstation.install("0.9")
        #expect(error?.code == .recalledRelease)
        #expect(error?.reason.contains("1.5") == true)
        #expect(try workstation.isUntouched())
        try workstation.vendor.publish("1.5", minimum: "1.5")
        #expect(await workstation.install("1.5") == nil)
    }

    @Test("An offer that names a channel that the vendor does not have proves nothing")
    func otherChannel() async throws {
        let workstation = try Workstation()
        var offer = workstation.offer()
        offer.channel = "stale"
        let error = await #expect(throws: ClientError.self) {
            try await workstation.update().check(offer: offer, installed: "1.0", mirror: workstation.fetcher)
        }
        #expect(error?.code == .releaseUnavailable)
    }

    @Test("Metadata that has expired is refused: the agent may hold back the truth")
    func expired() async throws {
        let workstation = try Workstation()
        workstation.vendor.clock.advance(by: 20 * 365 * 86400)
        #expect(await workstation.install()?.code == .untrustedRelease)
        #expect(try workstation.isUntouched())
    }

    @Test("Without the vendor's root in its folder a client trusts nobody")
    func noRoot() async throws {
        let workstation = try Workstation()
        try QuickFileSystem().remove(workstation.live.appending("root.json"))
        #expect(await workstation.install()?.code == .untrustedRelease)
        #expect(workstation.read("VERSION") == "1.0")
    }

    @Test("Another product of the same vendor, or another platform, is not put in the client's place")
    func otherProduct() async throws {
        let workstation = try Workstation()
        try workstation.vendor.publish("2.0", product: "games")
        let update = workstation.update(products: ["om"])
        let error = await #expect(throws: ClientError.self) {
            try await update.check(offer: workstation.offer(product: "games"), mirror: workstation.fetcher)
        }
        #expect(error?.code == .untrustedRelease)
        let platform = await #expect(throws: ClientError.self) {
            try await update.check(offer: workstation.offer(platform: "linux-m68k"), mirror: workstation.fetcher)
        }
        #expect(platform?.code == .releaseUnavailable)
    }

    // MARK: What goes wrong on the way

    @Test("A line that breaks in the middle of the pack costs only what is missing")
    func resumed() async throws {
        let workstation = try Workstation()
        workstation.fetcher.breakPacks(after: 100_000)
        #expect(await workstation.install()?.code == .releaseUnavailable)
        #expect(try workstation.isUntouched())
        workstation.fetcher.breakPacks(after: nil)
        #expect(await workstation.install() == nil)
        #expect(workstation.read("VERSION") == "2.0")
        #expect(workstation.fetcher.packRequests.last?.offset == 100_000)
    }

    @Test("A vendor or agent that is away, and a release that is not there, are no matter of trust")
    func away() async throws {
        let workstation = try Workstation()
        #expect(await workstation.install("7.0")?.code == .releaseUnavailable)
        workstation.fetcher.goAway()
        #expect(await workstation.install()?.code == .releaseUnavailable)
        #expect(try workstation.isUntouched())
    }

    @Test("Somebody else's folder is not overwritten by the old version")
    func inTheWay() async throws {
        let workstation = try Workstation()
        let old = workstation.vendor.temporary / "OM Client_old"
        try QuickFileSystem().makeDirectories(old.appending("mine"))
        let error = await workstation.install()
        #expect(error?.code == .folder)
        #expect(error?.reason.contains("OM Client_old") == true)
        #expect(try QuickFileSystem().entries(of: old) == ["mine"])
        #expect(workstation.read("VERSION") == "1.0")
    }

    @Test("Two programs do not update one folder at the same time")
    func busy() async throws {
        let workstation = try Workstation()
        let place = workstation.update().place
        try QuickFileSystem().makeDirectories(place.state)
        let lock = try #require(try place.lock())
        #expect(await workstation.install()?.code == .busy)
        lock.release()
        #expect(await workstation.install() == nil)
    }

    @Test("Killed at any change of an update, the client is whole at its next start, and updates then")
    func crash() async throws {
        // As small as can be: the whole of it is done again for each change.
        let vendor = try Workstation(words: 16)
        var at = 0
        while true {
            // The first changes keep metadata and fetch; one in three of them is enough.
            at += at < 30 ? 3 : 1
            let workstation = try Workstation(sharing: vendor)
            let crashing = CrashingFileSystem(QuickFileSystem(), fault: .crash(at: at))
            let error = await workstation.install(fileSystem: crashing)
            guard crashing.hasCrashed else {
                #expect(error == nil)
                break
            }
            let what = crashing.changes.last ?? ""
            let version = workstation.read("VERSION")
            #expect(version == "1.0" || version == "2.0", "killed at \(what)")
            let start = workstation.update()
            switch try await start.recover() {
            case .unconfirmed:
                #expect(workstation.read("VERSION") == "2.0", "killed at \(what)")
            case .undone, .nothing:
                #expect(workstation.read("VERSION") == "1.0", "killed at \(what)")
                // What is left behind is the same for many changes in a row.
                guard at.isMultiple(of: 4) else { break }
                #expect(await workstation.install() == nil, "killed at \(what)")
                #expect(workstation.read("VERSION") == "2.0", "killed at \(what)")
            case .reverted:
                Issue.record("nothing was to be reverted")
            }
            #expect(workstation.read("preferences/client.yaml") == "mine", "killed at \(what)")
            try QuickFileSystem().removeTree(workstation.live)
            try QuickFileSystem().removeTree(vendor.vendor.temporary / "OM Client_old")
            try QuickFileSystem().removeTree(vendor.vendor.temporary / ".ricambio-client")
        }
        #expect(at > 30)
    }

    @Test("A disk that fills up on the way is said, and the client is as it was")
    func diskFull() async throws {
        let workstation = try Workstation()
        for first in [1, 10, 16, 20, 24] {
            let full = CrashingFileSystem(QuickFileSystem(), fault: .full(from: first))
            #expect(await workstation.install(fileSystem: full)?.code == .folder)
            #expect(try workstation.isUntouched())
        }
        #expect(await workstation.install() == nil)
    }

    // MARK: Straight from the vendor

    private func vendorUpdate(_ workstation: Workstation, installed: String) async throws -> AvailableUpdate? {
        try await workstation.update().check(
            vendor: workstation.channel, installed: installed, fetcher: workstation.fetcher)
    }

    @Test("A single-user application is offered newer releases only")
    func vendorNewer() async throws {
        let workstation = try Workstation()
        #expect(try await vendorUpdate(workstation, installed: "1.0")?.version == "2.0")
        #expect(try await vendorUpdate(workstation, installed: "2.0") == nil)
        #expect(try await vendorUpdate(workstation, installed: "2.1") == nil)
    }

    @Test("A recalled release is offered to nobody; whoever has a recalled one is told to leave it")
    func vendorRecall() async throws {
        let workstation = try Workstation()
        try workstation.vendor.publish("2.1", rollout: 0, recalled: ["2.0"])
        #expect(try await vendorUpdate(workstation, installed: "1.0") == nil)
        let rescue = try #require(try await vendorUpdate(workstation, installed: "2.0"))
        #expect((rescue.version, rescue.isOverdue) == ("2.1", true))
        try workstation.vendor.publish("2.2", recalled: ["2.2"])
        #expect(try await vendorUpdate(workstation, installed: "1.0") == nil)
    }

    @Test("A release that cannot be put on the installed one says which one is needed first")
    func vendorRequirement() async throws {
        let workstation = try Workstation()
        try workstation.vendor.publish("3.0", minimum: "1.5", fromVersion: "2.0")
        #expect(try await vendorUpdate(workstation, installed: "2.0")?.isOverdue == false)
        let error = await #expect(throws: ClientError.self) { try await vendorUpdate(workstation, installed: "1.0") }
        #expect(error?.reason.contains("2.0") == true)
    }

    // MARK: Starting again

    @Test("A relaunch runs the program that is in place now, with its arguments and no blocked signals")
    func relaunch() async throws {
        await #expect(processExitsWith: .exitCode(42)) {
            let temporary = try TemporaryFolder()
            let script = """
                #!/bin/sh
                [ "$1" = "two words" ] && [ "$ONLY" = yes ] && [ -z "$HOME" ] || exit 1
                while read key value; do
                    [ "$key" = SigBlk: ] && [ "$value" != 0000000000000000 ] && exit 2
                done < /proc/$$/status
                exit 42
                """
            try POSIXFileSystem().replace(temporary / "start", with: Array(script.utf8), permissions: 0o755)
            try ClientUpdate(folder: temporary.path).relaunch(
                "start", arguments: ["two words"], environment: ["ONLY": "yes"])
        }
    }

    @Test("A program that cannot be started is an error, and this one goes on")
    func relaunchFails() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let error = #expect(throws: ClientError.self) {
            try ClientUpdate(folder: temporary.path).relaunch("absent", arguments: [], environment: [:])
        }
        #expect(error?.code == .folder)
    }
}
