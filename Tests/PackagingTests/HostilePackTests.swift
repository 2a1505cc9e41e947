// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Packaging

/// The tree is right; what lies where the pack should be is not.
@Suite struct HostilePackTests {
    private let folder: TemporaryFolder
    private let packed: Packed
    private let bytes: [UInt8]

    init() throws {
        folder = try TemporaryFolder()
        packed = try pack(try makeApplication(in: folder), in: folder)
        bytes = try files.read(packed.pack, limit: .max)
    }

    private func stage(_ tree: Tree, _ pack: [UInt8]) throws -> String {
        let file = try folder.write("hostile", pack)
        return failure { try Stager(fileSystem: files).stage(tree, pack: file, into: folder / "staged") }
    }

    @Test("A pack cut off anywhere is refused", arguments: [0.0, 0.1, 0.5, 0.99])
    func truncated(share: Double) throws {
        #expect(try stage(packed.tree, Array(bytes.prefix(Int(Double(bytes.count) * share)))) == "tampered")
    }

    @Test("A pack with something behind its end is refused")
    func trailing() throws {
        #expect(try stage(packed.tree, bytes + [0]) == "tampered")
    }

    @Test("A changed byte anywhere in the content is found", arguments: 0..<12)
    func flipped(position: Int) throws {
        var changed = bytes
        changed[changed.count * position / 12 + 40] ^= 0x40
        #expect(try stage(packed.tree, changed) == "tampered")
    }

    @Test("A frame that decompresses to more than it says is refused: decompression bomb")
    func bomb() throws {
        let bomb = try Zstd.compress([UInt8](repeating: 0, count: 64 << 20), level: 1)
        let tree = HostileTreeTests.tree(
            [HostileTreeTests.file("a", size: 10_000)],
            frames: [Frame(offset: 0, length: Int64(bomb.count), uncompressedLength: 10_000)])
        #expect(try stage(tree, bomb) == "tampered")
        #expect(try files.attributes(of: folder / "staged/a")?.size ?? 0 == 0)
    }

    @Test("A frame that decompresses to less than it says is refused")
    func shortFrame() throws {
        let frame = try Zstd.compress(noise(50), level: 1)
        let tree = HostileTreeTests.tree(
            [HostileTreeTests.file("a", size: 100)],
            frames: [Frame(offset: 0, length: Int64(frame.count), uncompressedLength: 100)])
        #expect(try stage(tree, frame) == "tampered")
    }

    @Test("Two frames in the place of one, and a skippable frame, are refused")
    func frameKinds() throws {
        let half = try Zstd.compress(noise(50), level: 1)
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]
        for (pack, size) in [(half + half, 100), (skippable + half, 50), (skippable, 50)] as [([UInt8], Int64)] {
            let tree = HostileTreeTests.tree(
                [HostileTreeTests.file("a", size: size)],
                frames: [Frame(offset: 0, length: Int64(pack.count), uncompressedLength: size)])
            #expect(try stage(tree, pack) == "tampered")
            try files.removeTree(folder / "staged")
        }
    }

    @Test("Right frames with the content of another file are refused by the file's hash")
    func otherContent() throws {
        var tree = packed.tree
        guard case .file(let size, _, let permissions) = tree.entries[0].kind else { return }
        tree.entries[0].kind = .file(size: size, sha256: HostileTreeTests.hash, permissions: permissions)
        #expect(try stage(tree, bytes) == "tampered")
    }

    @Test("A hostile tree is refused before anything is written")
    func hostileTree() throws {
        var tree = packed.tree
        tree.entries.insert(.init(path: "../evil", kind: .directory(permissions: 0o755)), at: 0)
        #expect(try stage(tree, bytes) == "escapes")
        #expect(try files.attributes(of: folder / "staged") == nil)
        #expect(try files.attributes(of: folder / "evil") == nil)
    }

    @Test("A tree is built only where nothing is")
    func occupied() throws {
        try folder.write("staged/precious", "data")
        #expect(try stage(packed.tree, bytes) == "exists")
        try files.removeTree(folder / "staged")
        try folder.link("staged", to: "app")
        #expect(try stage(packed.tree, bytes) == "exists")
    }

    @Test("A full disk ends staging with a file error")
    func fullDisk() throws {
        for change in 1...12 {
            let full = CrashingFileSystem(files, fault: .full(from: change))
            let target = folder / "staged-\(change)"
            #expect(
                failure { try Stager(fileSystem: full).stage(packed.tree, pack: packed.pack, into: target) } == "file")
        }
    }
}

@Suite struct TreeVerifierTests {
    @Test("Missing, changed and extra files are told apart, and each is found")
    func differences() throws {
        let folder = try TemporaryFolder()
        let source = try makeApplication(in: folder)
        let tree = try pack(source, in: folder).tree
        let verifier = TreeVerifier(fileSystem: files)
        #expect(try verifier.compare(folder / "app", with: tree).changed == ["backups"])
        try files.setPermissions(0o755, of: folder / "app/backups")
        #expect(try verifier.compare(folder / "app", with: tree).isIdentical)

        try folder.write("app/VERSION", "1.1\n")
        try files.setPermissions(0o644, of: folder / "app/om-server")
        try files.remove(folder / "app/share/texts/it.txt")
        try files.remove(folder / "app/share/current")
        try files.makeLink(at: folder / "app/share/current", to: "texts")
        try folder.write("app/backups/b/1.zip", "b")
        try folder.write("app/extra", "x")
        var expected = TreeComparison()
        expected.missing = ["share/texts/it.txt"]
        expected.changed = ["VERSION", "om-server", "share/current"]
        expected.extra = ["backups/b", "extra"]
        #expect(try verifier.compare(folder / "app", with: tree) == expected)

        let kept = try verifier.compare(folder / "app", with: tree) { $0.hasPrefix("backups") || $0 == "VERSION" }
        #expect(kept.changed == ["om-server", "share/current"])
        #expect(kept.extra == ["extra"])
    }

    @Test("A folder where a file should be, a file where a folder should be, and nothing at all are reported")
    func kinds() throws {
        let folder = try TemporaryFolder()
        let tree = try pack(try makeApplication(in: folder), in: folder).tree
        try files.removeTree(folder / "app/share")
        try folder.write("app/share", "file")
        try files.remove(folder / "app/VERSION")
        try folder.write("app/VERSION/x", "file")
        let found = try TreeVerifier(fileSystem: files).compare(folder / "app", with: tree)
        #expect(found.changed == ["VERSION", "backups", "share"])
        #expect(found.missing == ["share/current", "share/texts", "share/texts/empty.txt", "share/texts/it.txt"])
        #expect(found.extra.isEmpty)
    }
}
