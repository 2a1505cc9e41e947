// SPDX-License-Identifier: Apache-2.0
import Foundation
import ObjectStore
import Platform
import SystemPackage
import TUF
import TUFRepository
import TestSupport
import Testing

@testable import ricambio_repo

private let files = POSIXFileSystem()

/// A vendor whose repository is a folder here and a prefix there.
private struct Vendor {
    let folder: TemporaryFolder
    let clock = ManualClock()

    init() throws {
        folder = try TemporaryFolder()
        _ = try InitCommand.create(path, clock: clock, fileSystem: files)
    }

    var path: FilePath { folder / "repository" }
    var vendorFolder: VendorFolder { VendorFolder(path: path, fileSystem: files) }
    var root: [UInt8] { get throws { try files.read(vendorFolder.layout.firstRoot, limit: 1 << 20) } }

    func publish(_ version: String, at path: FilePath? = nil) throws {
        let source = folder / "application-\(version)"
        try files.makeDirectories(source)
        try files.replace(source.appending("file"), with: Array(version.utf8), permissions: 0o644)
        let target = VendorFolder(path: path ?? self.path, fileSystem: files)
        let request = PublishRequest(
            product: "om-business", version: version,
            parts: [.init(component: .server, platform: "linux-x86_64", folder: source)], level: 1)
        _ = try Publisher(folder: target, clock: clock).publish(request)
    }

    @discardableResult
    func sync(_ store: any ObjectStore, from path: FilePath? = nil, delete: Bool = false, dryRun: Bool = false)
        async throws -> Uploaded
    {
        try await SyncCommand.sync(
            VendorFolder(path: path ?? self.path, fileSystem: files), to: store, clock: clock, delete: delete,
            dryRun: dryRun)
    }

    /// What a stranger finds wrong who has nothing but the first root.
    func findings(_ store: MemoryStore) async throws -> [String] {
        let report = await VerifyCommand.verify(
            store, url: MemoryStore.url, root: try root, now: clock.now, workshop: nil, fileSystem: files)
        return report.findings.filter { $0.severity == .wrong }.map(\.sentence)
    }

    func code(_ body: () async throws -> Void) async -> UploadError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? UploadError)?.code
        }
    }
}

@Suite("A repository in an object store")
struct RepositoryUploadTests {
    @Test("What is uploaded is what timestamp.json leads to, and a stranger finds it sound")
    func first() async throws {
        let (vendor, store) = (try Vendor(), MemoryStore())
        try vendor.publish("1.0")
        try files.replace(vendor.path.appending("public/note.txt"), with: [1], permissions: 0o644)
        let uploaded = try await vendor.sync(store)
        #expect(uploaded.written.sorted() == store.changes.sorted())
        let order = ["packs", "targets", "metadata"]
        let ranks = store.changes.compactMap { path in order.firstIndex { path.hasPrefix("\($0)/") } }
        #expect(ranks.count == store.changes.count && ranks == ranks.sorted(), "\(store.changes)")
        #expect(store.changes.last == "metadata/timestamp.json")
        #expect(try await vendor.findings(store) == [])
        #expect(!store.paths.contains("note.txt") && store.paths.contains("metadata/root.json"))
        for path in store.paths {
            let object = try #require(store.object(path))
            let isReplaced = path == "metadata/timestamp.json" || path == "metadata/root.json"
            #expect(object.cacheControl.contains("immutable") != isReplaced, "\(path)")
        }
        #expect(try await vendor.sync(store).written == [], "all of it is there")
    }

    @Test("A dry run says what would be written, and writes nothing")
    func dryRun() async throws {
        let (vendor, store) = (try Vendor(), MemoryStore())
        try vendor.publish("1.0")
        let planned = try await vendor.sync(store, dryRun: true)
        #expect(store.paths.isEmpty)
        #expect(try await vendor.sync(store).written == planned.written)
    }

    @Test("An upload that breaks off at any object leaves a sound store, and the next run goes on")
    func broken() async throws {
        let vendor = try Vendor()
        try vendor.publish("1.0")
        let first = MemoryStore()
        try await vendor.sync(first)
        let published = vendor.folder / "published"
        try files.copyTree(vendor.path, to: published)
        try vendor.publish("2.0")
        let whole = try await vendor.sync(first).written.count
        #expect(whole > 5)
        for at in 1...whole {
            let store = MemoryStore()
            try await vendor.sync(store, from: published)
            store.set(.down(at: at))
            let code = await vendor.code { try await vendor.sync(store) }
            #expect(code == .store(.unreachable))
            store.set(.none)
            #expect(try await vendor.findings(store) == [], "after \(at) of \(whole)")
            try await vendor.sync(store)
            #expect(try await vendor.findings(store) == [])
            #expect(store.bytes("metadata/timestamp.json") == first.bytes("metadata/timestamp.json"))
        }
    }

    @Test("An answer that is lost on its way is no conflict")
    func answerLost() async throws {
        let vendor = try Vendor()
        try vendor.publish("1.0")
        for at in 1...9 {
            let store = MemoryStore()
            store.set(.answerLost(at: at))
            try await vendor.sync(store)
            #expect(try await vendor.findings(store) == [], "\(at)")
        }
    }

