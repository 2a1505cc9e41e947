// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import HTTPFetcher
import NIOCore
import NIOHTTP1
import Platform
import TUF

/// Signs requests, sends them, and repeats those that may go better the next time.
struct S3Requests: Sendable {
    enum Payload: Sendable {
        case bytes([UInt8])
        case file(any OpenFile, offset: Int64, length: Int64, sha256: String)

        var sha256: String {
            switch self {
            case .bytes(let bytes): sha256Hex(bytes)
            case .file(_, _, _, let sha256): sha256
            }
        }
    }

    struct Answer: Sendable {
        var status: Int
        var etag: String?
        /// As the header says it: of the object, not of ``body``, in an answer to HEAD.
        var contentLength: Int64?
        var body: [UInt8]
    }

    /// Seconds of waiting before each repetition.
    static let patience = [0.5, 1, 2, 4, 8.0]
    /// The longest that one request may take, a part of an upload over a thin line: seconds.
    private static let deadline: Int64 = 24 * 3600

    let bucket: S3Bucket
    private let signer: SigV4
    private let client: HTTPClient
    private let clock: any WallClock

    init(bucket: S3Bucket, credentials: Credentials, client: HTTPClient, clock: any WallClock) {
        self.bucket = bucket
        self.client = client
        self.clock = clock
        signer = SigV4(credentials: credentials, region: bucket.region)
    }

    /// - Parameter limit: of the answer's body, in bytes.
    func send(
        _ method: String, _ path: String, query: [SignableRequest.Field] = [], headers: [SignableRequest.Field] = [],
        payload: Payload = .bytes([]), limit: Int
    ) async throws(StoreError) -> Answer {
        var request = SignableRequest(
            method: method, host: bucket.host, path: path, query: query, headers: headers)
        request.payloadSHA256 = payload.sha256
        for pause in Self.patience {
            do {
                return try await sendOnce(request, payload, limit: limit)
            } catch  where error.isPassing {
                do { try await clock.sleep(seconds: pause) } catch { throw StoreError(.cancelled, "cancelled") }
            }
        }
        return try await sendOnce(request, payload, limit: limit)
    }

    private func sendOnce(
        _ request: SignableRequest, _ payload: Payload, limit: Int
    ) async throws(StoreError) -> Answer {
        let url = "\(bucket.scheme)://\(bucket.host)\(request.encodedPath)"
        var outgoing = HTTPClientRequest(url: request.query.isEmpty ? url : "\(url)?\(request.encodedQuery)")
        outgoing.method = HTTPMethod(rawValue: request.method)
        outgoing.headers.add(name: "Host", value: bucket.host)
        // Signed anew for each try: a signature is good for a quarter of an hour.
        for field in signer.signedHeaders(of: request, at: clock.now) {
            outgoing.headers.add(name: field.name, value: field.value)
        }
        switch payload {
        case .bytes(let bytes): if !bytes.isEmpty { outgoing.body = .bytes(bytes) }
        case .file(let file, let offset, let length, _):
            outgoing.body = .stream(FilePieces(file: file, offset: offset, length: length), length: .known(length))
        }
        let answer: Answer
        do {
            let response = try await client.execute(outgoing, deadline: .now() + .seconds(Self.deadline))
            var body: [UInt8] = []
            for try await buffer in response.body {
                guard body.count + buffer.readableBytes <= max(limit, 65_536) else {
                    throw StoreError(.malformed, "\(request.path) is longer than the \(limit) bytes expected")
                }
                body += buffer.readableBytesView
            }
            answer = Answer(
                status: Int(response.status.code), etag: response.headers.first(name: "ETag"),
                contentLength: response.headers.first(name: "Content-Length").flatMap { Int64($0) }, body: body)
        } catch {
            throw Self.wrapped(error, url: url)
        }
        guard (200..<300).contains(answer.status) else {
            throw Self.error(status: answer.status, S3Failure(answer.body))
        }
        return answer
    }

    private static func wrapped(_ error: any Error, url: String) -> StoreError {
        switch error {
        case let error as StoreError: return error
        case let error as FileError: return StoreError(.file(error), "\(error)")
        default:
            let fetch = FetchError(wrapping: error, url: url)
            return StoreError(fetch.code == .cancelled ? .cancelled : .unreachable, fetch.reason)
        }
    }

    static func error(status: Int, _ failure: S3Failure?) -> StoreError {
        let said = failure.map { $0.message.isEmpty ? $0.code : "\($0.code): \($0.message)" } ?? "status \(status)"
        switch (status, failure?.code) {
        case (412, _), (_, "PreconditionFailed"): return StoreError(.changed, "somebody else has written it meanwhile")
        case (_, "RequestTimeout"): return StoreError(.refused(408), "the line was too slow for the store (\(said))")
        case (_, "NoSuchBucket"): return StoreError(.notFound, "the store has no such bucket")
        case (401, _), (403, _): return StoreError(.denied, "the store does not allow it (\(said))")
        case (501, _):
            return StoreError(
                .refused(501), "the store lacks something that is needed here, such as conditional writes (\(said))")
        default: return StoreError(.refused(status), "the store answered \(said)")
        }
    }
}

extension StoreError {
    /// The same request may well succeed a moment later.
    var isPassing: Bool {
        switch code {
        // 409 is a conditional write that met another one on the way.
        case .refused(let status): [408, 409, 429].contains(status) || status >= 500 && status != 501
        case .unreachable: true
        default: false
        }
    }
}

/// Part of a file, a piece at a time.
private struct FilePieces: AsyncSequence, Sendable {
    let file: any OpenFile
    let offset: Int64
    let length: Int64

    struct AsyncIterator: AsyncIteratorProtocol {
        let file: any OpenFile
        var offset: Int64
        let end: Int64

        mutating func next() async throws -> ByteBuffer? {
            guard offset < end else { return nil }
            let (file, start, count) = (file, offset, Int(Swift.min(1 << 20, end - offset)))
            let bytes = try await BlockingWork.run { () throws(FileError) in try file.read(at: start, count: count) }
            // Shorter than it was: the request must not seem complete.
            guard !bytes.isEmpty else {
                throw StoreError(.malformed, "the file became shorter while it was uploaded")
            }
            offset += Int64(bytes.count)
            return ByteBuffer(bytes: bytes)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(file: file, offset: offset, end: offset + length) }
}
