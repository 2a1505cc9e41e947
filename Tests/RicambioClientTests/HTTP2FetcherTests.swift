// SPDX-License-Identifier: Apache-2.0
import HTTPFetcher
import TUF
import TestServers
import Testing

@Suite("Fetching over HTTP/2")
struct HTTP2FetcherTests {
    private let certificate: TestCertificate
    private let blob = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    init() throws { certificate = try TestCertificate() }

    private func withFetcher(
        stallSeconds: Double = 30, _ body: (HTTPFetcher) async throws -> Void
    ) async throws {
        var options = HTTPFetcherOptions(tls: try certificate.clientConfiguration())
        options.stallSeconds = stallSeconds
        let fetcher = HTTPFetcher(options)
        do { try await body(fetcher) } catch {
            await fetcher.shutdown()
            throw error
        }
        await fetcher.shutdown()
    }

    /// What a fetch brings, and how it ends.
    private func fetch(_ request: FetchRequest, by fetcher: HTTPFetcher) async -> (text: String, error: FetchError?) {
        var bytes: [UInt8] = []
        do throws(FetchError) {
            try await fetcher.fetch(request) { bytes += $0 }
            return (String(decoding: bytes, as: UTF8.self), nil)
        } catch {
            return (String(decoding: bytes, as: UTF8.self), error)
        }
    }

