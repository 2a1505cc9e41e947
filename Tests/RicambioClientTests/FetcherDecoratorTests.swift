// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Synchronization
import TUF
import TestSupport
import Testing

@testable import HTTPFetcher

/// Answers for some addresses, fails for others, and remembers who was asked.
private final class Addresses: Fetcher {
    private let state: Mutex<(answers: [String: Result<[UInt8], FetchError>], asked: [String])>

    init(_ answers: [String: Result<[UInt8], FetchError>]) { state = Mutex((answers, [])) }

    var asked: [String] { state.withLock { $0.asked } }
    func set(_ url: String, _ answer: Result<[UInt8], FetchError>) { state.withLock { $0.answers[url] = answer } }

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        let answer = state.withLock { state in
            state.asked.append(request.url)
            return state.answers[request.url]
        }
        let bytes = try (answer ?? .failure(FetchError(.notFound, url: request.url, reason: "404"))).get()
        do { try await receive(bytes[...]) } catch { throw FetchError(.receiver, url: request.url, reason: "\(error)") }
    }
}

@Suite("Fetchers around fetchers")
struct FetcherDecoratorTests {
    private static func fails(_ code: FetchError.Code) -> Result<[UInt8], FetchError> {
        .failure(FetchError(code, url: "", reason: "told to"))
    }

    @Test("Addresses are tried in order; one that answered is asked first the next time")
    func failover() async throws {
        let addresses = Addresses([
            "a/x": Self.fails(.unreachable), "b/x": Self.fails(.status(503)), "c/x": .success([3]),
        ])
        let fetcher = FailoverFetcher("a/", alternatives: ["b/", "c/"], fetcher: addresses)
        #expect(try await fetcher.bytes("a/x", limit: 10) == [3])
        #expect(try await fetcher.bytes("a/x", limit: 10) == [3])
        #expect(addresses.asked == ["a/x", "b/x", "c/x", "c/x"])
        addresses.set("c/x", Self.fails(.stalled))
        addresses.set("a/x", .success([1]))
        #expect(try await fetcher.bytes("a/x", limit: 10) == [1])
    }

    @Test("That a file is not there is an answer: nobody else is asked")
    func notFound() async {
        let addresses = Addresses(["b/x": .success([2])])
        let fetcher = FailoverFetcher("a/", alternatives: ["b/"], fetcher: addresses)
        await #expect(throws: FetchError.self) { try await fetcher.bytes("a/x", limit: 10) }
        #expect(addresses.asked == ["a/x"])
    }

    @Test("When none answers the last error is told, and the next request begins anew")
    func noneAnswers() async throws {
        let addresses = Addresses(["a/x": Self.fails(.unreachable), "b/x": Self.fails(.unreachable)])
        let fetcher = FailoverFetcher("a/", alternatives: ["b/"], fetcher: addresses)
        await #expect(throws: FetchError.self) { try await fetcher.bytes("a/x", limit: 10) }
        addresses.set("a/x", .success([1]))
        #expect(try await fetcher.bytes("a/x", limit: 10) == [1])
        #expect(addresses.asked == ["a/x", "b/x", "a/x"])
    }

    @Test(
        "What breaks off in the middle is not begun again behind the receiver's back; the next request goes elsewhere")
    func middle() async throws {
        let breaking = BreakingFetcher()
        let fetcher = FailoverFetcher("a/", alternatives: ["b/"], fetcher: breaking)
        var got: [UInt8] = []
        await #expect(throws: FetchError.self) {
            try await fetcher.fetch(FetchRequest(url: "a/x")) { got += $0 }
        }
        #expect(got == [1, 2])
        try await fetcher.fetch(FetchRequest(url: "a/x", offset: 2)) { got += $0 }
        #expect(got == [1, 2, 3])
    }

    /// `a` breaks off after two bytes of three.
    private struct BreakingFetcher: Fetcher {
        func fetch(
            _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
        ) async throws(FetchError) {
            let bytes: [UInt8] = [1, 2, 3]
            do {
                if request.url == "a/x" {
                    try await receive(bytes[0..<2])
                } else {
                    try await receive(bytes[Int(request.offset)...])
                }
            } catch { throw FetchError(.receiver, url: "", reason: "") }
            if request.url == "a/x" { throw FetchError(.unreachable, url: "", reason: "broke") }
        }
    }

    @Test("A limited line: no more bytes per second than allowed, all fetches together")
    func throttled() async throws {
        let clock = CountingClock()
        let addresses = Addresses(["x": .success([UInt8](repeating: 0, count: 3000))])
        let fetcher = ThrottledFetcher(addresses, bytesPerSecond: 1000, clock: clock)
        for _ in 1...4 { _ = try await fetcher.bytes("x", limit: 3000) }
        #expect(abs(clock.monotonicSeconds - 12) < 0.001, "12,000 bytes at 1,000 per second")
    }

    /// Sleeping moves it.
    private final class CountingClock: WallClock {
        private let seconds = Mutex(0.0)
        private let start = ManualClock()
        var now: Date { start.now }
        var monotonicSeconds: Double { seconds.withLock { $0 } }
        func sleep(seconds pause: Double) async throws { seconds.withLock { $0 += pause } }
    }

    @Test(
        "The proxy that the environment asks for",
        arguments: [
            ("https://vendor.example/x", "secure:8443"), ("http://vendor.example:81/x", "plain:3128"),
            ("https://localhost/x", nil), ("http://127.0.0.1:8080/", nil), ("https://[::1]/", nil),
            ("https://inside.example/", nil), ("https://a.inside.example:8443/", nil),
            ("https://notinside.example/", "secure:8443"),
            ("https://a.dot.example/", nil), ("https://exact.example/", nil), ("https://user:pw@inside.example/", nil),
        ] as [(String, String?)])
    func proxies(_ url: String, _ expected: String?) {
        let environment = ProxyEnvironment([
            "HTTPS_PROXY": "http://secure:8443", "http_proxy": "plain:3128", "HTTP_PROXY": "http://loses:1",
            "no_proxy": "inside.example, .dot.example,exact.example:443",
        ])
        #expect(environment.proxy(for: url).map { "\($0.host):\($0.port)" } == expected)
    }

    @Test("No proxy: none is named, all hosts are excluded, or the address is no proxy's")
    func noProxy() {
        #expect(ProxyEnvironment([:]).proxy(for: "https://vendor.example/") == nil)
        let excluded = ProxyEnvironment(["all_proxy": "http://p:1", "NO_PROXY": "*"])
        #expect(excluded.proxy(for: "https://vendor.example/") == nil)
        for address in ["socks5://p:1", "http://", "https://p:1", "http://p:99999"] {
            #expect(ProxyEnvironment(["all_proxy": address]).proxy(for: "http://vendor.example/") == nil, "\(address)")
        }
        let named = ProxyEnvironment(["ALL_PROXY": "http://me:secret@p:8080/"]).proxy(for: "https://vendor.example/")
        #expect(named == ProxyEnvironment.Proxy(host: "p", port: 8080, credentials: "me:secret"))
    }
}
