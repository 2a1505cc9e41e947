// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import TUF
import TestServers
import Testing

@testable import HTTPFetcher

@Suite("Fetching over HTTP")
struct HTTPFetcherTests {
    private func withFetcher<Result>(
        _ options: HTTPFetcherOptions = .init(), _ body: (HTTPFetcher) async throws -> Result
    ) async throws -> Result {
        let fetcher = HTTPFetcher(options)
        do {
            let result = try await body(fetcher)
            await fetcher.shutdown()
            return result
        } catch {
            await fetcher.shutdown()
            throw error
        }
    }

    /// What a fetch brings from a server that answers like this, and how it ends.
    private func fetch(
        _ request: FetchRequest, options: HTTPFetcherOptions = .init(), from handler: @escaping ScriptedServer.Handler
    ) async throws -> (text: String, error: FetchError?) {
        try await ScriptedServer.run(handler: handler) { server in
            try await withFetcher(options) { fetcher in
                var request = request
                request.url = server.url + request.url
                var bytes: [UInt8] = []
                do {
                    try await fetcher.fetch(request) { bytes += $0 }
                    return (String(decoding: bytes, as: UTF8.self), nil)
                } catch let error as FetchError {
                    return (String(decoding: bytes, as: UTF8.self), error)
                }
            }
        }
    }

    private func impatient() -> HTTPFetcherOptions {
        var options = HTTPFetcherOptions()
        options.stallSeconds = 0.3
        return options
    }

