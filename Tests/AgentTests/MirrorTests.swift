// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

@testable import Agent

@Suite struct MirrorTests {
    private let pack: [UInt8] = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    private var name: String { Secret.hex(SHA256.hash(data: pack)) }

    @Test(
        "one range of bytes is answered as RFC 9110 says",
        arguments: [
            ("bytes=0-99", ByteRange.part(0..<100)), ("bytes=9900-", .part(9900..<10_000)),
            ("bytes=-500", .part(9500..<10_000)),
            ("bytes=-20000", .part(0..<10_000)), ("bytes=9999-20000", .part(9999..<10_000)),
            ("bytes=10000-", .unsatisfiable),
            ("bytes=20000-30000", .unsatisfiable), ("bytes=-0", .unsatisfiable), ("bytes=5-4", .whole),
            ("bytes=", .whole),
            ("bytes=-", .whole), ("bytes=a-b", .whole), ("items=0-1", .whole), ("bytes=0-1,3-4", .whole),
            ("BYTES=0-0", .part(0..<1)), ("bytes=0-99999999999999999999", .part(0..<10_000)),
            ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=+1-2", .whole), ("bytes=1", .whole),
        ])
    func ranges(header: String, expected: ByteRange) {
        #expect(ByteRange(header: header, length: 10_000) == expected)
    }

    @Test("entity tags are compared weakly, over lists, commas within included")
    func entityTags() {
        #expect(EntityTag.isListed("\"a\"", in: "\"b\", W/\"a\""))
        #expect(EntityTag.isListed("\"a\"", in: "*"))
        #expect(EntityTag.isListed("\"a,b\"", in: "\"x\",\"a,b\""))
        #expect(!EntityTag.isListed("\"a\"", in: "\"ab\", a"))
    }

    @Test("GET, HEAD, ranges and conditions of a pack; fetched from the vendor once")
    func served() async throws {
        let agent = try await TestAgent()
        await agent.fetcher.putPack(name, pack)
        let path = "/v1/mirror/om-business/packs/\(name)"
        try await agent.application.test(.router) { client in
            let token = try await agent.ticket().ticket
            let whole = try await client.call(.get, path, token: token)
            #expect(whole.status == .ok && Array(whole.body.readableBytesView) == pack)
            #expect(whole.headers[.eTag] == "\"\(name)\"")
            let head = try await client.call(.head, path, token: token, headers: [.range: "bytes=0-9"])
            #expect(head.status == .ok && head.headers[.contentLength] == "10000" && head.body.readableBytes == 0)
            let part = try await client.call(.get, path, token: token, headers: [.range: "bytes=100-199"])
            #expect(part.status == .partialContent && Array(part.body.readableBytesView) == Array(pack[100..<200]))
            #expect(part.headers[.contentRange] == "bytes 100-199/10000")
            let beyond = try await client.call(.get, path, token: token, headers: [.range: "bytes=10000-"])
            #expect(beyond.status == .rangeNotSatisfiable && beyond.headers[.contentRange] == "bytes */10000")
            let known = try await client.call(.get, path, token: token, headers: [.ifNoneMatch: "\"x\", \"\(name)\""])
            #expect(known.status == .notModified && known.body.readableBytes == 0)
            let stale = try await client.call(
                .get, path, token: token, headers: [.range: "bytes=0-9", .ifRange: "\"old\""])
            #expect(stale.status == .ok && stale.body.readableBytes == pack.count)
        }
        #expect(await agent.fetcher.requests.count == 1)
    }

