// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Why a request is refused. Its sentences are written, in the caller's language, when the answer is.
struct Refusal: Error, Sendable, Hashable {
    var code: FailureCode
    var status: Int
    var arguments: [String: String]

    init(_ code: FailureCode, _ status: Int, _ arguments: [String: String] = [:]) {
        self.code = code
        self.status = status
        self.arguments = arguments
    }

    static let notLoggedIn = Refusal(.notLoggedIn, 401)
    static let notAllowed = Refusal(.notAllowed, 403)
    static let notFound = Refusal(.notFound, 404)
    static let sessionUnknown = Refusal(.sessionUnknown, 401)

    static func tooManyAttempts(seconds: TimeInterval) -> Refusal {
        Refusal(.tooManyAttempts, 429, ["seconds": "\(max(1, Int(seconds.rounded(.up))))"])
    }

    static func invalid(_ reason: String) -> Refusal { Refusal(.requestInvalid, 400, ["reason": reason]) }

    /// A refusal of the library's own: no such route, a body that is too large.
    init(status: HTTPResponse.Status, reason: String?) {
        let code: FailureCode =
            switch status.code {
            case 404: .notFound
            case 413: .requestTooLarge
            case 500...: .unexpected
            default: .requestInvalid
            }
        self.init(code, status.code, reason.map { ["reason": $0] } ?? [:])
    }

    func response(language: Language) -> Response {
        Self.response(Catalogue.problem(code, arguments, status: status, language: language), arguments["seconds"])
    }

    static func response(_ problem: Problem, _ retryAfter: String? = nil) -> Response {
        let body = (try? APIJSON.encode(problem)) ?? Data()
        var headers: HTTPFields = [.contentType: Problem.mediaType]
        switch problem.status {
        case 401: headers[.wwwAuthenticate] = "Bearer realm=\"ricambio\""
        case 429: headers[.retryAfter] = retryAfter ?? "60"
        case 503: headers[.retryAfter] = retryAfter ?? "10"
        default: break
        }
        return Response(
            status: .init(code: problem.status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}

extension Request {
    /// The first of our languages that the caller asks for (RFC 9110, section 12.5.4, without weights: callers list
    /// them in the order they like them); else `fallback`.
    func language(fallback: Language) -> Language {
        let wanted = headers[.acceptLanguage]?.split(separator: ",") ?? []
        return wanted.lazy.compactMap { Language(locale: $0.trimmingCharacters(in: .whitespaces)) }.first ?? fallback
    }
}
