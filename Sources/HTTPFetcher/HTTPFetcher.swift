// SPDX-License-Identifier: Apache-2.0
public import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
public import TUF

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Fetches from a repository, or from an agent's mirror of one, over HTTP or HTTPS.
///
/// Bodies are taken as they are: content encodings are neither asked for nor undone, since what is verified are the
/// repository's own bytes and a decompressor must not run on bytes that are not verified yet.
/// Nothing is retried here but a request that its connection, kept from an earlier one, did not live to answer; who resumes,
/// and how often, is the caller's decision.
public final class HTTPFetcher: Fetcher {
    private let clients: ClientPool
    private let options: HTTPFetcherOptions
    private let proxies: ProxyEnvironment

    /// - Parameter environment: may name proxies; empty means none.
    public init(_ options: HTTPFetcherOptions = .init(), environment: [String: String] = [:]) {
        clients = ClientPool { proxy in
            var configuration = Self.configuration(options)
            if let proxy {
                let authorization = proxy.credentials.map { text in
                    HTTPClient.Authorization.basic(credentials: Data(text.utf8).base64EncodedString())
                }
                configuration.proxy = .server(host: proxy.host, port: proxy.port, authorization: authorization)
            }
            return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        }
        self.options = options
        proxies = ProxyEnvironment(environment)
    }

    /// Ends idle connections and fails what is still being fetched. Calling it again does nothing.
    public func shutdown() async { await clients.shutdown() }

