// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import HTTPTypes
import Hummingbird

/// The refusals that routes give. Each says what happened and, where there is something to do, what.
extension Problem {
    static let wrongPassword = Problem(
        code: "wrong-password", title: "Wrong user or password", status: 401,
        detail: "The user name or the password is wrong.",
        remedy: "Check both; after several wrong attempts the account is locked for a while.")
    static let passwordRefused = Problem(
        code: "password-refused", title: "New password refused", status: 422,
        detail: "The new password was not accepted.", state: "The old password is still valid.",
        remedy: "Choose one of at least 8 characters that is neither the old password nor the user name.")
    static let notSignedIn = Problem(
        code: "not-signed-in", title: "Not signed in", status: 401,
        detail: "The request carries no token, or one that is not valid any more.", remedy: "Log in again.")
    static let passwordChangeRequired = Problem(
        code: "password-change-required", title: "Password must be changed", status: 403,
        detail: "The one-time password allows nothing but choosing a password of one's own.",
        remedy: "Log in with the one-time password and a new password in one request.")
    static let notAllowed = Problem(
        code: "not-allowed", title: "Not allowed", status: 403, detail: "Your role may look but not order.",
        remedy: "Ask an administrator.")
    static let foreignOrigin = Problem(
        code: "foreign-origin", title: "Not allowed", status: 403, detail: "The request comes from another web site.")
    static let notFound = Problem(
        code: "not-found", title: "Not found", status: 404, detail: "There is nothing under this address.")
    static let loginsRefused = Problem(
        code: "logins-refused", title: "Logins are refused", status: 503,
        detail: "The server is being updated and takes no new logins.", state: "Open sessions are asked to close.",
        remedy: "Try again in a few minutes.")
    static let tooManySessions = Problem(
        code: "too-many-sessions", title: "Too many sessions", status: 503,
        detail: "This installation has as many open sessions as it takes.", remedy: "End some, then try again.")
    static let noClient = Problem(
        code: "no-client", title: "No client", status: 404,
        detail: "The server's release has no client for this platform.")

    static func tooManyAttempts(seconds: TimeInterval) -> Problem {
        Problem(
            code: "too-many-attempts", title: "Too many attempts", status: 429,
            detail: "There were too many login attempts.",
            state: "The password was not looked at.",
            remedy: "Wait \(max(1, Int(seconds.rounded(.up)))) seconds, then try again.")
    }

    static func badRequest(_ detail: String) -> Problem {
        Problem(code: "bad-request", title: "Bad request", status: 400, detail: detail)
    }

    static func conflict(code: String, _ detail: String, remedy: String? = nil) -> Problem {
        Problem(code: code, title: "Not possible now", status: 409, detail: detail, remedy: remedy)
    }

    /// The reason is for the log only: it may name things that callers must not learn.
    static func internalError(_ reason: String) -> Problem {
        Problem(
            code: "internal", title: "Internal error", status: 500, detail: "The agent could not do this.",
            state: reason, remedy: "Look at the agent's log.")
    }

    init(_ failure: Failure, status: Int) {
        self.init(
            code: failure.code, title: failure.happened, status: status, detail: failure.happened,
            state: failure.state, remedy: failure.remedy)
    }

    /// A refusal of the library's own: no such route, body too large, not decodable.
    init(status: HTTPResponse.Status, detail: String?) {
        switch status.code {
        case 404: self = .notFound
        case 413:
            self.init(
                code: "too-large", title: "Too large", status: 413, detail: detail ?? "The request body is too large.")
        default:
            self.init(
                code: "http-\(status.code)", title: status.reasonPhrase, status: status.code,
                detail: detail ?? status.reasonPhrase)
        }
    }

    func response() -> Response {
        let body = (try? APIJSON.encode(self)) ?? Data()
        var headers: HTTPFields = [.contentType: Problem.mediaType, .cacheControl: "no-store"]
        switch status {
        case 401: headers[.wwwAuthenticate] = "Bearer realm=\"ricambio\""
        case 429: headers[.retryAfter] = remedy.flatMap { $0.split(separator: " ").compactMap { Int($0) }.first }
            .map(String.init) ?? "60"
        case 503: headers[.retryAfter] = "10"
        default: break
        }
        return Response(
            status: .init(code: status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}
