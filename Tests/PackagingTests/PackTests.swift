// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Packaging

@Suite struct PackTests {
    @Test("What is staged from a pack is what was packed, file by file")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let source = try makeApplication(in: folder)
        let packed = try pack(source, in: folder)
        #expect(packed.tree.pack.frames.count > 3)
        #expect(try files.attributes(of: packed.pack)?.size == packed.tree.pack.length)

        var last: (Int64, Int64) = (0, 0)
        try Stager(fileSystem: files).stage(packed.tree, pack: packed.pack, into: folder / "staged") { last = ($0, $1) }
        #expect(last == (packed.tree.installedBytes, packed.tree.installedBytes))
        #expect(try TreeVerifier(fileSystem: files).compare(folder / "staged", with: packed.tree).isIdentical)
        #expect(try pack(folder / "staged", in: folder, named: "again").tree == packed.tree)
        #expect(try files.attributes(of: folder / "staged/om-server")?.permissions == 0o755)
        #expect(try files.attributes(of: folder / "staged/backups")?.permissions == 0o755)
        #expect(try files.destination(ofLink: folder / "staged/share/current") == "texts/it.txt")
    }

    @Test("Packs are the same byte for byte, whoever makes them when")
    func deterministic() throws {
        let (one, other) = (try TemporaryFolder(), try TemporaryFolder())
        let first = try pack(try makeApplication(in: one), in: one)
        let second = try pack(try makeApplication(in: other, at: "elsewhere"), in: other)
        #expect(first.tree == second.tree)
        #expect(try files.read(first.pack, limit: .max) == files.read(second.pack, limit: .max))
    }

    @Test("Each frame can be decompressed without the others")
    func independentFrames() throws {
        let folder = try TemporaryFolder()
        let packed = try pack(try makeApplication(in: folder), in: folder)
        let bytes = try files.read(packed.pack, limit: .max)
        for frame in packed.tree.pack.frames.reversed() {
            let part = Array(bytes[Int(frame.offset)..<Int(frame.offset + frame.length)])
            #expect(
                try Zstd.decompress(part, expecting: Int(frame.uncompressedLength)).count == frame.uncompressedLength)
        }
    }

    @Test("Content larger than a frame has frames of its own: whoever needs a small file does not fetch it")
    func largeFiles() throws {
        let folder = try TemporaryFolder()
        for (name, size) in [("a", 1000), ("b", 4097), ("c", 2000), ("d", 5000), ("e", 16_384 + 7), ("f", 3000)] {
            try folder.write("app/\(name)", noise(size, seed: UInt64(size)))
        }
        let packed = try pack(folder / "app", in: folder)
        #expect(packed.tree.pack.frames.map(\.uncompressedLength) == [1000, 4097, 2000, 5000, 16_384, 7, 3000])
        try Stager(fileSystem: files).stage(packed.tree, pack: packed.pack, into: folder / "staged")
        #expect(try TreeVerifier(fileSystem: files).compare(folder / "staged", with: packed.tree).isIdentical)
        let ranges = PackRanges([0, 2], of: packed.tree)
        #expect(ranges.frames == [0, 1, 2], "what lies between is less than a request")
    }

    @Test(
        "Frames are as large as pays: small for files that have nothing in common, larger when like is far from like",
        arguments: [(0, 16), (20, 32), (40, 64)])
    func frameSizes(distance: Int, best: Int) throws {
        var size = FrameSize(level: 19)
        let like = noise(12 << 20, seed: 1)
        try size.append(like)
        try size.append(noise(max(0, distance - 12) << 20, seed: 2))
        try size.append(distance == 0 ? noise(12 << 20, seed: 3) : like)
        #expect(try size.best() == best << 20)
    }

    @Test("Who packs quickly gets small frames, and nothing is tried out")
    func quickFrames() throws {
        var size = FrameSize(level: 3)
        let like = noise(20 << 20, seed: 1)
        try size.append(like + like)
        #expect(try size.best() == FrameSize.smallest)
    }

    @Test("A folder of empty files only has an empty pack and is staged all the same")
    func emptyPack() throws {
        let folder = try TemporaryFolder()
        try folder.write("app/a", "")
        let packed = try pack(folder / "app", in: folder)
        #expect(packed.tree.pack.frames.isEmpty)
        try Stager(fileSystem: files).stage(packed.tree, pack: packed.pack, into: folder / "staged")
        #expect(try files.attributes(of: folder / "staged/a")?.size == 0)
    }

    @Test("A level that zstd does not have is refused", arguments: [0, 23, -1])
    func level(level: Int) throws {
        let folder = try TemporaryFolder()
        let scan = try TreeScanner(fileSystem: files).scan(try makeApplication(in: folder))
        #expect(
            failure { _ = try PackWriter(fileSystem: files, level: level).write(scan, to: folder / "p") }
                == "unsupported")
    }

    enum Change: CaseIterable {
        case grows, shrinks, contentOnly, disappears, appears, becomesLink, becomesExecutable
    }

    @Test("A folder that changes while it is read is refused", arguments: Change.allCases)
    func changes(change: Change) throws {
        let folder = try TemporaryFolder()
        let source = try makeApplication(in: folder)
        let scan = try TreeScanner(fileSystem: files).scan(source)
        let file = source.appending("VERSION")
        var isDone = false
        let code = failure {
            _ = try PackWriter(fileSystem: files, level: 1, frameBytes: 4096).write(scan, to: folder / "p") { _, _ in
                // After VERSION was read, while om-server is.
                if !isDone { isDone = Self.make(change, file, in: folder) }
            }
        }
        #expect(isDone)
        #expect(code == "changedWhileRead")
    }

    private static func make(_ change: Change, _ file: FilePath, in folder: TemporaryFolder) -> Bool {
        do {
            switch change {
            case .grows: try folder.write("app/VERSION", "1.0.1\n")
            case .shrinks: try folder.write("app/VERSION", "")
            case .contentOnly: try rewriteInPlace(file)
            case .disappears: try files.remove(file)
            case .appears: try folder.write("app/share/new", "")
            case .becomesLink:
                try files.remove(file)
                try files.makeLink(at: file, to: "om-server")
            case .becomesExecutable: try files.setPermissions(0o755, of: file)
            }
            return true
        } catch {
            return false
        }
    }

    /// Other content of the same length in the same file, with its modification time put back.
    private static func rewriteInPlace(_ file: FilePath) throws {
        let before = try #require(try files.attributes(of: file))
        let output = try files.openForWriting(file, permissions: 0o644, resume: true)
        try output.truncate(to: 0)
        try output.write(Array("9.9\n".utf8)[...])
        try output.close()
        var times = [timespec(tv_sec: 0, tv_nsec: Int(omitted)), timespec()]
        times[1] = timespec(
            tv_sec: Int(before.modified / 1_000_000_000), tv_nsec: Int(before.modified % 1_000_000_000))
        try #require(utimensat(AT_FDCWD, file.string, times, 0) == 0)
        try #require(try files.attributes(of: file)?.modified == before.modified)
    }

    private static let omitted = (1 << 30) - 2
}
