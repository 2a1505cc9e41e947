// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import SystemPackage
import TUF
import TUFRepository
import TestSupport
import Testing

@Suite("Repository editor")
struct RepositoryEditorTests {
    private let vendor: Vendor

    init() throws { vendor = try Vendor() }

    @Test("A new repository can be read by a customer who has its first root")
    func create() async throws {
        try vendor.create()
        #expect(
            try vendor.metadataNames()
                == ["1.root.json", "1.snapshot.json", "1.targets.json", "root.json", "timestamp.json"])
        try await vendor.customer().refresh()
    }

    @Test("Three root keys of which two must sign, in files that only their owner can read")
    func rootKeys() throws {
        try vendor.create()
        let files = POSIXFileSystem()
        #expect(
            try files.entries(of: vendor.layout.keys)
                == ["root-1.pem", "root-2.pem", "root-3.pem", "snapshot.pem", "targets.pem", "timestamp.pem"])
        for name in try files.entries(of: vendor.layout.keys) {
            #expect(try files.attributes(of: vendor.layout.keys.appending(name))?.permissions == 0o600)
        }
        #expect(try files.attributes(of: vendor.layout.keys)?.permissions == 0o700)
        let root = try vendor.open().root
        #expect(root[.root].threshold == 2)
        #expect(root[.root].keys.count == 3)
        #expect(root.consistentSnapshot)
    }

    @Test("The threshold is the publisher's choice, but must be possible")
    func threshold() throws {
        var options = RepositoryOptions()
        options.rootThreshold = 4
        #expect(refusal { () throws(RepositoryError) in try vendor.create(options) } == .missingKey)
        options.rootThreshold = 1
        options.rootKeyCount = 1
        try vendor.create(options)
        #expect(try vendor.open().root[.root].threshold == 1)
    }

    @Test("A repository is never made over another")
    func createTwice() throws {
        try vendor.create()
        let root = try POSIXFileSystem().read(vendor.layout.firstRoot, limit: 1 << 20)
        #expect(refusal { () throws(RepositoryError) in try vendor.create() } == .exists)
        #expect(try POSIXFileSystem().read(vendor.layout.firstRoot, limit: 1 << 20) == root)
    }

    @Test("What is published is what a customer gets, product by product")
    func publish() async throws {
        try vendor.create()
        var editor = try vendor.open()
        try editor.addProduct("om-business")
        try editor.addProduct("om-finance")
        try editor.addTarget(
            product: "om-business", path: "om-business/1.0/release.json", bytes: [1, 2, 3], custom: ["a": 1])
        try editor.addTarget(product: "om-business", path: "om-business/channels/stable.json", bytes: [4])
        try editor.addTarget(product: "om-finance", path: "om-finance/2.0/release.json", bytes: [5])
        try editor.commit()

        let customer = try vendor.customer()
        let target = try #require(try await customer.target("om-business/1.0/release.json"))
        #expect(target.custom == ["a": 1])
        #expect(try await customer.download(target) == [1, 2, 3])
        #expect(try await customer.target("om-finance/2.0/release.json") != nil)
        #expect(try await customer.target("om-finance/1.0/release.json") == nil)
        #expect(
            try editor.targets(of: "om-business").map(\.path)
                == ["om-business/1.0/release.json", "om-business/channels/stable.json"])
        #expect(editor.productNames == ["om-business", "om-finance"])
    }

    @Test("A second publication changes only what it must; older files stay")
    func publishAgain() async throws {
        try vendor.create()
        let store = MemoryMetadataStore()
        for round in 1...2 {
            var editor = try vendor.open()
            try editor.addProduct("om")
            try editor.addTarget(product: "om", path: "om/channels/stable.json", bytes: [UInt8(round)])
            try editor.commit()
            let customer = try vendor.customer(store: store)
            let target = try #require(try await customer.target("om/channels/stable.json"))
            #expect(try await customer.download(target) == [UInt8(round)])
        }
        #expect(
            try vendor.metadataNames() == [
                "1.om.json", "1.root.json", "1.snapshot.json", "1.targets.json", "2.om.json", "2.snapshot.json",
                "2.targets.json", "3.snapshot.json", "root.json", "timestamp.json",
            ])
        let channels = vendor.layout.targets.appending("om").appending("channels")
        #expect(try POSIXFileSystem().entries(of: channels).count == 2)
    }

    @Test("A commit without changes writes nothing; renewing writes snapshot and timestamp only")
    func renew() async throws {
        try vendor.create()
        var editor = try vendor.open()
        try editor.commit()
        #expect(try vendor.metadataNames().count == 5)
        vendor.clock.advance(by: 8 * 86_400)
        var expired = false
        let customer = try vendor.customer()
        do { try await customer.refresh() } catch { expired = error.code == .expired }
        #expect(expired)
        try editor.renew()
        #expect(
            try vendor.metadataNames() == [
                "1.root.json", "1.snapshot.json", "1.targets.json", "2.snapshot.json", "root.json", "timestamp.json",
            ])
        try await vendor.customer().refresh()
    }

    @Test("Roles past half of their life are signed anew on the way, if their keys are here")
    func renewTargets() throws {
        try vendor.create()
        var editor = try vendor.open()
        try editor.addProduct("om")
        try editor.commit()
        #expect(editor.expiries.map(\.role) == ["timestamp", "snapshot", "om", "targets", "root"])
        vendor.clock.advance(by: 200 * 86_400)
        let key = vendor.layout.keys.appending("targets.pem")
        let bytes = try POSIXFileSystem().read(key, limit: 1000)
        try POSIXFileSystem().remove(key)
        try editor.renew()
        #expect(editor.expiries.map(\.role) == ["timestamp", "snapshot", "targets", "om", "root"])
        try POSIXFileSystem().replace(key, with: bytes, permissions: 0o600)
        try editor.renew()
        #expect(editor.expiries.map(\.role) == ["timestamp", "snapshot", "om", "targets", "root"])
        #expect(try vendor.metadataNames().contains("3.targets.json"))
        #expect(try !vendor.metadataNames().contains("3.om.json"))
    }

    @Test("Lifetimes are chosen once and kept")
    func lifetimes() throws {
        var options = RepositoryOptions()
        options.lifetimes.timestamp = 3
        try vendor.create(options)
        #expect(try vendor.open().lifetimes == options.lifetimes)
    }

    @Test("A removed target is no longer found; its file stays for readers of older metadata")
    func remove() async throws {
        try vendor.create()
        var editor = try vendor.open()
        try editor.addProduct("om")
        try editor.addTarget(product: "om", path: "om/1.0/a", bytes: [1])
        try editor.commit()
        let target = try #require(try editor.target("om/1.0/a", of: "om"))
        try editor.removeTarget(product: "om", path: "om/1.0/a")
        try editor.commit()
        #expect(try await vendor.customer().target("om/1.0/a") == nil)
        #expect(try editor.bytes(of: target) == [1])
    }

    @Test("Two publishers at once: the second is told, and may when the first is done")
    func lock() throws {
        try vendor.create()
        var first: RepositoryEditor? = try vendor.open()
        #expect(first != nil)
        #expect(refusal { () throws(RepositoryError) in _ = try vendor.open() } == .locked)
        #expect(
            refusal { () throws(RepositoryError) in
                _ = try RepositoryEditor(reading: vendor.path, clock: vendor.clock, fileSystem: POSIXFileSystem())
            } == nil)
        first = nil
        #expect(refusal { () throws(RepositoryError) in _ = try vendor.open() } == nil)
    }

    @Test("An editor that was opened for reading publishes nothing")
    func reading() throws {
        try vendor.create()
        var editor = try RepositoryEditor(reading: vendor.path, clock: vendor.clock, fileSystem: POSIXFileSystem())
        #expect(refusal { () throws(RepositoryError) in try editor.renew() } == .locked)
    }

    @Test(
        "Names and paths that would leave the product's folder are refused",
        arguments: [
            "om/../x/a", "/om/1/a", "om//a", "other/1.0/a", "om", "om/1.0/a/b/c", "om/./a", "om/1.0/a\nb", "om/1.0/",
            "om/1.0/a\\b",
        ])
    func badPath(_ path: String) throws {
        try vendor.create()
        var editor = try vendor.open()
        try editor.addProduct("om")
        #expect(
            refusal { () throws(RepositoryError) in
                try editor.addTarget(product: "om", path: path, bytes: [1])
            } == .badName)
        #expect(try POSIXFileSystem().entries(of: vendor.layout.targets).isEmpty)
    }

    @Test("Names that cannot be a product's", arguments: ["root", "targets", "", "a/b", "*", "a b", "..", "A", "é"])
    func badProduct(_ name: String) throws {
        try vendor.create()
        var editor = try vendor.open()
        #expect(refusal { () throws(RepositoryError) in try editor.addProduct(name) } == .badName)
    }

    @Test("A product that does not exist, a folder that is no repository")
    func unknown() throws {
        #expect(refusal { () throws(RepositoryError) in _ = try vendor.open() } == .notARepository)
        try vendor.create()
        var editor = try vendor.open()
        #expect(
            refusal { () throws(RepositoryError) in
                try editor.addTarget(product: "om", path: "om/1/a", bytes: [])
            } == .unknownProduct)
    }

    @Test("A missing key of the targets: nothing is published, and what was prepared waits for its signature")
    func missingKey() throws {
        try vendor.create()
        try POSIXFileSystem().remove(vendor.layout.keys.appending("targets.pem"))
        var editor = try vendor.open()
        try editor.addProduct("om")
        let before = try vendor.metadataNames()
        #expect(refusal { () throws(RepositoryError) in try editor.commit() } == .waitsForSignatures)
        #expect(try vendor.metadataNames() == before)
        #expect(try editor.pending().filter { !$0.isComplete }.map(\.role) == ["targets"])
    }

    @Test("With root and targets keys offline, a release of a known product is still published")
    func offlineKeys() async throws {
        try vendor.create()
        var first = try vendor.open()
        try first.addProduct("om")
        try first.commit()
        for name in ["root-1.pem", "root-2.pem", "root-3.pem", "targets.pem"] {
            try POSIXFileSystem().remove(vendor.layout.keys.appending(name))
        }
        try first.addTarget(product: "om", path: "om/1.0/a", bytes: [1])
        try first.commit()
        #expect(try await vendor.customer().target("om/1.0/a") != nil)
    }

    @Test("Metadata that somebody changed on disk is not signed on")
    func tampered() throws {
        try vendor.create()
        let file = vendor.layout.metadata.appending("1.targets.json")
        var bytes = try POSIXFileSystem().read(file, limit: 1 << 20)
        let index = try #require(bytes.lastIndex(of: UInt8(ascii: "1")))
        bytes[index] = UInt8(ascii: "2")
        try POSIXFileSystem().replace(file, with: bytes, permissions: 0o644)
        #expect(refusal { () throws(RepositoryError) in _ = try vendor.open() } != nil)
    }

    @Test("Keys are PEM files that other tools read, and read back the same")
    func pem() throws {
        let seed = [UInt8](0..<32)
        let signer = try Ed25519Signer(seed: seed)
        #expect(
            signer.pem
                == "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
                + "-----END PRIVATE KEY-----\n")
        #expect(try Ed25519Signer(pem: signer.pem).key == signer.key)
        for bad in ["", "x", signer.pem.replacingOccurrences(of: "MC4C", with: "MC4D")] {
            #expect(refusal { () throws(RepositoryError) in _ = try Ed25519Signer(pem: bad) } == .badKey)
        }
    }
}
