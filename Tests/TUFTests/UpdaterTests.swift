// SPDX-License-Identifier: Apache-2.0
import Crypto
import Platform
import SystemPackage
import TUFRepository
import TestSupport
import Testing

@testable import TUF

@Suite("Updater")
struct UpdaterTests {
    private let customer = Customer()
    private var vendor: RepositorySimulator { customer.vendor }

    @Test("A first refresh stores the repository's own bytes of each role")
    func first() async {
        #expect(await customer.refusal() == nil)
        #expect(vendor.requests == ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"])
        #expect(Set(customer.store.files.keys) == ["root", "timestamp", "snapshot", "targets"])
        for role in ["timestamp", "snapshot", "targets"] {
            #expect(customer.store.files[role] == vendor.signed(role))
        }
    }

    @Test("Nothing new costs one request beyond the root probe, and nothing is written")
    func nothingNew() async {
        #expect(await customer.refusal() == nil)
        let written = customer.store.saved
        vendor.forgetRequests()
        #expect(await customer.refusal() == nil)
        #expect(vendor.requests == ["2.root.json", "timestamp.json"])
        #expect(customer.store.saved == written)
    }

    @Test("A new timestamp for the same snapshot fetches nothing more")
    func onlyTimestamp() async {
        #expect(await customer.refusal() == nil)
        vendor.updateTimestamp()
        vendor.forgetRequests()
        #expect(await customer.refusal() == nil)
        #expect(vendor.requests == ["2.root.json", "timestamp.json"])
        #expect(customer.storedVersion("timestamp") == 2)
    }

