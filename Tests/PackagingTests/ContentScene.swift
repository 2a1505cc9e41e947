// SPDX-License-Identifier: Apache-2.0
import DeltaMaking
import Platform
import SystemPackage
import TUF
import TestSupport
import Testing

@testable import Packaging

/// An installed release, the next one, and a vendor that has its pack and a delta.
///
/// `program` changes a little, `library` wholly, `moved` only its place, `same` and `texts` not at all; `added` is new.
struct ContentScene {
    let folder: TemporaryFolder
    let old: Tree
    private(set) var new: Tree
    let installed: FilePath
    let blobs: [String: [UInt8]]

    init() throws {
        folder = try TemporaryFolder()
        let (program, same) = (noise(400_000, seed: 1), noise(300_000, seed: 2))
        var changed = program
        for index in stride(from: 1000, to: changed.count, by: 40_000) { changed[index] &+= 1 }
        try folder.write("1.0/bin/program", program, permissions: 0o755)
        try folder.write("1.0/lib/library", noise(200_000, seed: 3))
        try folder.write("1.0/lib/moved", noise(150_000, seed: 4))
        try folder.write("1.0/lib/same", same)
        try folder.write("1.0/texts/it.txt", "buongiorno")
        try folder.write("2.0/bin/program", changed, permissions: 0o755)
        try folder.write("2.0/lib/added", noise(1000, seed: 6))
        try folder.write("2.0/lib/library", noise(200_000, seed: 5))
        try folder.write("2.0/lib/same", same)
        try folder.write("2.0/share/moved", noise(150_000, seed: 4))
        try folder.write("2.0/texts/empty", "")
        try folder.write("2.0/texts/it.txt", "buongiorno")
        try folder.link("2.0/current", to: "bin/program")
        let (first, second) = (
            try pack(folder / "1.0", in: folder, named: "pack-1"), try pack(folder / "2.0", in: folder, named: "pack-2")
        )
        old = first.tree
        var new = second.tree
        new.release = "2.0"
        let delta = folder / "delta"
        let written = try DeltaWriter(fileSystem: files, options: DeltaOptions(level: 3)).write(
            from: old.entries, in: folder / "1.0", to: new.entries, in: folder / "2.0", as: delta)
        var blobs = [new.pack.sha256: try files.read(second.pack, limit: .max)]
        if let written {
            new.deltas = [
                DeltaReference(
                    from: "1.0", fromTree: old.contentSHA256, length: written.length, sha256: written.sha256,
                    reads: written.reads)
            ]
            blobs[written.sha256] = try files.read(delta, limit: .max)
        }
        self.new = new
        self.blobs = blobs
        installed = folder / "installed"
        try files.copyTree(folder / "1.0", to: installed)
    }

    var downloads: FilePath {
        get throws {
            try files.makeDirectories(folder / "downloads")
            return folder / "downloads"
        }
    }

    mutating func forgetDeltas() { new.deltas = [] }
    /// As from a tool that did not say what its delta reads.
    mutating func forgetReads() { new.deltas[0].reads = nil }

    func inventory() throws -> Inventory { try Inventory(of: installed, against: old, fileSystem: files) }
    func plan() throws -> ContentPlan { ContentPlan(new, from: try inventory()) }

    func plan(_ way: ContentPlan.Way) throws -> ContentPlan {
        switch way {
        case .pack: return ContentPlan(new)
        case .ranges: return ContentPlan(new, from: try inventory(), allowing: [.ranges])
        default: return try plan()
        }
    }

    func vendor(_ fault: PackServer.Fault = .none) -> PackServer { PackServer(blobs, fault) }

    func fetch(_ plan: ContentPlan, from vendor: any Fetcher, at url: String = "http://vendor") async throws {
        let updater = Updater(
            store: MemoryMetadataStore(), trustedRoot: nil, metadataURL: "", targetsURL: "", fetcher: vendor,
            clock: ManualClock())
        let repository = ReleaseRepository(
            updater: updater, baseURL: url, product: "om-business", channel: "stable", fetcher: vendor)
        try await repository.fetch(plan, of: new, into: try downloads, fileSystem: files)
    }

    /// Builds the new folder, and says how it differs from what it should be.
    func stage(_ plan: ContentPlan, _ inventory: Inventory?) throws -> TreeComparison {
        let staged = folder / "staged"
        try files.removeTree(staged)
        let source = Stager.Source(
            plan: plan, downloads: try downloads, old: inventory.map { (folder: installed, tree: $0.tree) })
        try Stager(fileSystem: files).stage(new, from: source, into: staged)
        return try TreeVerifier(fileSystem: files).compare(staged, with: new)
    }

    /// Everything was fetched, and makes exactly the new tree.
    func expectWhole(_ plan: ContentPlan, _ message: String = "") throws {
        let comparison = try stage(plan, plan.way == .pack ? nil : try inventory())
        #expect(comparison.isIdentical, "\(message): \(comparison)")
        let left = try files.entries(of: try downloads).filter { $0.hasSuffix(".partial") }
        #expect(left.isEmpty, "\(message)")
    }
}
