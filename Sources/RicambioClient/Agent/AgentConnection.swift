// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
import AsyncHTTPClient
import Foundation
public import HTTPFetcher
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOSSL
public import Platform
import TUF

/// A caller's way to one agent: JSON requests and event streams under `/v1`.
///
/// Copies share their connections; ``shutdown()`` ends them for all.
public struct AgentConnection: Sendable {
    let address: AgentAddress
    /// The bearer token: an administrator's, an application server's, or a session's ticket.
    public let token: String?
    /// What the agent's refusals are written in; `nil` means the agent's own language.
    public let language: Language?
    let clock: any WallClock
    private let clients: Clients
    private let isPinned: Bool

    /// With a fingerprint this connects once, to learn and check the agent's certificate; else nothing is sent yet.
    public init(
        url: String, trust: AgentTrust, token: String? = nil, language: Language? = nil,
        clock: any WallClock = SystemWallClock()
    ) async throws(ClientError) {
        address = try AgentAddress(url)
        self.token = token
        self.language = language
        self.clock = clock
        if case .fingerprint = trust { isPinned = true } else { isPinned = false }
        clients = Clients(tls: try await trust.tlsConfiguration(for: address))
    }

    private init(_ other: AgentConnection, token: String?) {
        address = other.address
        clock = other.clock
        clients = other.clients
        language = other.language
        isPinned = other.isPinned
        self.token = token
    }

    /// The same agent, spoken to as somebody else; after a login, say.
    public func with(token: String?) -> AgentConnection {
        AgentConnection(self, token: token)
    }

    /// The agent's address, without a slash at the end.
    public var url: String { address.base }

    /// Ends all connections, event streams too. Calling it again does nothing.
    public func shutdown() async {
        await clients.shutdown()
    }

    /// Fetches from the agent's mirror with this connection's trust and token.
    public func fetcher() -> HTTPFetcher {
        HTTPFetcher(HTTPFetcherOptions(bearerToken: token, tls: clients.tls))
    }

    /// `path` is relative to `/v1/`, escaped, with its query if it has one.
    public func get<Answer: Decodable>(_ path: String, as type: Answer.Type = Answer.self) async throws(ClientError)
        -> Answer
    {
        try Self.decode(type, await send(.GET, path, body: nil))
    }

    public func post<Answer: Decodable>(
        _ path: String, _ body: some Encodable & Sendable, as type: Answer.Type = Answer.self
    ) async throws(ClientError) -> Answer {
        try Self.decode(type, await send(.POST, path, body: Self.encode(body)))
    }

    /// Where no answer but "done" is expected.
    public func post(_ path: String) async throws(ClientError) {
        _ = try await send(.POST, path, body: nil)
    }

    public func delete(_ path: String) async throws(ClientError) {
        _ = try await send(.DELETE, path, body: nil)
    }

    public func delete<Answer: Decodable>(_ path: String, as type: Answer.Type) async throws(ClientError) -> Answer {
        try Self.decode(type, await send(.DELETE, path, body: nil))
    }

    /// A plain text, such as a log.
    public func text(_ path: String) async throws(ClientError) -> String {
        String(decoding: try await send(.GET, path, body: nil, accept: "text/plain"), as: UTF8.self)
    }

    // MARK: The one way out

    private static let answerLimit = 16 << 20
    private static let answerSeconds: Int64 = 30

    private func send(
        _ method: HTTPMethod, _ path: String, body: Data?, accept: String = "application/json"
    ) async throws(ClientError) -> Data {
        var request = request(method, path, accept: "\(accept), \(Problem.mediaType)")
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        do {
            let response = try await clients.requests.execute(request, timeout: .seconds(Self.answerSeconds))
            let answer = Data(buffer: try await response.body.collect(upTo: Self.answerLimit))
            guard (200..<300).contains(response.status.code) else {
                throw ClientError(
                    status: Int(response.status.code), problem: try? APIJSON.decode(Problem.self, from: answer))
            }
            return answer
        } catch {
            throw await refusal(of: error)
        }
    }

    /// Whether somebody answers there who is the agent, by this connection's trust: nothing secret is sent.
    public func reach() async throws(ClientError) {
        do throws(ClientError) {
            _ = try await with(token: nil).send(.GET, "health", body: nil)
        } catch {
            switch error.code {
            case .unreachable, .untrustedAgent, .cancelled: throw error
            // Whatever an agent says about its health: it is there.
            default: return
            }
        }
    }