    @Test(
        "An address that is none of a web server is refused in plain words",
        arguments: ["ftp://127.0.0.1/x", "notaurl", "", "http+unix://%2Ftmp%2Fx", "https://", "http:///x"])
    func addresses(url: String) async throws {
        try await withFetcher { fetcher in
            let error = await #expect(throws: FetchError.self) {
                try await fetcher.fetch(FetchRequest(url: url)) { _ in }
            }
            #expect(error?.code == .unreachable)
            #expect(error?.reason == FetchError.noAddress)
        }
    }

    @Test("A certificate that is not trusted, a server without TLS and one without HTTP are said in plain words")
    func plainWords() async throws {
        let (untrusted, port) = try await ScriptedServer.run(
            certificates: [try TestCertificate()], handler: { _, _ in }
        ) { server in
            try await withFetcher { fetcher in
                let error = await #expect(throws: FetchError.self) {
                    try await fetcher.fetch(FetchRequest(url: server.url + "/x")) { _ in }
                }
                return (error, server.port)
            }
        }
        #expect(untrusted?.reason == "this machine does not trust the server's certificate")
        let noTLS = try await ScriptedServer.run(handler: { _, writer in try await writer.write("hello") }) { server in
            try await withFetcher { fetcher in
                await #expect(throws: FetchError.self) {
                    try await fetcher.fetch(FetchRequest(url: "https://127.0.0.1:\(server.port)/")) { _ in }
                }
            }
        }
        let noHTTP = try await fetch(FetchRequest(url: "/x")) { _, writer in try await writer.write("hello\r\n\r\n") }
            .error
        let away = try await withFetcher { fetcher in
            await #expect(throws: FetchError.self) {
                try await fetcher.fetch(FetchRequest(url: "http://127.0.0.1:\(port)/")) { _ in }
            }
        }
        let late = try await fetch(FetchRequest(url: "/x"), options: impatient()) { _, _ in
            try await Task.sleep(for: .seconds(60))
        }.error
        #expect(late?.reason == "nothing came for too long")
        for error in [untrusted, noTLS, noHTTP, away, late] { expectPlain(error?.reason) }
    }

    @Test("A whole file comes as it is, and no range is asked for")
    func wholeFile() async throws {
        let (text, error) = try await fetch(FetchRequest(url: "/a%2Fb%20c")) { request, writer in
            #expect(request.target == "/a%2Fb%20c")
            #expect(request.headers["range"] == nil)
            #expect(request.headers["accept-encoding"] == "identity")
            #expect(request.headers["authorization"] == nil)
            try await writer.respond("200 OK", body: "hello")
        }
        #expect(text == "hello")
        #expect(error == nil)
    }

    @Test(
        "A range that was asked for and came is taken",
        arguments: [
            (2, 3, "bytes=2-4", "bytes 2-4/10"), (2, nil, "bytes=2-", "bytes 2-9/10"),
            (0, 4, "bytes=0-3", "bytes 0-3/*"),
            (8, 100, "bytes=8-107", "bytes 8-9/10"),
        ] as [(Int64, Int64?, String, String)])
    func range(offset: Int64, length: Int64?, asked: String, answered: String) async throws {
        let all = Array("0123456789")
        let (text, error) = try await fetch(FetchRequest(url: "/x", offset: offset, length: length)) {
            request, writer in
            #expect(request.headers["range"] == asked)
            let ends = answered.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
            try await writer.respond(
                "206 Partial Content", ["Content-Range: \(answered)"], body: String(all[ends[0]...ends[1]]))
        }
        #expect(error == nil)
        #expect(text == String(all[Int(offset)..<min(10, Int(offset + (length ?? 10)))]))
    }

    @Test("The whole file in answer to a range is refused before a byte of it is taken")
    func rangeIgnored() async throws {
        let (text, error) = try await fetch(FetchRequest(url: "/x", offset: 3)) { _, writer in
            try await writer.respond("200 OK", body: "0123456789")
        }
        #expect(error?.code == .rangeNotSupported)
        #expect(text.isEmpty)
    }

    @Test(
        "Another range than asked for is refused",
        arguments: ["bytes 0-6/10", "bytes 3-8/10", "bytes 4-9/10", "bytes 3-9/9", "3-9/10", "bytes */10", ""])
    func otherRange(answered: String) async throws {
        let (text, error) = try await fetch(FetchRequest(url: "/x", offset: 3)) { _, writer in
            let header = answered.isEmpty ? [] : ["Content-Range: \(answered)"]
            try await writer.respond("206 Partial Content", header, body: "3456789")
        }
        #expect(error?.code == .rangeNotSupported)
        #expect(text.isEmpty)
    }

    @Test(
        "Refusals have their own codes",
        arguments: [
            ("404 Not Found", FetchError.Code.notFound), ("403 Forbidden", .status(403)), ("410 Gone", .status(410)),
            ("416 Range Not Satisfiable", .rangeNotSupported), ("500 Internal Server Error", .status(500)),
            ("204 No Content", .status(204)), ("206 Partial Content", .status(206)),
        ])
    func statuses(status: String, code: FetchError.Code) async throws {
        let (text, error) = try await fetch(FetchRequest(url: "/x")) { _, writer in
            try await writer.respond(status, body: status.hasPrefix("204") ? "" : "sorry")
        }
        #expect(error?.code == code)
        #expect(text.isEmpty)
    }

    @Test("A connection that ends early is not a file, and what came is kept")
    func truncated() async throws {
        let (text, error) = try await fetch(FetchRequest(url: "/x")) { _, writer in
            try await writer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
        }
        #expect(error?.code == .unreachable)
        #expect(text == "01234" || text.isEmpty)
    }

    @Test("A range answer with more bytes than it announced is refused")
    func longerThanAnnounced() async throws {
        let (_, error) = try await fetch(FetchRequest(url: "/x", offset: 3, length: 2)) { _, writer in
            try await writer.write(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 3-4/10\r\nTransfer-Encoding: chunked\r\n\r\n")
            try await writer.write("5\r\n34567\r\n0\r\n\r\n")
        }
        #expect(error?.code == .tooLong)
    }

    @Test("A body without an end is cut off at the limit")
    func endlessData() async throws {
        try await ScriptedServer.run { _, writer in
            try await writer.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            while true { try await writer.write(String(repeating: "x", count: 4096)) }
        } _: { server in
            try await withFetcher { fetcher in
                let error = await #expect(throws: FetchError.self) {
                    _ = try await fetcher.bytes(server.url + "/x", limit: 100_000)
                }
                #expect(error?.code == .tooLong)
            }
        }
    }

    @Test("Silence ends the fetch: before the answer, and in the middle of it", arguments: [false, true])
    func silence(inTheMiddle: Bool) async throws {
        let (_, error) = try await fetch(FetchRequest(url: "/x"), options: impatient()) { _, writer in
            if inTheMiddle { try await writer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234") }
            try await Task.sleep(for: .seconds(60))
        }
        #expect(error?.code == .stalled)
    }

    @Test("A server that drips a byte now and then counts as stalled (slow retrieval)")
    func dripping() async throws {
        var options = impatient()
        options.minimumBytesPerSecond = 1000
        let (_, error) = try await fetch(FetchRequest(url: "/x"), options: options) { _, writer in
            try await writer.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while true {
                try await writer.write("x")
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        #expect(error?.code == .stalled)
    }

    @Test("There is no limit on the whole: as long as bytes come, a fetch goes on")
    func pace() {
        var pace = Pace(seconds: 10, minimumBytesPerSecond: 100)
        let long = (0..<1000).map { _ in pace.keepsUp(bytes: 200, waited: 1) }
        #expect(long.allSatisfy { $0 })
        let slow = (1...10).map { _ in pace.keepsUp(bytes: 10, waited: 1) }
        #expect(slow == Array(repeating: true, count: 9) + [false])
    }

    @Test("Redirects are followed, but not for ever")
    func redirects() async throws {
        let (text, error) = try await fetch(FetchRequest(url: "/a")) { request, writer in
            if request.target == "/a" { return try await writer.respond("302 Found", ["Location: /b"]) }
            try await writer.respond("200 OK", body: request.target)
        }
        #expect((text, error?.code) == ("/b", nil))
        let (_, circle) = try await fetch(FetchRequest(url: "/a")) { request, writer in
            try await writer.respond("302 Found", ["Location: \(request.target)x"])
        }
        #expect(circle?.code == .unreachable)
    }

    @Test("The bearer token goes to its own server and does not follow a redirect to another")
    func tokenStaysHome() async throws {
        try await ScriptedServer.run { _, writer in
            try await writer.respond("200 OK", body: "other")
        } _: { other in
            let target = other.url + "/x"
            let (text, _) = try await fetch(FetchRequest(url: "/x"), options: .init(bearerToken: "secret")) {
                #expect($0.headers["authorization"] == "Bearer secret")
                try await $1.respond("302 Found", ["Location: \(target)"])
            }
            #expect(text == "other")
            #expect(other.requests.map { $0.headers["authorization"] } == [nil])
        }
    }

    @Test("A content encoding that nobody asked for is refused: only the repository's own bytes can be verified")
    func contentEncoding() async throws {
        let (text, error) = try await fetch(FetchRequest(url: "/x")) { _, writer in
            try await writer.respond("200 OK", ["Content-Encoding: gzip"], body: "xxxxx")
        }
        #expect(error?.code == .unreachable)
        #expect(text.isEmpty)
    }

    @Test("A receiver that fails ends the fetch under its own code")
    func receiver() async throws {
        struct DiskFull: Error {}
        try await ScriptedServer.run { _, writer in
            try await writer.respond("200 OK", body: "hello")
        } _: { server in
            try await withFetcher { fetcher in
                let error = await #expect(throws: FetchError.self) {
                    try await fetcher.fetch(FetchRequest(url: server.url + "/x")) { _ in throw DiskFull() }
                }
                #expect(error?.code == .receiver)
            }
        }
    }

    @Test("A cancelled fetch ends as cancelled")
    func cancelled() async throws {
        try await ScriptedServer.run { _, writer in
            try await writer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0")
            try await Task.sleep(for: .seconds(60))
        } _: { server in
            try await withFetcher { fetcher in
                let (started, signal) = AsyncStream.makeStream(of: Void.self)
                let task = Task { () -> FetchError.Code? in
                    do throws(FetchError) {
                        try await fetcher.fetch(FetchRequest(url: server.url + "/x")) { _ in signal.yield() }
                        return nil
                    } catch {
                        return error.code
                    }
                }
                for await _ in started { break }
                task.cancel()
                #expect(await task.value == .cancelled)
            }
        }
    }

    @Test("Nobody there is unreachable; a fetcher that has been shut down fetches nothing")
    func nobodyThere() async throws {
        let port = try await ScriptedServer.run(handler: { _, _ in }) { $0.port }
        let fetcher = HTTPFetcher()
        let error = await #expect(throws: FetchError.self) {
            _ = try await fetcher.bytes("http://127.0.0.1:\(port)/x", limit: 10)
        }
        #expect(error?.code == .unreachable)
        await fetcher.shutdown()
        await fetcher.shutdown()
        let late = await #expect(throws: FetchError.self) {
            _ = try await fetcher.bytes("http://127.0.0.1:\(port)/x", limit: 10)
        }
        #expect(late?.code == .cancelled)
    }

    @Test(
        "A Content-Range is read strictly",
        arguments: [
            "bytes 0-0/1", "bytes 5-9/*", "bytes  5-9/10", "Bytes 5-9/10",
        ])
    func goodContentRanges(header: String) {
        #expect(ContentRange(header) != nil)
    }

    @Test(
        "A Content-Range that is none is refused",
        arguments: [
            "", "bytes", "bytes */10", "bytes 9-5/10", "bytes 5-10/10", "bytes +5-9/10", "bytes 5-9", "bytes 5-9/",
            "items 0-1/2", "bytes -5/10", "bytes 0-99999999999999999999/100000000000000000000",
        ])
    func badContentRanges(header: String) {
        #expect(ContentRange(header) == nil)
    }
}
