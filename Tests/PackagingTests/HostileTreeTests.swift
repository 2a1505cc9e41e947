// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Packaging

/// Each tree is signed by a vendor whose key was stolen, or read by a reader with a defect: it must not get out of
/// its folder all the same.
@Suite struct HostileTreeTests {
    static let hash = String(repeating: "0123456789abcdef", count: 4)

    static func tree(_ entries: [TreeEntry], frames: [Frame]? = nil, length: Int64? = nil) -> Tree {
        let total = entries.reduce(0) { $0 &+ $1.size }
        let frames = frames ?? (total > 0 ? [Frame(offset: 0, length: 5, uncompressedLength: total)] : [])
        return Tree(
            product: "om-business", release: "1.0", component: "server", platform: "linux-x86_64", entries: entries,
            pack: PackReference(
                length: length ?? frames.reduce(0) { $0 &+ $1.length }, sha256: hash, frames: frames))
    }

    static func file(_ path: String, size: Int64 = 1) -> TreeEntry {
        // Another content for each path.
        let sha256 = ContentHash.sha256(Array(path.utf8))
        return TreeEntry(path: path, kind: .file(size: size, sha256: sha256, permissions: 0o644))
    }

    static func folder(_ path: String) -> TreeEntry { TreeEntry(path: path, kind: .directory(permissions: 0o755)) }
    static func link(_ path: String, _ destination: String) -> TreeEntry {
        TreeEntry(path: path, kind: .symlink(destination: destination))
    }

    private func check(_ entries: [TreeEntry]) -> String { failure { try Self.tree(entries).check() } }

    @Test("An ordinary tree passes")
    func ordinary() throws {
        try Self.tree([
            Self.folder("a"), Self.file("a-b"), Self.folder("a/b"), Self.file("a/b/c"), Self.link("a/d", "../e"),
            Self.link("a/up", "."), Self.file("e"), Self.file("…/x".replacing("/x", with: "")),
        ]).check()
    }

    @Test(
        "Paths that lead out of the folder are refused",
        arguments: ["/etc/passwd", "..", "../x", "a/../../x", "a/..", "./a", "a//b", "a/", ".", "a/./b", "/"])
    func escapingPath(path: String) {
        #expect(check([Self.folder("a"), Self.file(path)]) != "no error")
        #expect(check([Self.file(path)]) == "escapes")
    }

    @Test(
        "Names with control characters, empty and endless names are refused",
        arguments: [
            "", "a\u{0}b", "a\nb", "\u{1B}[2J", "a\u{7F}", "a\u{85}", String(repeating: "a", count: 256),
            Array(repeating: "abc", count: 2000).joined(separator: "/"),
        ])
    func badNames(path: String) {
        #expect(check([Self.file(path)]) == "malformed")
    }

    @Test("A file below a symlink, a file or nothing is refused: symlink traversal")
    func traversal() {
        #expect(check([Self.link("a", "b"), Self.file("a/x"), Self.folder("b")]) == "escapes")
        #expect(check([Self.file("a"), Self.file("a/x")]) == "escapes")
        #expect(check([Self.file("a/x")]) == "escapes")
    }

    @Test("The same path twice, or out of order, is refused")
    func duplicates() {
        #expect(check([Self.file("a"), Self.file("a")]) == "malformed")
        #expect(check([Self.file("a"), Self.link("a", "b")]) == "malformed")
        #expect(check([Self.file("b"), Self.file("a")]) == "malformed")
    }

    @Test("Names that only Swift thinks equal are two files, as the file system sees them")
    func normalisation() throws {
        try Self.tree([Self.file("e\u{301}"), Self.file("\u{E9}")]).check()
    }

    @Test(
        "Symlinks that lead out of the folder are refused",
        arguments: ["/etc/passwd", "..", "../x", "a/../../x", "a/up/../x", "../../../../etc"])
    func escapingLinks(destination: String) {
        // a/up leads to the top, so a/up/.. leads out although it does not look so.
        #expect(
            check([Self.folder("a"), Self.link("a/up", ".."), Self.link("z", destination)]) == "escapes")
    }

    @Test("Symlinks that go round in circles are refused")
    func circles() {
        #expect(check([Self.link("a", "b"), Self.link("b", "a")]) == "malformed")
        #expect(check([Self.link("a", "")]) == "malformed")
        #expect(check([Self.link("a", "b\u{0}c")]) == "malformed")
    }

    @Test("A dangling symlink inside the folder is the vendor's affair")
    func dangling() throws {
        try Self.tree([Self.folder("a"), Self.link("a/log", "../run/log.txt")]).check()
    }

    @Test(
        "Permissions that would let others write, or run as somebody else, are refused",
        arguments: [0o666, 0o4755, 0o777, 0])
    func permissions(mode: UInt16) {
        #expect(check([.init(path: "a", kind: .file(size: 1, sha256: Self.hash, permissions: mode))]) == "malformed")
        #expect(check([.init(path: "a", kind: .directory(permissions: mode))]) == "malformed")
    }

    @Test("Sizes that lie are refused", arguments: [-1, Int64.max, Int64.min, 1 << 45])
    func sizes(size: Int64) {
        #expect(check([Self.file("a", size: size)]) == "malformed")
        #expect(check([Self.file("a", size: size), Self.file("b", size: size)]) == "malformed")
    }

    @Test(
        "Frames that overlap, leave gaps, need much memory or do not add up are refused",
        arguments: [
            [Frame(offset: 0, length: 5, uncompressedLength: 9)],
            [Frame(offset: 1, length: 5, uncompressedLength: 10)],
            [Frame(offset: 0, length: 5, uncompressedLength: 5), Frame(offset: 4, length: 5, uncompressedLength: 5)],
            [Frame(offset: 0, length: 5, uncompressedLength: 5), Frame(offset: 6, length: 5, uncompressedLength: 5)],
            [Frame(offset: 0, length: -5, uncompressedLength: 10)],
            [
                Frame(offset: 0, length: 5, uncompressedLength: -10),
                Frame(offset: 5, length: 5, uncompressedLength: 20),
            ],
            [Frame(offset: 0, length: 5, uncompressedLength: 10), Frame(offset: 5, length: 1, uncompressedLength: 0)],
            [Frame(offset: 0, length: .max, uncompressedLength: 10)],
            [
                Frame(offset: 0, length: 5, uncompressedLength: .max),
                Frame(offset: 5, length: 5, uncompressedLength: .max),
            ],
            [],
        ])
    func frames(frames: [Frame]) {
        #expect(failure { try Self.tree([Self.file("a", size: 10)], frames: frames).check() } == "malformed")
    }

    @Test("A frame that would take more than 64 MiB of memory is refused")
    func largeFrame() {
        func check(_ size: Int64, _ length: Int64) -> String {
            let frames = [Frame(offset: 0, length: length, uncompressedLength: size)]
            return failure { try Self.tree([Self.file("a", size: size)], frames: frames).check() }
        }
        #expect(check(64 << 20, 65 << 20) == "no error")
        #expect(check((64 << 20) + 1, 5) == "malformed")
        #expect(check(64 << 20, (65 << 20) + 1025) == "malformed", "much more than its content, compressed")
    }

    @Test(
        "Hashes that are none are refused",
        arguments: ["", "abc", String(repeating: "A", count: 64), "../" + String(repeating: "a", count: 61)])
    func hashes(hash: String) {
        #expect(check([.init(path: "a", kind: .file(size: 1, sha256: hash, permissions: 0o644))]) == "malformed")
        var tree = Self.tree([Self.file("a")])
        tree.pack.sha256 = hash
        #expect(failure { try tree.check() } == "malformed")
    }
}
