// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Crypto
import Foundation
import HummingbirdTesting
import NIOCore
import Platform
import TUF
import TestSupport
import Testing

@testable import Agent

/// Many who want what is still on its way from the vendor.
@Suite struct MirrorJoinTests {
    private let pack: [UInt8] = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    private var name: String { Secret.hex(SHA256.hash(data: pack)) }

    private func scene(_ stops: TableFetcher.Stop...) async throws -> (agent: TestAgent, mirror: Mirror) {
        let agent = try await TestAgent()
        await agent.fetcher.putPack(name, pack)
        await agent.fetcher.close()
        for stop in stops { await agent.fetcher.stop(stop) }
        return (agent, agent.installations[0].mirror)
    }

    private func leftFiles(_ agent: TestAgent) throws -> [String] {
        let folder = agent.folder / "om-business"
        return try ["incoming", "objects"].flatMap { try POSIXFileSystem().entries(of: folder.appending($0)) }
    }

    @Test("forty workstations that ask at once, each for another part, cause one request to the vendor")
    func oneFetch() async throws {
        let (agent, mirror) = try await scene(.gate(at: 20_000))
        let (pack, name) = (pack, name)
        let ticket = try await agent.ticket().ticket
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 40
        let workstations = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let answered = Counter()
        try await agent.application.test(.ahc(.http)) { client in
            let url = "http://127.0.0.1:\(try #require(client.port))/v1/mirror/om-business/packs/\(name)"
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    let range = number * 1000..<pack.count - number * 200
                    group.addTask {
                        var request = HTTPClientRequest(url: url)
                        request.headers.add(name: "authorization", value: "Bearer \(ticket)")
                        request.headers.add(name: "range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
                        let response = try await workstations.execute(request, timeout: .seconds(120))
                        #expect(response.status == .partialContent)
                        // All have an answer before the vendor has sent half of it.
                        if await answered.next() == 40 { await agent.fetcher.open() }
                        let body = try await response.body.collect(upTo: pack.count)
                        #expect(Array(body.readableBytesView) == Array(pack[range]))
                    }
                }
                try await group.waitForAll()
            }
        }
        try await workstations.shutdown()
        try await mirror.settle()
        #expect(await agent.fetcher.requests.count == 1)
        #expect(try leftFiles(agent) == [name])
    }

    @Test("what has come is read while the rest is still to come, by each at its own pace")
    func whileRunning() async throws {
        let (agent, mirror) = try await scene(.gate(at: 20_000))
        #expect(try await mirror.read(name, 0..<20_000) == Array(pack[..<20_000]))
        #expect(try await mirror.read(name, 19_000..<20_000) == Array(pack[19_000..<20_000]))
        async let whole = mirror.read(name)
        async let end = mirror.read(name, 49_999..<50_000)
        await agent.fetcher.open()
        #expect(try await whole == pack)
        #expect(try await end == [pack[49_999]])
        #expect(await agent.fetcher.requests.count == 1)
    }

    @Test("one that leaves, or all, do not end the fetch; it is kept for the next")
    func leaving() async throws {
        let (agent, mirror) = try await scene(.gate(at: 20_000))
        let leaving = Task { try await mirror.read(name, 30_000..<40_000) }
        try await mirror.read(name, 0..<10)
        leaving.cancel()
        await #expect(throws: CancellationError.self) { try await leaving.value }
        await agent.fetcher.open()
        #expect(try await mirror.read(name) == pack)
        #expect(await agent.fetcher.requests.count == 1)
    }

    @Test("a line that breaks in the middle is taken up where it broke, and no reader notices")
    func resumed() async throws {
        let (agent, mirror) = try await scene()
        await agent.fetcher.open()
        await agent.fetcher.stop(.failure(at: 20_000, .unreachable), .failure(at: 5_500, .stalled))
        #expect(try await mirror.read(name) == pack)
        #expect(await agent.fetcher.asked.map(\.offset) == [0, 20_000, 25_500])
    }

    @Test("a vendor without ranges sends it all again, and no reader notices")
    func withoutRanges() async throws {
        let (agent, mirror) = try await scene()
        await agent.fetcher.open()
        await agent.fetcher.forgetRanges()
        await agent.fetcher.stop(.failure(at: 20_000, .unreachable))
        #expect(try await mirror.read(name) == pack)
        #expect(await agent.fetcher.asked.map(\.offset) == [0, 20_000, 0])
    }

    @Test(
        "a failure before the first byte is an answer: 502, or 504 when the vendor is silent",
        arguments: [(FetchError.Code.unreachable, 502), (.stalled, 504), (.status(500), 502)])
    func failureBeforeFirstByte(code: FetchError.Code, status: Int) async throws {
        let (agent, mirror) = try await scene()
        await agent.fetcher.stop(.gate(at: 0, then: code), .failure(at: 0, code))
        let waiting = (0..<2).map { _ in Task { try await mirror.read(name) } }
        try await eventually { await !agent.fetcher.requests.isEmpty }
        await agent.fetcher.open()
        for task in waiting {
            let refusal = await #expect(throws: Refusal.self) { try await task.value }
            #expect(refusal?.status == status && refusal?.code == .vendorUnreachable)
        }
        #expect(try leftFiles(agent).isEmpty)
    }

    @Test("a failure in the middle breaks off all who wait; the next fetch goes on from there")
    func failureInTheMiddle() async throws {
        let (agent, mirror) = try await scene()
        await agent.fetcher.stop(.gate(at: 20_000, then: .unreachable), .failure(at: 0, .unreachable))
        let one = Task { try await mirror.read(name) }
        let other = Task { try await mirror.read(name, 40_000..<50_000) }
        try await mirror.read(name, 0..<20_000)
        await agent.fetcher.open()
        await #expect(throws: Refusal.self) { try await one.value }
        await #expect(throws: Refusal.self) { try await other.value }
        #expect(try await mirror.read(name) == pack)
        #expect(await agent.fetcher.asked.map(\.offset) == [0, 20_000, 20_000])
    }

    @Test("what is not what its name says is never whole for anybody, nor kept")
    func tampered() async throws {
        let (agent, mirror) = try await scene()
        await agent.fetcher.open()
        for wrong in [pack.reversed(), Array(pack.dropLast()) + [pack[0] &+ 1], Array(pack.dropLast()), pack + [0]] {
            await agent.fetcher.putPack(name, wrong, length: 50_000)
            let refusal = await #expect(throws: Refusal.self) { try await mirror.read(name) }
            #expect(refusal?.code == .packTampered)
            await #expect(throws: Refusal.self) { try await mirror.read(name, 49_999..<50_000) }
            #expect(try leftFiles(agent).isEmpty)
            #expect(agent.cache.bytes == 0)
        }
        await agent.fetcher.putPack(name, pack)
        #expect(try await mirror.read(name) == pack)
        #expect(agent.cache.bytes == 50_000)
    }

    @Test("the connection of a workstation that follows a forged pack is broken off before its end")
    func brokenOff() async throws {
        let (agent, mirror) = try await scene(.gate(at: 20_000))
        await agent.fetcher.putPack(name, pack.dropLast() + [0], length: 50_000)
        let name = name
        let ticket = try await agent.ticket().ticket
        try await agent.application.test(.ahc(.http)) { client in
            var request = HTTPClientRequest(
                url: "http://127.0.0.1:\(try #require(client.port))/v1/mirror/om-business/packs/\(name)")
            request.headers.add(name: "authorization", value: "Bearer \(ticket)")
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
            #expect(response.status == .ok && response.headers.first(name: "content-length") == "50000")
            await agent.fetcher.open()
            await #expect(throws: (any Error).self) { _ = try await response.body.collect(upTo: 50_000) }
        }
        try await mirror.settle()
        #expect(try leftFiles(agent).isEmpty)
    }

    @Test("an agent that is told to stop breaks off those who follow, instead of waiting for the vendor")
    func shutdown() async throws {
        let (agent, _) = try await scene(.gate(at: 20_000))
        let (ticket, name) = (try await agent.ticket().ticket, name)
        let (started, continuation) = AsyncStream.makeStream(of: HTTPClientResponse.self)
        let reader = Task {
            for await response in started { _ = try await response.body.collect(upTo: 50_000) }
        }
        try await agent.application.test(.ahc(.http)) { client in
            var request = HTTPClientRequest(
                url: "http://127.0.0.1:\(try #require(client.port))/v1/mirror/om-business/packs/\(name)")
            request.headers.add(name: "authorization", value: "Bearer \(ticket)")
            continuation.yield(try await HTTPClient.shared.execute(request, timeout: .seconds(120)))
            continuation.finish()
        }
        await #expect(throws: (any Error).self) { try await reader.value }
        await agent.fetcher.open()
    }

    @Test("an agent that starts again takes up what is whole and drops what is not")
    func leftovers() async throws {
        let (agent, mirror) = try await scene()
        await agent.fetcher.open()
        try await mirror.read(name)
        let half = agent.folder / "om-business/incoming/half"
        try POSIXFileSystem().replace(half, with: [1, 2, 3], permissions: 0o644)
        let cache = MirrorCache(
            limit: 1 << 20, fileSystem: POSIXFileSystem(), clock: SystemWallClock(), logger: TestAgent.quiet)
        let next = Mirror(
            folder: agent.folder / "om-business", upstream: "http://vendor/", fetcher: agent.fetcher,
            index: TableIndex(fetcher: agent.fetcher), cache: cache, fileSystem: POSIXFileSystem(),
            clock: SystemWallClock())
        try await next.prepare()
        #expect(try leftFiles(agent) == [name] && cache.bytes == 50_000)
        #expect(try await next.read(name) == pack)
        #expect(await agent.fetcher.requests.count == 1)
    }
}

private actor Counter {
    private var count = 0

    func next() -> Int {
        count += 1
        return count
    }
}
