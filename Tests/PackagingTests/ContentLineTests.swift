// SPDX-License-Identifier: Apache-2.0
import HTTPFetcher
import Platform
import Stage
import Synchronization
import SystemPackage
import TUF
import TestServers
import TestSupport
import Testing

@testable import Packaging

/// Counts what a fetcher brought.
private final class CountingFetcher: Fetcher {
    private let fetcher: any Fetcher
    private let count = Mutex(0)

    init(_ fetcher: any Fetcher) { self.fetcher = fetcher }

    var bytes: Int { count.withLock { $0 } }

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        try await fetcher.fetch(request) { chunk in
            count.withLock { $0 += chunk.count }
            try await receive(chunk)
        }
    }
}

/// The resumption matrix over real lines: the agent's own fetcher, real servers of each kind, and between them a line that
/// breaks in the middle of whatever is on it.
@Suite("Content comes over real lines, whatever they do")
struct ContentLineTests {
    /// Of what went over a line, what is no content yet: the handshake, heads, and a record that is not complete.
    private static let onTheWay = 20_000
    /// Seconds.
    private static let patience = 2.0
    private static let ways = [ContentPlan.Way.pack, .ranges, .delta]

    private let scene: ContentScene
    private let certificate: TestCertificate

    init() throws {
        scene = try ContentScene()
        certificate = try TestCertificate()
    }

    private struct Line: Sendable {
        var kind: BlobServer.Line
        var server: BlobServer
        var proxy: CuttingProxy
        var url: String { "\(kind.isSecure ? "https" : "http")://127.0.0.1:\(proxy.port)" }
    }

    private func withLine(
        _ kind: BlobServer.Line, _ fault: BlobServer.Fault = .none, _ body: (Line) async throws -> Void
    ) async throws {
        try await BlobServer.run(kind, scene.blobs, fault, certificate: certificate) { server, port in
            let proxy = try await CuttingProxy(to: port)
            try await body(Line(kind: kind, server: server, proxy: proxy))
            await proxy.stop()
            await proxy.finish()
        }
    }

    /// One process of an agent: it has a fetcher of its own, and knows nothing but the folder.
    private func process(
        stallSeconds: Double = 30, _ body: (CountingFetcher) async throws -> Void
    ) async throws {
        var options = HTTPFetcherOptions(tls: try certificate.clientConfiguration())
        options.stallSeconds = stallSeconds
        let fetcher = HTTPFetcher(options)
        do { try await body(CountingFetcher(fetcher)) } catch {
            await fetcher.shutdown()
            throw error
        }
        await fetcher.shutdown()
    }

    /// As an agent does: what broke off without bringing anything is fetched again later. On a crowded machine a good server
    /// may be silent for too long as well.
    private func fetchPatiently(_ plan: ContentPlan, by fetcher: CountingFetcher, _ line: Line) async throws {
        let end = ContinuousClock.now + .seconds(120)
        while true {
            do {
                return try await scene.fetch(plan, from: fetcher, at: line.url)
            } catch let error as PackagingError {
                guard case .fetch = error.code, ContinuousClock.now < end else { throw error }
            }
        }
    }

    private enum Break: CaseIterable {
        /// In full flow: what has arrived and was not read yet may go down with the line.
        case atOnce
        /// When all has been read that went through.
        case end, reset
    }

    /// Fetches until the line breaks after `bytes` bytes; gives back what came.
    private func fetch(_ plan: ContentPlan, until bytes: Int, _ kind: Break, _ line: Line) async throws -> Int {
        var count = 0
        try await process { fetcher in
            if kind == .atOnce { line.proxy.cut(after: bytes) } else { line.proxy.hold(after: bytes) }
            async let code = failure { try await scene.fetch(plan, from: fetcher, at: line.url) }
            if kind != .atOnce {
                try await eventually("what went through has come") { fetcher.bytes >= bytes - Self.onTheWay }
                line.proxy.cut(after: 0)
                if kind == .reset { await line.proxy.reset() } else { await line.proxy.finish() }
            }
            #expect(await code == "fetch", "\(bytes)")
            count = fetcher.bytes
        }
        #expect(count <= bytes)
        return count
    }