    @Test("Without consistent snapshots names carry no version and targets no hash")
    func inconsistent() async throws {
        vendor.rotateRoot { $0.root.signed["consistent_snapshot"] = false }
        vendor.addTarget("a/b.bin", [1, 2, 3])
        let updater = customer.updater()
        let target = try #require(try await updater.target("a/b.bin"))
        #expect(try await updater.download(target) == [1, 2, 3])
        #expect(
            vendor.requests
                == ["2.root.json", "3.root.json", "timestamp.json", "snapshot.json", "targets.json", "a/b.bin"])
    }

    @Test("A target is found, fetched under its hash and checked")
    func target() async throws {
        vendor.addTarget("om/1.0/release.json", [4, 5, 6])
        let updater = customer.updater()
        let target = try #require(try await updater.target("om/1.0/release.json"))
        #expect(target.length == 3)
        #expect(target.sha256 == sha256Hex([4, 5, 6]))
        #expect(try await updater.download(target) == [4, 5, 6])
        #expect(vendor.requests.last == "om/1.0/\(target.sha256 ?? "").release.json")
        #expect(try await updater.target("om/1.0/other.json") == nil)
    }

    @Test("Arbitrary installation: a target that was changed, shortened or lengthened is refused")
    func tamperedTarget() async throws {
        vendor.addTarget("a", [1, 2, 3])
        let updater = customer.updater()
        let target = try #require(try await updater.target("a"))
        for bytes in [[1, 2, 4], [1, 2], [1, 2, 3, 4], []] as [[UInt8]] {
            vendor.change { $0.files["\(target.sha256 ?? "").a"] = bytes }
            #expect(
                await refusal { () async throws(TUFError) in _ = try await updater.download(target) } == .tampered)
        }
        vendor.change { $0.files["\(target.sha256 ?? "").a"] = nil }
        #expect(await refusal { () async throws(TUFError) in _ = try await updater.download(target) } == .notFound)
    }

    @Test("A target that is vouched for by SHA-512 or SHA-384 only is found under that hash and checked")
    func otherHashes() async throws {
        let bytes = Array("content".utf8)
        for (algorithm, hash) in [
            ("sha512", hex(SHA512.hash(data: bytes))), ("sha384", hex(SHA384.hash(data: bytes))),
        ] {
            let customer = Customer()
            customer.vendor.change { content in
                content.targets["targets"]?.signed["targets"] = [
                    "d/a": ["length": 7, "hashes": [algorithm: .string(hash), "md5": "00"]]
                ]
                content.files["d/\(hash).a"] = bytes
            }
            customer.vendor.update()
            let updater = customer.updater()
            let target = try #require(try await updater.target("d/a"))
            #expect(target.sha256 == nil)
            #expect(try await updater.download(target) == bytes)
            customer.vendor.change { $0.files["d/\(hash).a"] = Array("Content".utf8) }
            #expect(await refusal { () async throws(TUFError) in _ = try await updater.download(target) } == .tampered)
        }
        let customer = Customer()
        customer.vendor.change { content in
            content.targets["targets"]?.signed["targets"] = ["a": ["length": 7, "hashes": ["md5": "00"]]]
        }
        customer.vendor.update()
        let updater = customer.updater()
        #expect(await refusal { () async throws(TUFError) in _ = try await updater.target("a") } == .malformed)
    }

    @Test(
        "A target's path is encoded once, whatever is in it",
        arguments: [
            ("a b[1].txt", "a%20b%5B1%5D.txt"), ("100%", "100%25"), ("a%20b", "a%2520b"), ("ä/é", "%C3%A4/%C3%A9"),
            ("a?b#c", "a%3Fb%23c"), ("a+b&c=d;e:f@g~h!$'()*,", "a+b&c=d;e:f@g~h!$'()*,"), ("\u{1}\\", "%01%5C"),
        ])
    func urls(_ path: String, _ url: String) {
        #expect(urlPath(path) == url)
    }

    @Test("A damaged local copy is replaced, except the root")
    func damagedStore() async {
        #expect(await customer.refusal() == nil)
        for role in ["timestamp", "snapshot", "targets"] {
            try? customer.store.save(role, [1, 2, 3])
            #expect(await customer.refusal() == nil)
            #expect(customer.store.files[role] == vendor.signed(role))
        }
        try? customer.store.save("root", [1, 2, 3])
        #expect(await customer.refusal() == .malformed)
    }

    @Test("A store that cannot be read or written is an error that says so")
    func brokenStore() async {
        let error = FileError(.permissionDenied, operation: "read", path: "root.json")
        customer.store.fail(with: error)
        #expect(await customer.refusal() == .store(error))
    }

    @Test("An unreachable vendor leaves what was trusted as it was")
    func unreachable() async {
        #expect(await customer.refusal() == nil)
        let before = customer.store.files
        vendor.change { $0.failures["timestamp.json"] = .stalled }
        guard case .fetch(let error)? = await customer.refusal() else {
            Issue.record("a refresh without a timestamp succeeded")
            return
        }
        #expect(error.code == .stalled)
        #expect(customer.store.files == before)
    }

    @Test("Refreshes and searches that come at once happen one after the other")
    func concurrent() async throws {
        vendor.addTarget("a", [1])
        let updater = customer.updater()
        try await withThrowingTaskGroup(of: TargetFile?.self) { group in
            for index in 0..<20 {
                group.addTask {
                    if index.isMultiple(of: 3) { try await updater.refresh() }
                    return try await updater.target("a")
                }
            }
            for try await target in group { #expect(target?.length == 1) }
        }
        #expect(customer.storedVersion("targets") == 2)
    }

    @Test("Stored files: one per role, names encoded, nothing else left behind")
    func fileStore() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let directory = folder / "a/b/metadata"
        let store = FileMetadataStore(directory: directory, fileSystem: POSIXFileSystem())
        #expect(try store.load("root") == nil)
        try store.remove("root")
        try store.save("root", [1])
        try store.save("root", [2])
        try store.save("../a b/é", [3])
        #expect(try store.load("root") == [2])
        #expect(try store.load("../a b/é") == [3])
        #expect(try POSIXFileSystem().entries(of: directory) == ["..%2Fa%20b%2F%C3%A9.json", "root.json"])
        try store.remove("root")
        #expect(try store.load("root") == nil)
    }
}
