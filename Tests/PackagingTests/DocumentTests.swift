// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Packaging

@Suite struct DocumentTests {
    private let date = Date(timeIntervalSince1970: 1_767_225_600)

    private var channel: ChannelDocument {
        ChannelDocument(
            product: "om-business", channel: "stable", current: "2.0", releases: ["2.0", "1.0"],
            rollout: Rollout(percentage: 50, start: date, rampHours: 10))
    }

    @Test("Documents come back from their bytes as they were")
    func roundTrips() throws {
        let release = ReleaseDocument(
            product: "om-business", version: "2.0", date: date, notes: ["it": "Novità / nuovo", "en": "News"],
            severity: .high, requirements: Requirements(fromVersion: "1.0"), migratesData: true,
            parts: [
                ReleasePart(
                    component: "server", platform: "linux-x86_64", tree: "om-business/2.0/server-linux-x86_64.tree.zst",
                    treeSHA256: String(repeating: "a", count: 64), packBytes: 3, installedBytes: 9)
            ])
        #expect(try ReleaseDocument.decoded(from: try release.encoded()) == release)
        #expect(try ChannelDocument.decoded(from: try channel.encoded()) == channel)
        let tree = HostileTreeTests.tree([
            .init(path: "a", kind: .directory(permissions: 0o755)),
            .init(path: "a/b", kind: .file(size: 4, sha256: HostileTreeTests.hash, permissions: 0o755)),
            .init(path: "c", kind: .symlink(destination: "a/b")),
        ])
        #expect(try Tree.decoded(fromCompressed: try tree.compressed()) == tree)
    }

    @Test("Documents are written alike every time")
    func stableBytes() throws {
        #expect(try channel.encoded() == channel.encoded())
        let text = String(decoding: try channel.encoded(), as: UTF8.self)
        #expect(
            text == """
                {"channel":"stable","current":"2.0","format":1,"product":"om-business","recalled":[],"releases":["2.0","1.0"],\
                "rollout":{"percentage":50,"rampHours":10,"start":"2026-01-01T00:00:00Z"}}
                """)
    }

    @Test("The content hash is the one that docs/repository-format.md describes")
    func contentHash() {
        let tree = HostileTreeTests.tree([
            .init(path: "a", kind: .directory(permissions: 0o755)),
            .init(path: "a/b", kind: .file(size: 4, sha256: HostileTreeTests.hash, permissions: 0o644)),
            .init(path: "c", kind: .symlink(destination: "a/b")),
        ])
        let lines = "directory 755 a\nfile 644 4 \(HostileTreeTests.hash) a/b\nsymlink 3 a/b c\n"
        #expect(tree.contentSHA256 == ContentHash.sha256(Array(lines.utf8)))
    }

    @Test("A document of a newer format is refused by name, not misread")
    func newerFormat() throws {
        var document = channel
        document.format = 2
        let bytes = try document.encoded()
        #expect(failure { _ = try ChannelDocument.decoded(from: bytes) } == "unsupported")
    }

    @Test("Unknown members are skipped, so that a format can grow")
    func unknownMembers() throws {
        let text = String(decoding: try channel.encoded(), as: UTF8.self)
        let bytes = Array(text.replacingOccurrences(of: "{\"channel\"", with: "{\"news\":[1],\"channel\"").utf8)
        #expect(try ChannelDocument.decoded(from: bytes) == channel)
    }

    @Test(
        "Documents that are none are malformed",
        arguments: [
            "", "[]", "null", "{\"format\":1}", "{\"format\":\"1\"}", "{\"format\":1,\"product\":",
            "{\"format\":1,\"product\":\"../x\",\"channel\":\"stable\",\"current\":\"1\",\"releases\":[\"1\"],\"recalled\":[],\"rollout\":{\"percentage\":1,\"rampHours\":0,\"start\":\"2026-01-01T00:00:00Z\"}}",
            "{\"format\":1,\"product\":\"x\",\"channel\":\"stable\",\"current\":\"2\",\"releases\":[\"1\"],\"recalled\":[],\"rollout\":{\"percentage\":1,\"rampHours\":0,\"start\":\"2026-01-01T00:00:00Z\"}}",
            "{\"format\":1,\"product\":\"x\",\"channel\":\"stable\",\"current\":\"1\",\"releases\":[\"1\"],\"recalled\":[],\"rollout\":{\"percentage\":101,\"rampHours\":0,\"start\":\"2026-01-01T00:00:00Z\"}}",
        ])
    func malformed(text: String) {
        #expect(failure { _ = try ChannelDocument.decoded(from: Array(text.utf8)) } == "malformed")
    }

    @Test("A tree document that would decompress without end is refused before memory is taken")
    func documentBomb() throws {
        let bomb = try Zstd.compress([UInt8](repeating: 0, count: 1 << 20), level: 1)
        #expect(failure { _ = try Zstd.decompress(bomb, limit: 1 << 16) } == "tampered")
        #expect(failure { _ = try Tree.decoded(fromCompressed: Array(bomb.dropLast(3))) } == "tampered")
        #expect(failure { _ = try Tree.decoded(fromCompressed: [1, 2, 3]) } == "tampered")
    }
}

@Suite struct RolloutTests {
    private let start = Date(timeIntervalSince1970: 1_767_225_600)

    @Test("Nobody is offered a release before its roll-out starts, everybody at 100 percent")
    func edges() {
        let all = Rollout(start: start)
        #expect(!all.includes("a", at: start - 1))
        #expect((0..<200).allSatisfy { all.includes("\($0)", at: start) })
        let none = Rollout(percentage: 0, start: start)
        #expect((0..<200).allSatisfy { !none.includes("\($0)", at: start + 1e6) })
    }

    @Test("About the right share is offered it, and nobody loses the offer as the share grows")
    func share() {
        let rollout = Rollout(percentage: 40, start: start, rampHours: 10)
        let ids = (0..<2000).map { "installation-\($0)" }
        var offered: Set<String> = []
        for hour in 0...12 {
            let now = Set(ids.filter { rollout.includes($0, at: start + Double(hour) * 3600) })
            #expect(offered.isSubset(of: now))
            offered = now
        }
        #expect((700...900).contains(offered.count))
    }
}