    @Test(
        "A download that is cut at any of twenty places, each way, goes on there, in another process",
        arguments: BlobServer.Line.allCases)
    func resumes(_ kind: BlobServer.Line) async throws {
        try await withLine(kind) { line in
            for way in Self.ways {
                let plan = try scene.plan(way)
                for place in 0..<20 {
                    let at = Int(plan.bytes) * place / 20 + place
                    try files.removeTree(try scene.downloads)
                    let first = try await fetch(plan, until: at, Break.allCases[place % 3], line)
                    line.proxy.mend()
                    try await process { fetcher in
                        try await scene.fetch(plan, from: fetcher, at: line.url)
                        #expect(first + fetcher.bytes == plan.bytes, "what came is not fetched again: \(way), \(at)")
                    }
                    try scene.expectWhole(plan, "\(way), \(at)")
                }
            }
            #expect(line.server.asked.allSatisfy { $0.isHTTP2 == (kind == .http2) })
        }
    }

    @Test(
        "A line that goes mute is left for another one, and the download goes on there",
        arguments: BlobServer.Line.allCases)
    func stalls(_ kind: BlobServer.Line) async throws {
        for way in Self.ways {
            let plan = try scene.plan(way)
            try await withLine(kind) { line in
                line.proxy.hold(after: Int(plan.bytes) / 2, onlyOne: true)
                try await process(stallSeconds: Self.patience) { fetcher in
                    try await fetchPatiently(plan, by: fetcher, line)
                    #expect(fetcher.bytes == plan.bytes && line.proxy.connections >= 2, "\(way)")
                }
                try scene.expectWhole(plan, "\(way)")
            }
        }
    }

    @Test(
        "Answers that break off, or end before what they announced: the download goes on behind them",
        arguments: BlobServer.Line.allCases)
    func shortAnswers(_ kind: BlobServer.Line) async throws {
        for way in Self.ways {
            let plan = try scene.plan(way)
            for fault in [
                .breaksOff(after: 1), .breaksOff(after: Int(plan.bytes) / 2), .endsEarly(after: Int(plan.bytes) / 3),
            ] as [BlobServer.Fault] {
                try files.removeTree(try scene.downloads)
                try await withLine(kind, fault) { line in
                    try await process(stallSeconds: Self.patience) { fetcher in
                        try await fetchPatiently(plan, by: fetcher, line)
                        #expect(fetcher.bytes == plan.bytes, "\(way), \(fault)")
                    }
                    #expect(line.server.asked.count >= 2, "\(way), \(fault)")
                    try scene.expectWhole(plan, "\(way), \(fault)")
                }
            }
        }
    }

    @Test("A server without ranges: the whole pack is what is left, and it comes", arguments: BlobServer.Line.allCases)
    func noRanges(_ kind: BlobServer.Line) async throws {
        let plan = try scene.plan(.ranges)
        try await withLine(kind, .noRanges) { line in
            try await process { fetcher in
                let error = await #expect(throws: PackagingError.self) {
                    try await scene.fetch(plan, from: fetcher, at: line.url)
                }
                let refusal = try #require(error)
                #expect(fetcher.bytes == 0, "nothing of it is taken")
                let rest = try #require(plan.fallback(after: refusal, for: scene.new, from: try scene.inventory()))
                try await scene.fetch(rest, from: fetcher, at: line.url)
                try scene.expectWhole(rest)
            }
        }
        // What another process has begun cannot be gone on with here: from the beginning.
        let pack = try scene.plan(.pack)
        try files.removeTree(try scene.downloads)
        try await withLine(kind, .noRanges) { line in
            let first = try await fetch(pack, until: Int(pack.bytes) / 2, .end, line)
            line.proxy.mend()
            try await process { fetcher in
                try await scene.fetch(pack, from: fetcher, at: line.url)
                #expect(first > 0 && fetcher.bytes == pack.bytes)
            }
            try scene.expectWhole(pack)
        }
    }

    @Test("Wrong content is noticed when it has come, and nothing of it is kept", arguments: BlobServer.Line.allCases)
    func garbage(_ kind: BlobServer.Line) async throws {
        for way in [ContentPlan.Way.pack, .delta] {
            let plan = try scene.plan(way)
            try files.removeTree(try scene.downloads)
            try await withLine(kind, .garbage(after: Int(plan.bytes) / 2)) { line in
                try await process { fetcher in
                    #expect(await failure { try await scene.fetch(plan, from: fetcher, at: line.url) } == "tampered")
                    #expect(try files.entries(of: try scene.downloads).isEmpty)
                    try await scene.fetch(plan, from: fetcher, at: line.url)
                }
                try scene.expectWhole(plan)
            }
        }
    }
}
