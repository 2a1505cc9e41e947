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
            #expect(beyond.headers[.cacheControl] == "no-store")
            #expect(part.headers[.cacheControl]?.contains("immutable") == true)
            let known = try await client.call(.get, path, token: token, headers: [.ifNoneMatch: "\"x\", \"\(name)\""])
            #expect(known.status == .notModified && known.body.readableBytes == 0)
            #expect(known.headers[.eTag] == "\"\(name)\"" && known.headers[.contentLength] == nil)
            let stale = try await client.call(
                .get, path, token: token, headers: [.range: "bytes=0-9", .ifRange: "\"old\""])
            #expect(stale.status == .ok && stale.body.readableBytes == pack.count)
            let other = try await client.call(.get, path, token: token, headers: [.ifMatch: "\"old\""])
            #expect(other.status == .preconditionFailed && other.body.readableBytes == 0)
            let posted = try await client.call(.post, path, token: token)
            #expect(posted.status == .methodNotAllowed && posted.headers[.allow] == "GET, HEAD")
        }
        #expect(await agent.fetcher.requests.count == 1)
    }

    @Test("what is answered without the content is answered without a fetch")
    func nothingFetched() async throws {
        let agent = try await TestAgent()
        await agent.fetcher.putPack(name, pack)
        let path = "/v1/mirror/om-business/packs/\(name)"
        try await agent.application.test(.router) { client in
            let token = try await agent.ticket().ticket
            let head = try await client.call(.head, path, token: token)
            #expect(head.status == .ok && head.headers[.contentLength] == "10000")
            let known = try await client.call(.get, path, token: token, headers: [.ifNoneMatch: "W/\"\(name)\""])
            #expect(known.status == .notModified)
            let beyond = try await client.call(.get, path, token: token, headers: [.range: "bytes=-0"])
            #expect(beyond.status == .rangeNotSatisfiable && beyond.headers[.contentRange] == "bytes */10000")
        }
        #expect(await agent.fetcher.requests.isEmpty)
    }

    @Test("targets are fetched once, checked against their names, and kept; their length is nobody's secret")
    func targets() async throws {
        let agent = try await TestAgent()
        let path = "targets/app/1.0/\(name).release.json"
        await agent.fetcher.put(path, pack.reversed())
        let mirror = agent.installations[0].mirror
        let target = try #require(MirrorPath(path))
        let refusal = await #expect(throws: Refusal.self) { _ = try await mirror.content(target) }
        #expect(refusal?.code == .packTampered && refusal?.status == 502)
        await agent.fetcher.put(path, pack)
        #expect(try await mirror.content(target).length == 10_000)
        #expect(try await mirror.content(target).length == 10_000)
        #expect(await agent.fetcher.requests.count == 2)
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
        let refusal = await #expect(throws: Refusal.self) { try await mirror.read(name) }
        #expect(refusal?.code == .notEnoughSpace && refusal?.status == 507)
        #expect(await agent.fetcher.requests.isEmpty)
    }

    @Test("what is not to be kept is dropped, and fetched again when somebody asks")
    func keep() async throws {
        let agent = try await TestAgent()
        await agent.fetcher.putPack(name, pack)
        let mirror = agent.installations[0].mirror
        try await mirror.read(name)
        try await mirror.keep(only: [name])
        try await mirror.read(name)
        #expect(await agent.fetcher.requests.count == 1)
        try await mirror.keep(only: [])
        try await mirror.read(name)
        #expect(await agent.fetcher.requests.count == 2)
    }
}

extension Mirror {
    /// Waits until nothing is being fetched any more.
    func settle() async throws { try await eventually { await self.growing.isEmpty } }

    /// Reads all of a pack, as a workstation would, and waits until it is kept, or thrown away.
    @discardableResult
    func read(_ pack: String) async throws -> [UInt8] {
        let result: Result<[UInt8], any Error>
        do { result = .success(try await read(pack, nil)) } catch { result = .failure(error) }
        try await settle()
        return try result.get()
    }

    /// Reads a part of a pack.
    @discardableResult
    func read(_ pack: String, _ range: Range<Int64>?) async throws -> [UInt8] {
        let content = try await content(.pack(sha256: pack))
        let range = range ?? 0..<content.length
        switch try await content.open() {
        case .bytes(let bytes): return Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        case .file(let file, let lease):
            return try withExtendedLifetime(lease) { try file.read(at: range.lowerBound, count: range.count) }
        case .growing(let growing, let file, let lease):
            var bytes: [UInt8] = []
            while bytes.count < range.count {
                let offset = range.lowerBound + Int64(bytes.count)
                let end = min(range.upperBound, try await growing.end(beyond: offset))
                bytes += try file.read(at: offset, count: Int(end - offset))
            }
            withExtendedLifetime(lease) {}
            return bytes
        }
    }
}
