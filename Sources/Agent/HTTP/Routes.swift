// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers
import NIOCore

/// Every route that there is: for `Allow`, and for the test that holds `openapi.yaml` to it.
final class RouteTable: Sendable {
    struct Entry: Sendable, Hashable {
        /// As in OpenAPI: `/v1/installations/{id}`.
        var path: String
        var method: HTTPRequest.Method
    }

    private let stored = NIOLockedValueBox<[Entry]>([])

    var entries: [Entry] { stored.withLockedValue { $0 } }

    func add(_ entry: Entry) { stored.withLockedValue { $0.append(entry) } }

    /// The methods of the routes that fit a path.
    func methods(for path: String) -> [HTTPRequest.Method] {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        return entries.filter { Self.fits(parts, $0.path.split(separator: "/")) }.map(\.method)
    }

    private static func fits(_ parts: [Substring], _ template: [Substring]) -> Bool {
        let isOpenEnded = template.last == "{path}"
        guard isOpenEnded ? parts.count >= template.count : parts.count == template.count else { return false }
        return zip(parts, template).allSatisfy { $1.hasPrefix("{") || $0 == $1 }
    }
}

/// Registers routes with their access: a handler only ever sees a caller who may use it.
struct Routes {
    let router: Router<AgentContext>
    let table: RouteTable
    let authenticator: Authenticator

    typealias Handler = @Sendable (Request, AgentContext, Caller) async throws -> Response

    func on(_ method: HTTPRequest.Method, _ path: String, _ access: Access, _ handler: @escaping Handler) {
        table.add(.init(path: path, method: method))
        // The mirror's open-ended tail is `**` to the router.
        let pattern = path.replacingOccurrences(of: "/{path}", with: "/**")
        router.on(RouterPath(pattern), method: method) { [authenticator] request, context -> Response in
            let caller = try await authenticator.caller(of: request, access: access)
            return try await handler(request, context, caller)
        }
    }
}

/// Finds out who is asking.
struct Authenticator: Sendable {
    let accounts: Accounts
    let applications: ApplicationTokens
    let sessions: @Sendable (_ ticket: String) async -> (installation: String, session: String)?

    static let cookie = "ricambio"

    func caller(of request: Request, access: Access) async throws -> Caller {
        switch access {
        case .anyone:
            return .anyone
        case .signedIn, .viewer, .administrator:
            return .administrator(try await administrator(of: request, access: access))
        case .application:
            guard let token = Self.bearer(request), let id = try await applications.installation(token: token) else {
                throw Refusal.notLoggedIn
            }
            return .application(installation: id)
        case .workstation:
            guard let token = Self.bearer(request), let found = await sessions(token) else {
                throw Refusal.notLoggedIn
            }
            return .workstation(installation: found.installation, session: found.session)
        case .member:
            if let token = Self.bearer(request) {
                if let found = await sessions(token) {
                    return .workstation(installation: found.installation, session: found.session)
                }
                if let id = try await applications.installation(token: token) {
                    return .application(installation: id)
                }
            }
            return .administrator(try await administrator(of: request, access: .viewer))
        }
    }

    private func administrator(of request: Request, access: Access) async throws -> Accounts.Administrator {
        var token = Self.bearer(request)
        if token == nil, let cookie = request.cookies[Self.cookie]?.value {
            try Self.refuseForeignOrigin(request)
            token = cookie
        }
        guard let token, let administrator = try await accounts.administrator(token: token) else {
            throw Refusal.notLoggedIn
        }
        if case .signedIn = access { return administrator }
        guard !administrator.mustChangePassword else { throw Refusal(.passwordMustChange, 403) }
        if case .administrator = access, administrator.role != .administrator { throw Refusal.notAllowed }
        return administrator
    }

    /// A cookie is sent by the browser whoever made the page: requests that change something must come from our own.
    private static func refuseForeignOrigin(_ request: Request) throws {
        guard request.method != .get, request.method != .head else { return }
        guard let origin = request.headers[.origin] else { return }
        guard let authority = request.head.authority, origin == "https://\(authority)" else {
            throw Refusal.notAllowed
        }
    }

    static func bearer(_ request: Request) -> String? {
        guard let value = request.headers[.authorization] else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }
}

extension Request {
    /// The JSON body; refused with a sentence when it is something else.
    func json<Value: Decodable>(_ type: Value.Type, context: AgentContext) async throws -> Value {
        var request = self
        let buffer = try await request.collectBody(upTo: context.maxUploadSize)
        do {
            return try APIJSON.decode(type, from: Data(buffer.readableBytesView))
        } catch let error as DecodingError {
            throw Refusal.invalid(Self.sentence(error))
        } catch {
            throw Refusal.invalid("JSON")
        }
    }

    private static func sentence(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "“\(key.stringValue)” is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? context.debugDescription
                : "“\(context.codingPath.map(\.stringValue).joined(separator: "."))” has a value that does not fit"
        @unknown default: "it cannot be decoded"
        }
    }
}

extension Response {
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let data = try APIJSON.encode(value)
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: data)))
    }

    static func text(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    static var noContent: Response { Response(status: .noContent) }
}
