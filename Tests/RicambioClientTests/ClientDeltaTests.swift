// SPDX-License-Identifier: Apache-2.0
import Foundation
import Packaging
import Testing

@testable import RicambioClient

@Suite("A client takes its vendor's deltas")
struct ClientDeltaTests {
    /// A workstation at 1.0, and 2.0 with a delta to it.
    private func behind() async throws -> (Workstation, AvailableUpdate, DeltaReference) {
        let workstation = try Workstation(publishing: "1.0")
        try workstation.vendor.publish("2.0", deltaFrom: "1.0")
        let available = try #require(
            try await workstation.update().check(
                offer: workstation.offer(), installed: "1.0", mirror: workstation.fetcher))
        return (workstation, available, try #require(available.tree.deltas.first))
    }

    @Test(
        "A client that its vendor has a delta for takes that, whoever put it there, and the person's files do not matter"
    )
    func delta() async throws {
        let (workstation, available, delta) = try await behind()
        try await workstation.update().install(available)
        #expect(workstation.read("VERSION") == "2.0" && workstation.read("preferences/client.yaml") == "mine")
        let requests = workstation.fetcher.packRequests
        #expect(requests.map(\.url) == ["\(FolderFetcher.base)packs/\(delta.sha256)"])
        #expect(delta.length < available.packBytes / 100)
    }

    @Test("A delta that was tampered with: the whole pack is what is left")
    func tamperedDelta() async throws {
        let (workstation, available, delta) = try await behind()
        let file = workstation.vendor.layout.packs.appending(delta.sha256)
        var bytes = try QuickFileSystem().read(file, limit: 1 << 20)
        bytes[bytes.count / 2] ^= 1
        try QuickFileSystem().replace(file, with: bytes, permissions: 0o644)
        try await workstation.update().install(available)
        #expect(workstation.read("VERSION") == "2.0")
        let urls = workstation.fetcher.packRequests.map { $0.url.split(separator: "/").last ?? "" }
        #expect(urls == [delta.sha256[...], available.tree.pack.sha256[...]])
    }
}