    /// `error` in words; with the fingerprint, for a person to compare, when the certificate is what is wrong.
    private func refusal(of error: any Error) async -> ClientError {
        var error = ClientError(connection: error, address: address)
        guard error.code == .untrustedAgent, error.presented == nil,
            let fingerprint = await CertificateProbe.fingerprint(at: address)
        else { return error }
        error.presented = PresentedCertificate(fingerprint: fingerprint.hex, differsFromPinned: isPinned)
        return error
    }

    func request(_ method: HTTPMethod, _ path: String, accept: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: address.url(path))
        request.method = method
        request.headers.add(name: "Accept", value: accept)
        request.headers.add(name: "User-Agent", value: "ricambio")
        if let language { request.headers.add(name: "Accept-Language", value: language.rawValue) }
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        return request
    }

    /// The head of an event stream's answer, checked; its body is read by ``EventSource``.
    func openStream(_ path: String, lastEventID: String) async throws(ClientError) -> HTTPClientResponse {
        var request = request(.GET, path, accept: "text/event-stream")
        request.headers.add(name: "Cache-Control", value: "no-cache")
        if !lastEventID.isEmpty { request.headers.add(name: "Last-Event-ID", value: lastEventID) }
        do {
            let response = try await clients.streams.execute(request, timeout: .seconds(Self.answerSeconds))
            guard (200..<300).contains(response.status.code) else {
                let answer = Data(buffer: try await response.body.collect(upTo: Self.answerLimit))
                throw ClientError(
                    status: Int(response.status.code), problem: try? APIJSON.decode(Problem.self, from: answer))
            }
            let type = response.headers.first(name: "Content-Type") ?? ""
            guard response.status == .noContent || type.lowercased().hasPrefix("text/event-stream") else {
                throw ClientError(.malformed, "The agent answered with \(type) instead of an event stream.")
            }
            return response
        } catch {
            throw await refusal(of: error)
        }
    }

    private static func encode(_ body: some Encodable) throws(ClientError) -> Data {
        do {
            return try APIJSON.encode(body)
        } catch {
            throw ClientError(.malformed, "The request cannot be written as JSON.")
        }
    }

    private static func decode<Answer: Decodable>(_ type: Answer.Type, _ data: Data) throws(ClientError) -> Answer {
        do {
            return try APIJSON.decode(type, from: data)
        } catch {
            throw ClientError(
                .malformed, "The agent's answer cannot be understood; are both of the same version?")
        }
    }
}

/// The HTTP clients that copies of a connection share.
private final class Clients: Sendable {
    /// Short requests with time-outs on progress.
    let requests: HTTPClient
    /// Event streams: the agent sends a comment now and then, so a long silence means that the line is dead.
    let streams: HTTPClient
    let tls: TLSConfiguration

    init(tls: TLSConfiguration) {
        self.tls = tls
        requests = Self.client(tls, readSeconds: 30)
        streams = Self.client(tls, readSeconds: 60)
    }

    deinit {
        requests.shutdown { _ in }
        streams.shutdown { _ in }
    }

    func shutdown() async {
        try? await streams.shutdown()
        try? await requests.shutdown()
    }

    private static func client(_ tls: TLSConfiguration, readSeconds: Int64) -> HTTPClient {
        // No redirects: the token belongs to this agent only.
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: .seconds(readSeconds)), decompression: .disabled)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}

extension ClientError {
    /// What the HTTP client threw.
    init(connection error: any Error, address: AgentAddress) {
        if let failure = TLSFailure(error), failure != .notSecured {
            self.init(
                .untrustedAgent, "The agent at \(address.base) is not trusted: \(failure.reason).", agent: address.base)
            return
        }
        switch error {
        case let error as ClientError:
            self = error
        case is NIOTooManyBytesError:
            self.init(.malformed, "The agent's answer is too long.")
        default:
            let error = FetchError(wrapping: error, url: address.base)
            self.init(
                error.code == .cancelled ? .cancelled : .unreachable,
                "The agent at \(address.base) cannot be reached: \(error.reason).", agent: address.base,
                cause: error.reason)
        }
    }
}
