// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

@testable import RicambioClient

@Suite("A call that fails leaves a client whole")
struct ClientFailureTests {
    /// One at a time, over the changes that an update makes; ends when the fault comes after the last one.
    private func changes(
        from first: Int, by step: Int, _ fault: (Int) -> CrashingFileSystem.Fault
    ) async throws -> Int {
        let vendor = try Workstation(words: 16)
        // What is kept of the vendor's metadata is not the matter here.
        let available = try #require(
            try await vendor.update().check(offer: vendor.offer(), installed: "1.0", mirror: vendor.fetcher))
        var at = first
        while true {
            let workstation = try Workstation(sharing: vendor)
            let failing = CrashingFileSystem(QuickFileSystem(), fault: fault(at))
            let error: ClientError?
            do throws(ClientError) {
                try await workstation.update(fileSystem: failing).install(available)
                error = nil
            } catch let failure {
                error = failure
            }
            let what = failing.changes.count >= at ? failing.changes[at - 1] : ""
            if error == nil {
                #expect(workstation.read("VERSION") == "2.0", "after \(what)")
                #expect(workstation.read("VERSION", in: "OM Client_old") == "1.0", "after \(what)")
            } else {
                #expect(try workstation.isUntouched(), "after \(what): \(error?.reason ?? "")")
                // Its cause is gone, and with it all that it left.
                let client = workstation.update()
                _ = try await client.recover()
                #expect(try client.place.readState().installed?.version != "2.0", "after \(what)")
                if at.isMultiple(of: 5) { #expect(await workstation.install() == nil, "after \(what)") }
            }
            #expect(workstation.read("preferences/client.yaml") == "mine")
            try QuickFileSystem().removeTree(workstation.live)
            try QuickFileSystem().removeTree(vendor.vendor.temporary / "OM Client_old")
            try QuickFileSystem().removeTree(vendor.vendor.temporary / ".ricambio-client")
            if failing.changes.count < at { return at }
            at += step
        }
    }

    @Test("Any one: the old version is untouched, or the new one is in place", arguments: [1, 2])
    func anyCall(first: Int) async throws {
        #expect(try await changes(from: first, by: 2) { .fail(at: $0, .other(5)) } > 60)
    }

    @Test("A disk that is full from any moment on: the old version is untouched, or the new one is in place")
    func fullDisk() async throws {
        // Most changes in a row need no space, or fail alike.
        #expect(try await changes(from: 1, by: 4) { .full(from: $0) } > 60)
    }

    @Test("What a client remembers is written by whoever holds the lock, and only when there is something to write")
    func stateIsLocked() async throws {
        let workstation = try Workstation()
        let update = workstation.update()
        let check = { () async throws(ClientError) -> AvailableUpdate? in
            try await update.check(vendor: workstation.channel, installed: "1.0", fetcher: workstation.fetcher)
        }
        let lock = try #require(try update.place.lock())
        let error = await #expect(throws: ClientError.self) { try await check() }
        #expect(error?.code == .busy)
        #expect(try update.place.readWrittenState() == nil)
        lock.release()
        #expect(try await check()?.version == "2.0")
        let file = update.place.state.appending("state.json")
        let before = try #require(try QuickFileSystem().attributes(of: file))
        let again = try #require(try update.place.lock())
        defer { again.release() }
        #expect(try await check()?.version == "2.0")
        #expect(try QuickFileSystem().attributes(of: file)?.inode == before.inode)
    }

    @Test("What killed programs left beside the journal is swept")
    func temporaries() async throws {
        let workstation = try Workstation()
        let place = workstation.update().place
        try QuickFileSystem().makeDirectories(place.place.trash.appending("half-deleted"))
        let left = place.state.appending(".journal.json.1y2p0ij32e8e7.tmp")
        try QuickFileSystem().replace(left, with: [1], permissions: 0o644)
        #expect(try await workstation.update().recover() == .nothing)
        #expect(try !QuickFileSystem().exists(left))
        #expect(try QuickFileSystem().entries(of: place.place.trash).isEmpty)
    }
}