    @Test("Of two who publish to one store at the same time, the second is told, and readers keep a whole repository")
    func race() async throws {
        let (vendor, store) = (try Vendor(), MemoryStore())
        try vendor.publish("1.0")
        try await vendor.sync(store)
        // Somebody works on a copy that was made before.
        let copy = vendor.folder / "copy"
        try files.copyTree(vendor.path, to: copy)
        try vendor.publish("2.0")
        try await vendor.sync(store)
        try vendor.publish("2.1", at: copy)
        #expect(await vendor.code { try await vendor.sync(store, from: copy) } == .conflict)
        try vendor.publish("2.2", at: copy)
        #expect(await vendor.code { try await vendor.sync(store, from: copy) } == .conflict)
        #expect(try await vendor.findings(store) == [])

        // And one who comes in between the look and the last file.
        try vendor.publish("2.3")
        let planned = try await vendor.sync(store, dryRun: true).written.count
        store.set(.somebody(at: planned) { $0.plant("metadata/timestamp.json", [1]) })
        #expect(await vendor.code { try await vendor.sync(store) } == .conflict)
        #expect(store.bytes("metadata/timestamp.json") == [1], "theirs is not overwritten")
    }

    @Test("An older copy of the repository takes nobody back")
    func older() async throws {
        let (vendor, store) = (try Vendor(), MemoryStore())
        try vendor.publish("1.0")
        let copy = vendor.folder / "copy"
        try files.copyTree(vendor.path, to: copy)
        try vendor.publish("2.0")
        try await vendor.sync(store)
        let before = store.bytes("metadata/timestamp.json")
        #expect(await vendor.code { try await vendor.sync(store, from: copy) } == .older)
        #expect(store.bytes("metadata/timestamp.json") == before)
    }

    @Test("A pack that is damaged here is not uploaded")
    func damaged() async throws {
        let (vendor, store) = (try Vendor(), MemoryStore())
        try vendor.publish("1.0")
        let name = try #require(try files.entries(of: vendor.vendorFolder.layout.packs).first)
        let pack = vendor.vendorFolder.layout.packs.appending(name)
        let size = try #require(try files.attributes(of: pack)).size
        try files.replace(pack, with: [UInt8](repeating: 7, count: Int(size)), permissions: 0o644)
        #expect(await vendor.code { try await vendor.sync(store) } == .incomplete)
        #expect(store.paths.isEmpty)
        try files.remove(pack)
        #expect(await vendor.code { try await vendor.sync(store) } == .incomplete)
    }

    @Test("New keys: the new root follows the timestamp that both sign, and comes first when a key is lost")
    func rotated() async throws {
        for isLost in [false, true] {
            let (vendor, store) = (try Vendor(), MemoryStore())
            try vendor.publish("1.0")
            try await vendor.sync(store)
            let folder = vendor.vendorFolder
            do {
                var editor = try folder.edit(clock: vendor.clock)
                let key = try editor.keys.generate("timestamp-new", unattended: true).key
                if isLost { try files.remove(folder.layout.keys.appending("timestamp.pem")) }
                try editor.setKeys([key], threshold: 1, of: "timestamp")
                try editor.commit()
            }
            let written = try await vendor.sync(store).written
            let (root, stamp) = (
                try #require(written.firstIndex(of: "metadata/2.root.json")),
                try #require(written.firstIndex(of: "metadata/timestamp.json"))
            )
            #expect((root < stamp) == isLost, "\(written)")
            #expect(try await vendor.findings(store) == [])
        }
    }

    @Test("What prune removed here is removed there on request, and nothing else")
    func removed() async throws {
        let (vendor, store) = (try Vendor(), MemoryStore())
        try vendor.publish("1.0")
        try await vendor.sync(store)
        store.plant("index.html", [1])
        store.plant("packs/readme.txt", [1])
        let pack = try #require(store.paths.first { $0.hasPrefix("packs/") && $0.count > 64 })
        for _ in 1...2 {
            vendor.clock.advance(by: 100 * 86_400)
            try vendor.publish("2.\(vendor.clock.now.timeIntervalSince1970)")
            for name in try files.entries(of: vendor.vendorFolder.layout.metadata) {
                try FileManager.default.setAttributes(
                    [.modificationDate: vendor.clock.now - 90 * 86_400],
                    ofItemAtPath: vendor.vendorFolder.layout.metadata.appending(name).string)
            }
        }
        _ = try Pruner(folder: vendor.vendorFolder, clock: vendor.clock, keepDays: 30, keepReleases: 1).run()
        vendor.clock.advance(by: 6 * 86_400)
        let kept = try await vendor.sync(store)
        #expect(kept.removed == [] && store.paths.contains(pack))
        let uploaded = try await vendor.sync(store, delete: true)
        #expect(uploaded.removed.contains { $0.hasPrefix("metadata/") })
        #expect(store.paths.contains("index.html") && store.paths.contains("packs/readme.txt"))
        #expect(store.paths.contains("metadata/1.root.json"))
        let left = try vendor.vendorFolder.servedFiles()
        for path in uploaded.removed { #expect(!left.contains(path), "\(path)") }
        #expect(try await vendor.findings(store) == [])
    }
}