    @Test("many who ask at once cause one fetch")
    func joined() async throws {
        let agent = try await TestAgent()
        await agent.fetcher.putPack(name, pack)
        await agent.fetcher.close()
        let mirror = agent.installations[0].mirror
        let path = MirrorPath.pack(sha256: name)
        try await withThrowingTaskGroup(of: Int64.self) { group in
            for _ in 0..<40 { group.addTask { try await mirror.content(path).length } }
            try await eventually { await agent.fetcher.requests.count == 1 }
            await agent.fetcher.open()
            for try await length in group { #expect(length == 10_000) }
        }
        #expect(await agent.fetcher.requests.count == 1)
    }

    @Test("a pack that is not what its name says is never handed out, nor kept")
    func tampered() async throws {
        let agent = try await TestAgent()
        await agent.fetcher.putPack(name, pack.reversed())
        let mirror = agent.installations[0].mirror
        let path = MirrorPath.pack(sha256: name)
        await #expect(throws: Refusal.self) { _ = try await mirror.content(path) }
        await agent.fetcher.putPack(name, pack + [0], length: 10_000)
        await #expect(throws: Refusal.self) { _ = try await mirror.content(path) }
        await agent.fetcher.putPack(name, pack)
        #expect(try await mirror.content(path).length == 10_000)
        let left = try FileManager.default.contentsOfDirectory(
            atPath: agent.folder.path.appending("om-business").appending("incoming").string)
        #expect(left.isEmpty)
    }

    @Test("a pack that signed metadata does not name is not fetched")
    func unknownPack() async throws {
        let agent = try await TestAgent()
        await agent.fetcher.put("packs/\(name)", pack)
        await #expect(throws: Refusal.notFound) {
            _ = try await agent.installations[0].mirror.content(.pack(sha256: name))
        }
        #expect(await agent.fetcher.requests.isEmpty)
    }

    @Test("metadata is passed on, remembered for a moment, and stale when the vendor is away")
    func metadata() async throws {
        let clock = ManualClock()
        let agent = try await TestAgent(clock: clock)
        let mirror = agent.installations[0].mirror
        let path = MirrorPath.metadata("timestamp.json")
        await agent.fetcher.put("metadata/timestamp.json", [1])
        #expect(try await mirror.content(path).length == 1)
        await agent.fetcher.put("metadata/timestamp.json", [1, 2])
        #expect(try await mirror.content(path).length == 1)
        clock.advance(by: Mirror.timestampFreshness + 1)
        #expect(try await mirror.content(path).length == 2)
        await agent.fetcher.setAway(true)
        clock.advance(by: 3600)
        #expect(try await mirror.content(path).length == 2)
        let other = MirrorPath.metadata("9.root.json")
        await #expect(throws: Refusal.self) { _ = try await mirror.content(other) }
        await agent.fetcher.setAway(false)
        await #expect(throws: Refusal.notFound) { _ = try await mirror.content(other) }
        let asked = await agent.fetcher.requests.count
        await #expect(throws: Refusal.notFound) { _ = try await mirror.content(other) }
        #expect(await agent.fetcher.requests.count == asked)
    }

    @Test("a pack for which there is no space is not even asked for")
    func noSpace() async throws {
        let agent = try await TestAgent()
        await agent.fetcher.putPack(name, pack, length: 1 << 60)
        let mirror = agent.installations[0].mirror
        let refusal = await #expect(throws: Refusal.self) { _ = try await mirror.content(.pack(sha256: name)) }
        #expect(refusal?.code == .notEnoughSpace && refusal?.status == 507)
        #expect(await agent.fetcher.requests.isEmpty)
    }

    @Test("what is not to be kept is dropped, and fetched again when somebody asks")
    func keep() async throws {
        let agent = try await TestAgent()
        await agent.fetcher.putPack(name, pack)
        let mirror = agent.installations[0].mirror
        _ = try await mirror.content(.pack(sha256: name))
        try await mirror.keep(only: [name])
        _ = try await mirror.content(.pack(sha256: name))
        #expect(await agent.fetcher.requests.count == 1)
        try await mirror.keep(only: [])
        _ = try await mirror.content(.pack(sha256: name))
        #expect(await agent.fetcher.requests.count == 2)
    }
}
