// SPDX-License-Identifier: Apache-2.0
import DeltaMaking
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Packaging

@Suite struct StagingTests {
    @Test("A content that several files have is in the pack once, and in each file when it is staged")
    func repeatedContent() throws {
        let folder = try TemporaryFolder()
        try folder.write("app/a/one", noise(9000))
        try folder.write("app/b/one", noise(9000), permissions: 0o755)
        try folder.write("app/b/same size", noise(9000, seed: 2))
        try folder.write("app/c", noise(5000, seed: 3))
        try folder.write("app/d", noise(9000))
        try folder.write("app/e", "")
        try folder.write("app/f", "")
        let packed = try pack(folder / "app", in: folder)
        #expect(packed.tree.pack.frames.reduce(0) { $0 + $1.uncompressedLength } == 23_000)
        #expect(packed.tree.installedBytes == 41_000)
        try packed.tree.check()

        var last: Int64 = 0
        try Stager(fileSystem: files).stage(packed.tree, pack: packed.pack, into: folder / "staged") { done, _ in
            last = done
        }
        #expect(last == 41_000)
        #expect(try TreeVerifier(fileSystem: files).compare(folder / "staged", with: packed.tree).isIdentical)

        // The last one's content lies where the first one's does.
        let index = try #require(packed.tree.entries.firstIndex { $0.path == "d" })
        let ranges = PackRanges([index], of: packed.tree)
        #expect(ranges.ranges.first?.offset == 0)
        #expect(ranges.bytes < packed.tree.pack.length)
    }

    @Test("Two files with one hash and different sizes are refused")
    func oneHashTwoSizes() {
        let hash = ContentHash.sha256([])
        let entries = [("a", Int64(1)), ("b", 2)].map { path, size in
            TreeEntry(path: path, kind: .file(size: size, sha256: hash, permissions: 0o644))
        }
        for total: Int64 in 1...3 {
            let tree = HostileTreeTests.tree(
                entries, frames: [Frame(offset: 0, length: 5, uncompressedLength: total)])
            #expect(failure { try tree.check() } == "malformed")
        }
    }

    /// An update whose delta makes `run` and `twin`, and whose other files are copied.
    private struct Update {
        let folder: TemporaryFolder
        let old: Packed
        let new: Packed
        let plan: ContentPlan

        init() throws {
            folder = try TemporaryFolder()
            let code = program(functions: 400, extra: 0, seed: 4)
            for index in 0..<40 {
                try folder.write("old/data/\(index)", noise(3000, seed: UInt64(index + 10)))
                // Every content under another name too.
                try folder.write("new/data/\(index)", noise(3000, seed: UInt64(index + 10)))
                try folder.write("new/moved/\(index)", noise(3000, seed: UInt64(index + 10)))
            }
            try folder.write("old/run", code, permissions: 0o755)
            let changed = program(functions: 400, extra: 40, seed: 4)
            try folder.write("new/run", changed, permissions: 0o755)
            try folder.write("new/twin", changed)
            old = try pack(folder / "old", in: folder, named: "oldpack")
            var new = try pack(folder / "new", in: folder, named: "newpack")
            let delta = try #require(
                try DeltaWriter(fileSystem: files, options: DeltaOptions(level: 3)).write(
                    from: old.tree.entries, in: folder / "old", to: new.tree.entries, in: folder / "new",
                    as: folder / "delta"))
            try files.rename(folder / "delta", to: folder / delta.sha256)
            new.tree.deltas = [
                DeltaReference(
                    from: "0.9", fromTree: old.tree.contentSHA256, length: delta.length, sha256: delta.sha256,
                    reads: delta.reads)
            ]
            self.new = new
            plan = ContentPlan(
                new.tree, from: Inventory(old.tree, intact: Set(old.tree.entries.indices)), allowing: [.delta])
        }

        func stage(_ progress: (Int64, Int64) -> Void = { _, _ in }) throws {
            try Stager(fileSystem: files).stage(
                new.tree,
                from: Stager.Source(
                    plan: plan, downloads: folder.path, old: (folder: folder / "old", tree: old.tree)),
                into: folder / "staged", progress: progress)
        }
    }

    @Test("From a delta and copies comes the new tree, and what progress says never goes back")
    func deltaAndCopies() throws {
        let update = try Update()
        #expect(update.plan.way == .delta)
        var seen: [Int64] = []
        try update.stage { done, _ in seen.append(done) }
        #expect(seen == seen.sorted())
        #expect(seen.last == update.new.tree.installedBytes)
        let compared = try TreeVerifier(fileSystem: files).compare(
            update.folder / "staged", with: update.new.tree)
        #expect(compared.isIdentical)
    }

    @Test("An old file that changed since it was looked at is noticed, whoever reads it", arguments: ["data/7", "run"])
    func changedMeanwhile(path: String) throws {
        let update = try Update()
        let file = (update.folder / "old").appending(path)
        var content = try files.read(file, limit: .max)
        for index in stride(from: 600, to: content.count, by: 7) { content[index] ^= 0x55 }
        try files.replace(file, with: content, permissions: 0o644)
        #expect(failure { try update.stage() } == "tampered")
    }

    @Test("A delta of several segments, whose buffers take turns")
    func severalSegments() throws {
        let block = noise(1 << 20)
        var content: [UInt8] = []
        for number in 0..<34 {
            var changed = block
            for index in stride(from: number, to: changed.count, by: 40_009) { changed[index] ^= UInt8(number + 1) }
            content += changed
        }
        let stage = try DeltaStage(old: ["a": block], new: ["a": content])
        let written = try #require(try stage.make(DeltaOptions(level: 1)))
        #expect(written.segments == 8)
        #expect(try stage.checkRoundTrip())
    }
}
