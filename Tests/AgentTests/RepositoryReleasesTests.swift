// SPDX-License-Identifier: Apache-2.0
import Foundation
import Packaging
import Platform
import TUF
import TestSupport
import Testing

@testable import Agent

/// A vendor whose answers wait until the gate is open.
private actor Gate {
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var isOpen = false

    func pass() async {
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}

private struct GatedFetcher: Fetcher {
    let vendor: RepositorySimulator
    let gate: Gate

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        await gate.pass()
        try await vendor.fetch(request, receive: receive)
    }
}

extension RepositoryReleases {
    /// Lets so many ask, and opens the gate when the last of them waits: what is enqueued on an actor runs in its order.
    fileprivate func ask(for packs: [String], then gate: Gate) async throws -> [Int64?] {
        let tasks = packs.map { pack in Task { try await length(ofPack: pack) } }
        await Task {
            _ = self
            await gate.open()
        }.value
        var lengths: [Int64?] = []
        for task in tasks { lengths.append(try await task.value) }
        return lengths
    }
}

/// What the mirror asks before it hands out a pack.
@Suite struct RepositoryReleasesTests {
    private static let product = "om-business"
    private let vendor = RepositorySimulator()
    private let clock = ManualClock()
    private let gate = Gate()
    private let pack: PackReference
    private let delta = String(repeating: "d", count: 64)

    init() throws {
        let folder = try TemporaryFolder()
        let files = POSIXFileSystem()
        try files.makeDirectories(folder / "app")
        try files.replace(folder.path.appending("app/file"), with: [1, 2, 3], permissions: 0o644)
        let scan = try TreeScanner(fileSystem: files).scan(folder / "app")
        let written = try PackWriter(fileSystem: files, level: 1).write(scan, to: folder / "pack")
        pack = written.pack
        var tree = Tree(
            product: Self.product, release: "2.0", component: "client", platform: Platform.current,
            entries: written.entries, pack: pack)
        tree.deltas = [
            DeltaReference(
                from: "1.0", fromTree: String(repeating: "e", count: 64), length: 77, sha256: delta, reads: nil)
        ]
        let path = RepositoryNames.tree("client", Platform.current, "2.0", of: Self.product)
        let release = ReleaseDocument(
            product: Self.product, version: "2.0", date: clock.now, notes: ["en": "Two."],
            parts: [
                ReleasePart(
                    component: "client", platform: Platform.current, tree: path, treeSHA256: tree.contentSHA256,
                    packBytes: pack.length, installedBytes: tree.installedBytes)
            ])
        let channel = ChannelDocument(
            product: Self.product, channel: "stable", current: "2.0", releases: ["2.0"],
            rollout: Rollout(percentage: 100, start: clock.now))
        vendor.addTarget(path, try tree.compressed())
        vendor.addTarget(RepositoryNames.release("2.0", of: Self.product), try release.encoded())
        vendor.addTarget(RepositoryNames.channel("stable", of: Self.product), try channel.encoded())
        vendor.forgetRequests()
    }

    private func releases() -> RepositoryReleases {
        let fetcher = GatedFetcher(vendor: vendor, gate: gate)
        let updater = Updater(
            store: MemoryMetadataStore(), trustedRoot: vendor.trustedRoot, metadataURL: RepositorySimulator.metadataURL,
            targetsURL: RepositorySimulator.targetsURL, fetcher: fetcher, clock: clock)
        let repository = ReleaseRepository(
            updater: updater, baseURL: "https://vendor.test/", product: Self.product, channel: "stable",
            fetcher: fetcher)
        return RepositoryReleases(
            repository: repository, component: "server", platform: Platform.current, installationID: "id",
            fileSystem: POSIXFileSystem(), clock: clock
        ) { nil }
    }

    private var timestamps: Int { vendor.requests.count { $0 == "timestamp.json" } }

    @Test("Workstations that ask for packs at once, deltas among them, cause one look-up at the vendor")
    func joined() async throws {
        let releases = releases()
        let asked = Array(repeating: [pack.sha256, delta], count: 10).flatMap(\.self)
        let lengths = try await releases.ask(for: asked, then: gate)
        #expect(lengths == Array(repeating: [pack.length, 77], count: 10).flatMap(\.self))
        let requests = vendor.requests
        #expect(timestamps == 1 && Set(requests).count == requests.count, "\(requests)")
        #expect(try await releases.length(ofPack: delta) == 77 && vendor.requests == requests, "what is known is known")
    }

    @Test("A pack that nobody knows is looked up once, and again only after a while")
    func unknown() async throws {
        let releases = releases()
        let none = String(repeating: "0", count: 64)
        #expect(try await releases.ask(for: [none, none, none], then: gate) == [nil, nil, nil])
        #expect(try await releases.length(ofPack: none) == nil && timestamps == 1)
        clock.advance(by: RepositoryReleases.unknownPackPatience + 1)
        #expect(try await releases.length(ofPack: none) == nil && timestamps == 2)
    }

    @Test("A look-up that fails is everybody's failure, and the next one asks again")
    func failing() async throws {
        let releases = releases()
        vendor.change { $0.failures["timestamp.json"] = .unreachable }
        await #expect(throws: Refusal.self) { try await releases.ask(for: [delta, delta], then: gate) }
        #expect(timestamps == 1)
        vendor.change { $0.failures = [:] }
        #expect(try await releases.length(ofPack: delta) == 77)
    }
}
