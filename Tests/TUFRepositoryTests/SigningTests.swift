// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import SystemPackage
import TUF
import TUFRepository
import TestSupport
import Testing

@Suite("Several people sign, and keys change")
struct SigningTests {
    private let vendor: Vendor
    private let files = POSIXFileSystem()

    init() throws {
        vendor = try Vendor()
        try vendor.create()
    }

    /// Takes keys out of the vendor's folder, as people who carry them home do.
    private func carryAway(_ names: String...) throws -> KeyStore {
        let home = vendor.folder / "home"
        try files.makeDirectories(home)
        for name in names {
            try files.rename(vendor.layout.keys.appending("\(name).pem"), to: home.appending("\(name).pem"))
        }
        return KeyStore(directory: home, fileSystem: files)
    }

    private func waiting(_ role: String) throws -> Draft {
        try Draft(parsing: try files.read(vendor.layout.pending.appending("\(role).json"), limit: 1 << 20))
    }

    private func signer(_ store: KeyStore, _ name: String) throws -> any Signer {
        try #require(try store.signer(named: name))
    }

    private func code(_ body: () throws -> Void) -> RepositoryError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? RepositoryError)?.code
        }
    }

    @Test("A new root is signed by two people one after the other, on files they carry; nothing is published before")
    func offlineRoot() async throws {
        let home = try carryAway("root-1", "root-2", "root-3")
        let reader = MemoryMetadataStore()
        try await vendor.customer(store: reader).refresh()
        var editor: RepositoryEditor? = try vendor.open()
        let extra = try vendor.keys.generate("root-4", scheme: .ecdsa).key
        let before = try #require(try editor?.keys(of: "root"))
        try editor?.setKeys(before.keys + [extra], threshold: 3, of: "root")
        #expect(code { try editor?.commit() } == .waitsForSignatures)
        editor = nil
        #expect(try !vendor.metadataNames().contains("2.root.json"))

        var first = try waiting("root")
        try first.sign(with: try signer(home, "root-1"))
        var next = try vendor.open()
        // The new root's own three: root-4, which is here, and root-1.
        #expect(code { _ = try next.commitPending([first]) } == .waitsForSignatures)
        let pending = try #require(try next.pending().first)
        #expect(pending.demands.map(\.signed.count) == [1, 2] && pending.demands.map(\.threshold) == [2, 3])
        #expect(try !vendor.metadataNames().contains("2.root.json"))

        var second = first
        try second.sign(with: try signer(home, "root-2"))
        #expect(try next.commitPending([second]).map(\.role) == ["root"])
        #expect(try next.pending().isEmpty)
        #expect(try !files.exists(vendor.layout.pending))
        // Who knew the old root, and who has only the first, both find the new one.
        try await vendor.customer(store: reader).refresh()
        try await vendor.customer().refresh()
        let root = try #require(try reader.load("root"))
        #expect(try SignedMetadata(parsing: root, role: "root").signed["version"] == 2)
    }

    @Test("A new product waits for the targets key; its release comes with it, and other products go on meanwhile")
    func offlineTargets() async throws {
        var editor: RepositoryEditor? = try vendor.open()
        try editor?.addProduct("old")
        try editor?.commit()
        let home = try carryAway("targets")
        try editor?.addProduct("new")
        try editor?.addTarget(product: "new", path: "new/1.0/release.json", bytes: [1])
        #expect(code { try editor?.commit() } == .waitsForSignatures)
        editor = nil
        var second = try vendor.open()
        try second.addTarget(product: "old", path: "old/1.0/release.json", bytes: [2])
        try second.commit()
        try second.renew()
        #expect(try await vendor.customer().target("old/1.0/release.json") != nil)
        #expect(try await vendor.customer().target("new/1.0/release.json") == nil)
        // What waits is not changed behind the back of those who sign it.
        #expect(
            code {
                try second.addProduct("third"); try second.commit()
            } == .waitsForSignatures)

        // Signed in place, as by somebody who can reach the folder.
        var draft = try waiting("targets")
        try draft.sign(with: try signer(home, "targets"))
        try files.replace(vendor.layout.pending.appending("targets.json"), with: draft.bytes, permissions: 0o644)
        #expect(try second.commitPending().map(\.role) == ["new", "targets"])
        #expect(try await vendor.customer().target("new/1.0/release.json") != nil)
        #expect(try await vendor.customer().target("old/1.0/release.json") != nil)
    }

    @Test("A signature over something else, by a stranger, or broken on the way counts for nothing and spoils nothing")
    func strangers() throws {
        let home = try carryAway("root-1", "root-2", "root-3")
        var editor = try vendor.open()
        editor.renewRoot()
        #expect(code { try editor.commit() } == .waitsForSignatures)
        var stranger = try waiting("root")
        try stranger.sign(with: Ed25519Signer())
        #expect(code { _ = try editor.commitPending([stranger]) } == .waitsForSignatures)
        #expect(try waiting("root").signatures.isEmpty)
        // A good one stays when a broken copy of it comes along.
        var good = try waiting("root")
        try good.sign(with: try signer(home, "root-1"))
        #expect(code { _ = try editor.commitPending([good]) } == .waitsForSignatures)
        var text = String(decoding: good.bytes, as: UTF8.self)
        let digit = try #require(text.range(of: "\"sig\": \""))
        text.replaceSubrange(digit.upperBound..<text.index(digit.upperBound, offsetBy: 2), with: "00")
        #expect(code { _ = try editor.commitPending([try Draft(parsing: Array(text.utf8))]) } == .waitsForSignatures)
        #expect(try editor.pending().first?.demands.first?.signed.count == 1)
        // Another content than what waits.
        var other = EditableMetadata(good.content.signed)
        other.version = 7
        #expect(code { _ = try editor.commitPending([try Draft(other)]) } == .badName)
        try editor.discardPending()
        #expect(try editor.pending().isEmpty)
        #expect(code { _ = try editor.commitPending() } == .notARepository)
    }

    @Test(
        "Every role gets a new key, and a reader who was there before and one who comes new follow",
        arguments: ["root", "targets", "snapshot", "timestamp", "om"])
    func rotation(_ role: String) async throws {
        var editor = try vendor.open()
        try editor.addProduct("om")
        try editor.addTarget(product: "om", path: "om/1.0/release.json", bytes: [1])
        try editor.commit()
        let reader = MemoryMetadataStore()
        try await vendor.customer(store: reader).refresh()
        let new = try vendor.keys.generate("\(role)-new", scheme: .ecdsa).key
        let old = try editor.keys(of: role)
        try editor.setKeys(Array(old.keys.dropFirst()) + [new], threshold: old.threshold, of: role)
        try editor.commit()
        #expect(try editor.keys(of: role).keyIDs.contains(new.keyID))
        for store in [reader, MemoryMetadataStore()] {
            #expect(try await vendor.customer(store: store).target("om/1.0/release.json") != nil)
        }
        // The old key is not needed, and cannot speak, any more.
        let name = role == "om" ? "product-om" : role == "root" ? "root-1" : role
        try files.remove(vendor.layout.keys.appending("\(name).pem"))
        try editor.addTarget(product: "om", path: "om/2.0/release.json", bytes: [2])
        try editor.commit()
        try editor.renew()
        #expect(try await vendor.customer(store: reader).target("om/2.0/release.json") != nil)
        let published = try RepositoryEditor(reading: vendor.path, clock: vendor.clock, fileSystem: files)
        #expect(try published.keys(of: role).keyIDs.contains(new.keyID))
    }

    @Test("A lost key is replaced without it: the root speaks first")
    func lostKey() async throws {
        try files.remove(vendor.layout.keys.appending("timestamp.pem"))
        var editor = try vendor.open()
        try editor.setKeys([try vendor.keys.generate("timestamp-2").key], threshold: 1, of: "timestamp")
        try editor.commit()
        try await vendor.customer().refresh()
    }

    @Test("Keys that cannot do what is asked are refused before anything changes")
    func badKeys() throws {
        var editor = try vendor.open()
        let key = try vendor.keys.generate("k").key
        #expect(code { try editor.setKeys([], threshold: 1, of: "root") } == .badKey)
        #expect(code { try editor.setKeys([key], threshold: 2, of: "root") } == .badKey)
        #expect(code { try editor.setKeys([key], threshold: 0, of: "targets") } == .badKey)
        #expect(code { try editor.setKeys([key, key], threshold: 2, of: "targets") } == .badKey)
        #expect(code { try editor.setKeys([key], threshold: 1, of: "nobody") } == .unknownProduct)
        try editor.commit()
        #expect(try vendor.metadataNames().count == 5)
    }

    @Test("Who signs reads what changes: keys, thresholds, files")
    func summary() throws {
        _ = try carryAway("root-1", "root-2", "root-3")
        var editor = try vendor.open()
        let previous = try Draft(parsing: try files.read(vendor.layout.firstRoot, limit: 1 << 20))
        let (old, new) = (try editor.keys(of: "timestamp").keyIDs, try vendor.keys.generate("timestamp-2").key)
        try editor.setKeys([new], threshold: 1, of: "timestamp")
        #expect(code { try editor.commit() } == .waitsForSignatures)
        let lines = try DraftSummary(try waiting("root"), previous: previous).lines
        #expect(lines.contains("root: as before, 2 of 3 keys must sign"))
        #expect(lines.contains("  new key \(new.keyID)") && lines.contains("  key taken away \(old[0])"))
        #expect(
            code { _ = try DraftSummary(try waiting("root"), previous: try Draft(.targets(expires: .now))) } == .badName
        )
    }
}
