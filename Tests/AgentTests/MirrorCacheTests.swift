// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Agent

@Suite struct CacheLedgerTests {
    private func ledger(limit: Int64, _ sizes: [(String, Int64)]) -> CacheLedger {
        var ledger = CacheLedger(limit: limit)
        for (index, (name, size)) in sizes.enumerated() {
            let path = FilePath(name)
            ledger.add(path, .init(file: path, size: size, lastUsed: Int64(index), isWhole: true))
        }
        return ledger
    }

    @Test("what was used least recently goes first, and no more than has to")
    func order() {
        var ledger = ledger(limit: 100, [("a", 40), ("b", 40), ("c", 20), ("d", 30)])
        #expect(ledger.bytes == 130 && ledger.surplus() == ["a"])
        let now = ledger.moment(0)
        ledger["a"]?.lastUsed = now
        #expect(ledger.surplus() == ["b"])
        #expect(ledger.victims(freeing: 41) == ["b", "c"])
        #expect(ledger.victims(freeing: 1000) == ["b", "c", "d", "a"])
        #expect(ledger.victims(freeing: 0).isEmpty && ledger.victims(freeing: -1).isEmpty)
    }

    @Test("what is in use never goes, even above the limit")
    func used() {
        var ledger = ledger(limit: 10, [("a", 40), ("b", 40)])
        ledger["a"]?.users = 1
        #expect(ledger.surplus() == ["b"])
        ledger["b"] = nil
        #expect(ledger.surplus().isEmpty && ledger.bytes == 40)
    }

    @Test("a clock that is put back does not make the newest the oldest")
    func clock() {
        var ledger = ledger(limit: 100, [("a", 1)])
        #expect(ledger.moment(1000) == 1000)
        #expect(ledger.moment(10) == 1001)
    }
}

@Suite struct MirrorCacheTests {
    private func pack(_ seed: UInt8) -> (name: String, bytes: [UInt8]) {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) &+ seed }
        return (Secret.hex(SHA256.hash(data: bytes)), bytes)
    }

    private func kept(_ agent: TestAgent, _ installation: String = "om-business") throws -> Set<String> {
        Set(try POSIXFileSystem().entries(of: (agent.folder / installation).appending("objects")))
    }

    private func scene(limit: Int64, packs: Int) async throws -> (TestAgent, Mirror, [(name: String, bytes: [UInt8])]) {
        let agent = try await TestAgent(mirrorBytes: limit)
        let packs = (0..<packs).map { pack(UInt8($0)) }
        for pack in packs { await agent.fetcher.putPack(pack.name, pack.bytes) }
        return (agent, agent.installations[0].mirror, packs)
    }

    @Test("the mirrors together keep within the limit, and what was used last")
    func bounded() async throws {
        let (agent, mirror, packs) = try await scene(limit: 25_000, packs: 4)
        let other = agent.installations[1].mirror
        try await mirror.read(packs[0].name)
        try await other.read(packs[1].name)
        try await mirror.read(packs[0].name)
        try await mirror.read(packs[2].name)
        #expect(try kept(agent) == [packs[0].name, packs[2].name])
        #expect(try kept(agent, "om-finance").isEmpty)
        #expect(agent.cache.bytes == 20_000)
        try await mirror.read(packs[3].name)
        #expect(try kept(agent) == [packs[2].name, packs[3].name])
        #expect(await agent.fetcher.requests.count == 4)
    }

    @Test("what is being served stays until it has been served, whatever else is asked for")
    func served() async throws {
        let (agent, mirror, packs) = try await scene(limit: 15_000, packs: 3)
        try await mirror.read(packs[0].name)
        var body: Mirror.Body? = try await mirror.content(.pack(sha256: packs[0].name)).open()
        try await mirror.read(packs[1].name)
        try await mirror.read(packs[2].name)
        #expect(try kept(agent).contains(packs[0].name))
        guard case .file(let file, _) = body else {
            Issue.record("not in the cache")
            return
        }
        #expect(try file.read(at: 0, count: 10_000) == packs[0].bytes)
        body = nil
        try await eventually { agent.cache.bytes <= 15_000 }
    }

    @Test("what is being fetched has its space from the start, and is not dropped half")
    func fetched() async throws {
        let (agent, mirror, packs) = try await scene(limit: 15_000, packs: 2)
        try await mirror.read(packs[0].name)
        await agent.fetcher.close()
        await agent.fetcher.stop(.gate(at: 5_000))
        async let first = mirror.read(packs[1].name)
        try await mirror.read(packs[1].name, 0..<5_000)
        #expect(try kept(agent).isEmpty)
        #expect(agent.cache.bytes == 10_000)
        await agent.fetcher.open()
        #expect(try await first == packs[1].bytes)
        #expect(try kept(agent) == [packs[1].name])
    }

    @Test("a pack larger than the limit is served, and goes when nobody uses it")
    func tooLarge() async throws {
        let (agent, mirror, packs) = try await scene(limit: 5_000, packs: 1)
        #expect(try await mirror.read(packs[0].name) == packs[0].bytes)
        try await eventually { agent.cache.bytes == 0 }
        #expect(try kept(agent).isEmpty)
    }

    @Test("the order of use outlives a restart")
    func restart() async throws {
        let (agent, mirror, packs) = try await scene(limit: 1 << 20, packs: 3)
        for pack in packs { try await mirror.read(pack.name) }
        // What was used long ago, as the file system says, is what goes.
        let folder = (agent.folder / "om-business").appending("objects")
        for (index, age) in [100.0, 300, 200].enumerated() {
            try FileManager.default.setAttributes(
                [.modificationDate: Date().addingTimeInterval(-age)],
                ofItemAtPath: folder.appending(packs[index].name).string)
        }
        let cache = MirrorCache(
            limit: 20_000, fileSystem: POSIXFileSystem(), clock: SystemWallClock(), logger: TestAgent.quiet)
        try cache.adopt(folder)
        #expect(try kept(agent) == [packs[0].name, packs[2].name])
        // Its use is noted in the file itself.
        _ = cache.lease(folder.appending(packs[2].name))
        let next = MirrorCache(
            limit: 10_000, fileSystem: POSIXFileSystem(), clock: SystemWallClock(), logger: TestAgent.quiet)
        try next.adopt(folder)
        #expect(try kept(agent) == [packs[2].name])
    }

    @Test("on a disk that is full, what was not used for the longest time makes way; nothing is dropped in vain")
    func fullDisk() async throws {
        let (agent, mirror, packs) = try await scene(limit: 1 << 20, packs: 3)
        try await mirror.read(packs[0].name)
        try await mirror.read(packs[1].name)
        await agent.fetcher.putPack(packs[2].name, packs[2].bytes, length: 1 << 60)
        let refusal = await #expect(throws: Refusal.self) { try await mirror.read(packs[2].name) }
        #expect(refusal?.status == 507)
        #expect(try kept(agent) == [packs[0].name, packs[1].name])
        agent.cache.free(1)
        #expect(try kept(agent) == [packs[1].name])
    }
}
