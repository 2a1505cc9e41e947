// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import OfficeMaker

/// What the server, or the way to it, says no with.
struct OfficeError: Error, Sendable {
    /// `nil` when it did not answer.
    var problem: Problem?
    /// A sentence for the person.
    var sentence: String

    /// Trying again can help: it is away, or about to be updated.
    var isTransient: Bool {
        guard let problem else { return true }
        return problem.status == 503 || problem.status == 502 || problem.code == OfficeProblem.tooManyAttempts
    }
}

/// The way to the server of Office Maker.
struct OfficeServer: Sendable {
    let url: String
    let language: Language
    private let client: HTTPClient

    init(url: String, language: Language, certificateAuthority: String?) throws {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.language = language
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(5), read: .seconds(30)))
        if let certificateAuthority {
            var tls = TLSConfiguration.makeClientConfiguration()
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(certificateAuthority))
            } catch {
                throw ClientFailure("The certificate authority \(certificateAuthority) cannot be read: \(error).")
            }
            configuration.tlsConfiguration = tls
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func shutdown() async { try? await client.shutdown() }

    func call<Answer: Decodable>(
        _ method: HTTPMethod, _ path: String, token: String? = nil, _ body: (any Encodable & Sendable)? = nil,
        as type: Answer.Type = Answer.self
    ) async throws(OfficeError) -> Answer {
        let data = try await send(method, path, token, body)
        do {
            return try APIJSON.decode(type, from: data)
        } catch {
            throw OfficeError(problem: nil, sentence: "\(url): \(error)")
        }
    }

    func call(_ method: HTTPMethod, _ path: String, token: String?) async throws(OfficeError) {
        _ = try await send(method, path, token, nil)
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ token: String?, _ body: (any Encodable & Sendable)?
    ) async throws(OfficeError) -> Data {
        var request = HTTPClientRequest(url: "\(url)/\(path)")
        request.method = method
        request.headers.add(name: "Accept-Language", value: language.rawValue)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        let answer: (status: Int, data: Data)
        do {
            if let body {
                request.headers.add(name: "Content-Type", value: "application/json")
                request.body = .bytes(ByteBuffer(bytes: try APIJSON.encode(body)))
            }
            let response = try await client.execute(request, timeout: .seconds(60))
            let buffer = try await response.body.collect(upTo: 16 << 20)
            answer = (Int(response.status.code), Data(buffer.readableBytesView))
        } catch {
            throw OfficeError(problem: nil, sentence: Catalogue.text(.serverAway, [:], language))
        }
        guard answer.status >= 400 else { return answer.data }
        let problem = try? APIJSON.decode(Problem.self, from: answer.data)
        throw OfficeError(
            problem: problem ?? Problem(code: "status", title: "", status: answer.status, detail: ""),
            sentence: problem?.detail ?? "\(url): \(answer.status)")
    }
}
