// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Every error leaves as `application/problem+json`, and what is none of the caller's business stays in the log.
struct ProblemMiddleware: RouterMiddleware {
    let routes: RouteTable
    /// For callers that ask for none of ours.
    let language: Language

    func handle(
        _ request: Request, context: AgentContext, next: (Request, AgentContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let refusal as Refusal {
            return refusal.response(language: request.language(fallback: language))
        } catch let problem as Problem {
            return Refusal.response(problem)
        } catch let error as HTTPError {
            let allowed = error.status == .notFound ? routes.methods(for: request.uri.path) : []
            guard allowed.isEmpty else { return methodNotAllowed(request, allowed: allowed) }
            return Refusal(status: error.status, reason: error.body)
                .response(language: request.language(fallback: language))
        } catch is NIOTooManyBytesError {
            return Refusal(.requestTooLarge, 413, ["limit": "\(context.maxUploadSize)"])
                .response(language: request.language(fallback: language))
        } catch {
            context.logger.error("request failed", metadata: ["reason": "\(error)"])
            return Refusal(.unexpected, 500).response(language: request.language(fallback: language))
        }
    }

    private func methodNotAllowed(_ request: Request, allowed: [HTTPRequest.Method]) -> Response {
        let list = allowed.map(\.rawValue).sorted().joined(separator: ", ")
        var response = Refusal(.requestInvalid, 405, ["reason": "\(request.method.rawValue); \(list)"])
            .response(language: request.language(fallback: language))
        response.headers[.allow] = list
        return response
    }
}

/// What browsers are told on every answer, and one log line per request.
struct AnswerMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: AgentContext, next: (Request, AgentContext) async throws -> Response
    ) async throws -> Response {
        let started = ContinuousClock.now
        var response = try await next(request, context)
        for (name, value) in Self.headers where response.headers[name] == nil { response.headers[name] = value }
        let seconds = started.duration(to: .now) / .seconds(1)
        // The path only: queries and headers may carry what logs must not.
        context.logger.log(
            level: response.status.code >= 500 ? .warning : .debug, "request",
            metadata: [
                "method": "\(request.method.rawValue)", "path": "\(request.uri.path)",
                "status": "\(response.status.code)", "from": "\(context.remoteAddress)",
                "seconds": "\(String(format: "%.3f", seconds))",
            ])
        return response
    }

    private static let headers: [(HTTPField.Name, String)] = {
        var headers: [(HTTPField.Name, String)] = [
            (.xContentTypeOptions, "nosniff"), (.cacheControl, "no-store"),
            (.strictTransportSecurity, "max-age=31536000"),
            (.contentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'"),
        ]
        for (name, value) in [("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY")] {
            if let name = HTTPField.Name(name) { headers.append((name, value)) }
        }
        return headers
    }()
}
