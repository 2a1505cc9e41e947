// SPDX-License-Identifier: Apache-2.0
import Platform
import Crypto
import TUF

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What is signed of a request to an object store.
public struct SignableRequest: Sendable, Hashable {
    public struct Field: Sendable, Hashable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public var method: String
    /// With the port unless it is the scheme's own: exactly what goes into the `Host` header.
    public var host: String
    /// Starts with `/`; not percent-encoded.
    public var path: String
    /// Not percent-encoded.
    public var query: [Field]
    /// Headers besides `Host` and those that signing adds; each of them is signed.
    public var headers: [Field]
    /// Lower-case hex SHA-256 of the body, which the store then checks too.
    public var payloadSHA256: String

    public init(
        method: String, host: String, path: String, query: [Field] = [], headers: [Field] = [],
        payloadSHA256: String = SigV4.emptyPayload
    ) {
        self.method = method
        self.host = host
        self.path = path
        self.query = query
        self.headers = headers
        self.payloadSHA256 = payloadSHA256
    }

    /// As it must stand in the request line: S3 encodes a path once, keeps its `/`, and removes no dots.
    public var encodedPath: String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { percentEncoded(String($0)) }
            .joined(separator: "/")
    }

    /// As it must stand in the request line, after `?`.
    public var encodedQuery: String {
        let pairs = query.map { (percentEncoded($0.name), percentEncoded($0.value)) }
        // Encoded text is ASCII: `<` compares bytes.
        return pairs.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }
}

/// AWS Signature Version 4 in the `Authorization` header, as every S3-compatible store checks it. A value without any
/// input or output: the same request at the same time has the same signature.
public struct SigV4: Sendable {
    /// SHA-256 of no bytes.
    public static let emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let algorithm = "AWS4-HMAC-SHA256"

    public let credentials: Credentials
    public let region: String
    public let service: String

    public init(credentials: Credentials, region: String, service: String = "s3") {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// All headers to send besides `Host`: those of the request, `x-amz-date`, `x-amz-content-sha256`,
    /// `x-amz-security-token` with temporary credentials, and `Authorization`.
    public func signedHeaders(of request: SignableRequest, at date: Date) -> [SignableRequest.Field] {
        let request = prepared(request, at: date)
        let value =
            "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope(at: date))"
            + ",SignedHeaders=\(signedHeaderNames(of: request)),Signature=\(signature(of: request, at: date))"
        return request.headers + [.init("Authorization", value)]
    }

    /// With the headers that signing adds.
    func prepared(_ request: SignableRequest, at date: Date) -> SignableRequest {
        var request = request
        request.headers.append(.init("x-amz-content-sha256", request.payloadSHA256))
        request.headers.append(.init("x-amz-date", timestamp(date)))
        if let token = credentials.sessionToken { request.headers.append(.init("x-amz-security-token", token)) }
        return request
    }

    func canonicalRequest(_ request: SignableRequest) -> String {
        let headers = canonicalHeaders(of: request).map { "\($0.name):\($0.value)\n" }.joined()
        return [
            request.method, request.encodedPath, request.encodedQuery, headers, signedHeaderNames(of: request),
            request.payloadSHA256,
        ].joined(separator: "\n")
    }

    func stringToSign(_ request: SignableRequest, at date: Date) -> String {
        let hash = sha256Hex(Array(canonicalRequest(request).utf8))
        return [Self.algorithm, timestamp(date), scope(at: date), hash].joined(separator: "\n")
    }

    func signature(of request: SignableRequest, at date: Date) -> String {
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [day(date), region, service, "aws4_request"] { key = Self.mac(part, key: key) }
        return hex(Self.mac(stringToSign(request, at: date), key: key))
    }

    private func signedHeaderNames(of request: SignableRequest) -> String {
        canonicalHeaders(of: request).map(\.name).joined(separator: ";")
    }

    /// Lower-case names in order, one line each: values of one name are joined, spaces around and in runs are not signed.
    private func canonicalHeaders(of request: SignableRequest) -> [SignableRequest.Field] {
        var values = ["host": [request.host]]
        for header in request.headers {
            let value = header.value.split(separator: " ").joined(separator: " ")
            values[header.name.lowercased(), default: []].append(value)
        }
        return values.sorted { $0.key < $1.key }.map { .init($0.key, $0.value.joined(separator: ",")) }
    }

    private func scope(at date: Date) -> String { "\(day(date))/\(region)/\(service)/aws4_request" }
    private func day(_ date: Date) -> String { String(timestamp(date).prefix(8)) }

    /// `20130524T000000Z`
    private func timestamp(_ date: Date) -> String { MetadataDate.format(date).filter { $0 != "-" && $0 != ":" } }

    private static func mac(_ text: String, key: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }
}