    @Test(
        "A server that speaks HTTP/2 is spoken to in it: whole files and ranges, one after the other on one connection")
    func ranges() async throws {
        try await BlobServer.run(.http2, ["blob": blob], certificate: certificate) { server, port in
            try await withFetcher { fetcher in
                let url = "https://127.0.0.1:\(port)/packs/blob"
                #expect(try await fetcher.bytes(url, limit: .max) == blob)
                for (offset, length) in [(0, 10), (70_000, 100_000), (199_999, nil), (1000, nil)] as [(Int, Int?)] {
                    var bytes: [UInt8] = []
                    let request = FetchRequest(url: url, offset: Int64(offset), length: length.map(Int64.init))
                    try await fetcher.fetch(request) { bytes += $0 }
                    #expect(bytes == Array(blob[offset..<(length.map { offset + $0 } ?? blob.count)]))
                }
                await #expect(throws: FetchError.self) { try await fetcher.bytes("\(url)-none", limit: .max) }
            }
            #expect(server.asked.allSatisfy { $0.isHTTP2 })
            #expect(
                server.asked.compactMap { $0.range } == [
                    "bytes=0-9", "bytes=70000-169999", "bytes=199999-", "bytes=1000-",
                ])
            #expect(server.asked.count == 6 && Set(server.asked.map(\.connection)).count == 1)
        }
    }

    @Test("Fetches at the same time share the connection", .timeLimit(.minutes(1)))
    func parallel() async throws {
        try await BlobServer.run(.http2, ["blob": blob], certificate: certificate) { server, port in
            try await withFetcher { fetcher in
                let url = "https://127.0.0.1:\(port)/blob"
                _ = try await fetcher.bytes(url, limit: .max)
                try await withThrowingTaskGroup(of: [UInt8].self) { group in
                    for _ in 0..<8 { group.addTask { try await fetcher.bytes(url, limit: .max) } }
                    for try await bytes in group { #expect(bytes == blob) }
                }
            }
            #expect(server.asked.count == 9 && Set(server.asked.map(\.connection)).count == 1)
        }
    }

    @Test("A server that offers no HTTP/2 is spoken to in HTTP/1.1")
    func fallsBack() async throws {
        try await BlobServer.run(.tls, ["blob": blob], certificate: certificate) { server, port in
            try await withFetcher { fetcher in
                let bytes = try await fetcher.bytes("https://127.0.0.1:\(port)/blob", limit: .max)
                #expect(bytes == blob)
            }
            #expect(server.asked.map { $0.isHTTP2 } == [false])
        }
    }

    private static let half = [ScriptedHTTP2.Step.send(.ok(length: 10)), .send(.data("01234"))]
    private static let rest = [
        ScriptedHTTP2.Step.send(.partial(length: 5, range: "bytes 5-9/10")), .send(.data("56789", isLast: true)),
    ]

    @Test(
        "A stream or a connection that ends in the middle is not a file; what came is kept, and the next request is served",
        arguments: [
            // RST_STREAM: INTERNAL_ERROR, CANCEL, REFUSED_STREAM.
            half + [.send(.reset(2))], half + [.send(.reset(8))], half + [.send(.reset(7))],
            // END_STREAM before the announced length.
            [.send(.ok(length: 10)), .send(.data("01234", isLast: true))],
            // GOAWAY: NO_ERROR with this stream among the answered, and then the end all the same; INTERNAL_ERROR without it.
            half + [.send(.goAway(last: 1, 0)), .close], half + [.send(.goAway(last: 0, 2)), .close],
            // Neither.
            half + [.close],
        ])
    func broken(_ script: [ScriptedHTTP2.Step]) async throws {
        try await ScriptedHTTP2.run(certificate: certificate) {
            $0 == 0 ? script : Self.rest
        } _: { server in
            try await withFetcher { fetcher in
                let (text, error) = await fetch(FetchRequest(url: server.url + "/x"), by: fetcher)
                #expect(error?.code == .unreachable && (text == "01234" || text.isEmpty))
                expectPlain(error?.reason)
                let (more, none) = await fetch(FetchRequest(url: server.url + "/x", offset: 5), by: fetcher)
                #expect(more == "56789" && none == nil)
            }
        }
    }

    @Test("A server that is about to go answers what it has begun; the next request has a connection of its own")
    func goesAway() async throws {
        let last = Self.half + [.send(.goAway(last: 1, 0)), .send(.data("56789", isLast: true))]
        try await ScriptedHTTP2.run(certificate: certificate) {
            $0 == 0 ? last : Self.rest
        } _: { server in
            try await withFetcher { fetcher in
                #expect(await fetch(FetchRequest(url: server.url + "/x"), by: fetcher).text == "0123456789")
                #expect(await fetch(FetchRequest(url: server.url + "/x", offset: 5), by: fetcher).text == "56789")
            }
            #expect(server.requests == [0, 1])
        }
    }

    @Test("A request that its kept connection does not live to answer is made again, once")
    func keptConnectionEnds() async throws {
        let whole = [ScriptedHTTP2.Step.send(.ok(length: 2)), .send(.data("ok", isLast: true))]
        try await ScriptedHTTP2.run(certificate: certificate) {
            $0 == 1 ? [.close] : whole
        } _: { server in
            try await withFetcher { fetcher in
                for _ in 0..<2 { #expect(await fetch(FetchRequest(url: server.url + "/x"), by: fetcher).text == "ok") }
            }
            #expect(server.requests == [0, 0, 1])
        }
        try await ScriptedHTTP2.run(certificate: certificate) { _ in
            [.close]
        } _: { server in
            try await withFetcher { fetcher in
                let error = await fetch(FetchRequest(url: server.url + "/x"), by: fetcher).error
                #expect(error?.code == .unreachable)
                expectPlain(error?.reason)
            }
            #expect(server.requests == [0, 1])
        }
    }

    @Test(
        "A connection that goes mute is not used again: before the answer, and in the middle of it",
        arguments: [[.isMute], half + [.isMute]])
    func mute(_ script: [ScriptedHTTP2.Step]) async throws {
        try await ScriptedHTTP2.run(certificate: certificate) {
            $0 == 0 ? script : Self.rest
        } _: { server in
            try await withFetcher(stallSeconds: 0.3) { fetcher in
                #expect(await fetch(FetchRequest(url: server.url + "/x"), by: fetcher).error?.code == .stalled)
                // On a crowded machine a good server may be silent for too long as well.
                var text = ""
                for _ in 0..<50 where text != "56789" {
                    text = await fetch(FetchRequest(url: server.url + "/x", offset: 5), by: fetcher).text
                }
                #expect(text == "56789")
            }
            #expect(server.requests.count >= 2 && server.requests.count { $0 == 0 } == 1)
        }
    }

    @Test("The whole file in answer to a range, and another range, are refused before a byte of them is taken")
    func otherRange() async throws {
        let whole = [ScriptedHTTP2.Step.send(.ok(length: 10)), .send(.data("0123456789", isLast: true))]
        for script in [
            whole, [.send(.partial(length: 5, range: "bytes 4-8/10")), .send(.data("45678", isLast: true))],
        ] {
            try await ScriptedHTTP2.run(certificate: certificate) { _ in
                script
            } _: { server in
                try await withFetcher { fetcher in
                    let (text, error) = await fetch(FetchRequest(url: server.url + "/x", offset: 5), by: fetcher)
                    #expect(error?.code == .rangeNotSupported && text.isEmpty)
                }
            }
        }
    }
}