    /// A configuration of the HTTP client with the limits of `options`.
    public static func configuration(_ options: HTTPFetcherOptions) -> HTTPClient.Configuration {
        let redirects: HTTPClient.Configuration.RedirectConfiguration =
            options.redirects > 0 ? .follow(max: options.redirects, allowCycles: false) : .disallow
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: options.tls,
            redirectConfiguration: redirects,
            timeout: .init(
                connect: .seconds(options.connectSeconds), read: .seconds(options.stallSeconds)),
            decompression: .disabled)
        // A refused connection is an answer: the person who waits wants it now.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    public func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        guard request.offset >= 0, request.length ?? 1 > 0 else {
            throw FetchError(.rangeNotSupported, url: request.url, reason: "the range asked for is not one")
        }
        let scheme = request.url.prefix { $0 != ":" }.lowercased()
        guard scheme == "https" || scheme == "http" else {
            // The client would also speak to Unix sockets.
            throw FetchError(.unreachable, url: request.url, reason: FetchError.noAddress)
        }
        do {
            do {
                try await attempt(request, receive)
            } catch is Unanswered {
                try await attempt(request, receive)
            }
        } catch {
            throw FetchError(wrapping: (error as? Unanswered)?.cause ?? error, url: request.url)
        }
    }

    /// The connection that a client had from an earlier request was ending when it got this one. That says nothing about the
    /// server: it is asked again, once, over another connection.
    private struct Unanswered: Error {
        var cause: any Error
    }

    private func attempt(_ request: FetchRequest, _ receive: (ArraySlice<UInt8>) async throws -> Void) async throws {
        let proxy = proxies.proxy(for: request.url)
        guard let client = clients.borrow(for: proxy) else {
            throw FetchError(.cancelled, url: request.url, reason: FetchError.shutDown)
        }
        var isAnswered = false
        do {
            let response = try await client.execute(httpRequest(request), deadline: deadline())
            isAnswered = true
            let expected = try await self.expectedLength(of: response, to: request)
            try await stream(response, expected: expected, url: request.url, receive: receive)
            clients.giveBack(client, for: proxy, isSpent: false)
        } catch {
            let isBroken = !Task.isCancelled && FetchError.isBrokenConnection(error)
            let isMute = FetchError(wrapping: error, url: request.url).code == .stalled
            clients.giveBack(client, for: proxy, isSpent: isBroken || isMute)
            throw isBroken && !isAnswered ? Unanswered(cause: error) : error
        }
    }

    private func deadline() -> NIODeadline {
        .now() + .seconds(options.connectSeconds) + .seconds(options.stallSeconds)
    }

    private func httpRequest(_ request: FetchRequest) -> HTTPClientRequest {
        var httpRequest = HTTPClientRequest(url: request.url)
        httpRequest.headers.add(name: "User-Agent", value: options.userAgent)
        httpRequest.headers.add(name: "Accept-Encoding", value: "identity")
        if let token = options.bearerToken {
            httpRequest.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        if let length = request.length {
            let last = request.offset + (length - 1)
            httpRequest.headers.add(name: "Range", value: "bytes=\(request.offset)-\(last)")
        } else if request.offset > 0 {
            httpRequest.headers.add(name: "Range", value: "bytes=\(request.offset)-")
        }
        return httpRequest
    }

    /// The number of bytes that must come, `nil` when the answer does not say; throws when it is not the one asked for.
    private func expectedLength(
        of response: HTTPClientResponse, to request: FetchRequest
    ) async throws -> Int64? {
        let isRanged = request.offset > 0 || request.length != nil
        let url = request.url
        if let encoding = response.headers.first(name: "Content-Encoding"), encoding.lowercased() != "identity" {
            throw FetchError(
                .unreachable, url: url, reason: "the server answered with content encoding \(encoding), unasked")
        }
        switch response.status.code {
        case 200 where !isRanged:
            return response.headers.first(name: "Content-Length").flatMap { Int64($0) }
        case 200:
            throw FetchError(
                .rangeNotSupported, url: url, reason: "the server answered a range request with the whole file")
        case 206 where isRanged:
            guard let range = response.headers.first(name: "Content-Range").flatMap(ContentRange.init),
                range.answers(offset: request.offset, length: request.length)
            else {
                throw FetchError(.rangeNotSupported, url: url, reason: "the server sent another range than asked for")
            }
            return range.length
        case 416:
            await drain(response)
            throw FetchError(.rangeNotSupported, url: url, reason: "the server has no such range")
        case 404:
            await drain(response)
            throw FetchError(.notFound, url: url, reason: "the server has no such file")
        default:
            await drain(response)
            let reason = "the server answered \(response.status.code) \(response.status.reasonPhrase)"
            throw FetchError(.status(Int(response.status.code)), url: url, reason: reason)
        }
    }

    private func stream(
        _ response: HTTPClientResponse, expected: Int64?, url: String,
        receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws {
        var iterator = response.body.makeAsyncIterator()
        var pace = Pace(seconds: options.stallSeconds, minimumBytesPerSecond: options.minimumBytesPerSecond)
        var received: Int64 = 0
        while true {
            let start = ContinuousClock.now
            guard let buffer = try await iterator.next() else { break }
            received += Int64(buffer.readableBytes)
            guard pace.keepsUp(bytes: buffer.readableBytes, waited: (ContinuousClock.now - start) / .seconds(1)) else {
                throw FetchError(
                    .stalled, url: url, reason: "less than \(options.minimumBytesPerSecond) bytes per second come")
            }
            if let expected, received > expected {
                throw FetchError(.tooLong, url: url, reason: "more than the \(expected) bytes announced")
            }
            do {
                try await receive(ArraySlice(buffer.readableBytesView))
            } catch let error as FetchError {
                throw error
            } catch is CancellationError {
                throw FetchError(.cancelled, url: url, reason: "cancelled")
            } catch {
                let reason = (error as? any CustomStringConvertible)?.description ?? "it cannot be written"
                throw FetchError(.receiver, url: url, reason: reason)
            }
        }
        try Task.checkCancellation()
        if let expected, received < expected {
            throw FetchError(
                .unreachable, url: url, reason: "the connection ended after \(received) of \(expected) bytes")
        }
    }

    /// Reads the short text of an error answer, so that its connection can be used again; a long one is cut off.
    private func drain(_ response: HTTPClientResponse) async {
        guard let length = response.headers.first(name: "Content-Length").flatMap({ Int($0) }), length <= 16_384
        else { return }
        try? await stream(response, expected: Int64(length), url: "") { _ in }
    }
}

extension TimeAmount {
    fileprivate static func seconds(_ seconds: Double) -> TimeAmount {
        .nanoseconds(Int64(min(max(seconds, 0), 1e8) * 1e9))
    }
}
