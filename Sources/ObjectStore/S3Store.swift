// SPDX-License-Identifier: Apache-2.0
public import AsyncHTTPClient
public import Platform
import TUF

/// An S3-compatible object store.
///
/// Requests that fail on the way, and those that the store is too busy for, are repeated a few times; whoever waits for
/// an upload of hours should not have to begin again because a line was down for a second.
public struct S3Store: ObjectStore {
    /// Larger ones go in parts of at least this: a part that fails is repeated, not the whole. Bytes.
    static let partBytes: Int64 = 64 << 20
    private static let largestAnswer = 16 << 20

    let requests: S3Requests
    private let bucket: S3Bucket
    private let partBytes: Int64

    /// `client` is the caller's to shut down.
    public init(_ bucket: S3Bucket, credentials: Credentials, client: HTTPClient, clock: any WallClock) {
        self.init(bucket, credentials: credentials, client: client, clock: clock, partBytes: Self.partBytes)
    }

    init(
        _ bucket: S3Bucket, credentials: Credentials, client: HTTPClient, clock: any WallClock, partBytes: Int64
    ) {
        self.bucket = bucket
        self.partBytes = partBytes
        requests = S3Requests(bucket: bucket, credentials: credentials, client: client, clock: clock)
    }

    public func list() async throws(StoreError) -> [StoredFile] {
        var files: [StoredFile] = []
        var continuation: String?
        repeat {
            var query: [SignableRequest.Field] = [.init("list-type", "2"), .init("prefix", bucket.prefix)]
            if let continuation { query.append(.init("continuation-token", continuation)) }
            let answer = try await requests.send("GET", "/\(bucket.name)", query: query, limit: Self.largestAnswer)
            guard let page = ObjectList(answer.body, prefix: bucket.prefix) else {
                throw StoreError(.malformed, "the store's list of objects is not one of S3")
            }
            files += page.files
            continuation = page.continuation
        } while continuation != nil
        return files
    }

    public func attributes(of path: String) async throws(StoreError) -> StoredFile? {
        do throws(StoreError) {
            let answer = try await requests.send("HEAD", bucket.path(of: path), limit: 0)
            guard let size = answer.contentLength else {
                throw StoreError(.malformed, "the store does not say how long \(path) is")
            }
            return StoredFile(path: path, size: size, etag: answer.etag)
        } catch  where error.code == .refused(404) {
            return nil
        }
    }

    public func read(_ path: String, limit: Int) async throws(StoreError) -> [UInt8]? {
        do {
            return try await requests.send("GET", bucket.path(of: path), limit: limit).body
        } catch  where error.code == .refused(404) {
            return nil
        }
    }

    public func write(_ object: ObjectWrite, from file: any OpenFile) async throws(StoreError) {
        if object.size > partBytes { return try await writeInParts(object, from: file) }
        _ = try await requests.send(
            "PUT", bucket.path(of: object.path), headers: headers(of: object) + condition(object.condition),
            payload: .file(file, offset: 0, length: object.size, sha256: object.sha256), limit: Self.largestAnswer)
    }

    public func remove(_ path: String) async throws(StoreError) {
        do {
            _ = try await requests.send("DELETE", bucket.path(of: path), limit: Self.largestAnswer)
        } catch  where error.code == .refused(404) {
            return
        }
    }

    private func headers(of object: ObjectWrite) -> [SignableRequest.Field] {
        [.init("Content-Type", object.contentType), .init("Cache-Control", object.cacheControl)]
    }

    private func condition(_ condition: UploadPlan.Condition) -> [SignableRequest.Field] {
        switch condition {
        case .absent: [.init("If-None-Match", "*")]
        case .unchanged(let etag): [.init("If-Match", etag)]
        case .none: []
        }
    }

    // MARK: In parts

    private func writeInParts(_ object: ObjectWrite, from file: any OpenFile) async throws(StoreError) {
        let path = bucket.path(of: object.path)
        let begun = try await requests.send(
            "POST", path, query: [.init("uploads", "")], headers: headers(of: object), limit: Self.largestAnswer)
        guard let id = XMLElement.parsed(begun.body)?.text(of: "UploadId") else {
            throw StoreError(.malformed, "the store gave no id for an upload in parts")
        }
        do {
            let parts = try await writeParts(object, at: path, id: id, from: file)
            try await complete(object, at: path, id: id, parts: parts)
        } catch {
            // Parts that nobody completes cost money; when this fails too, the first error is what matters.
            _ = try? await requests.send("DELETE", path, query: [.init("uploadId", id)], limit: Self.largestAnswer)
            throw error
        }
    }

    private func writeParts(
        _ object: ObjectWrite, at path: String, id: String, from file: any OpenFile
    ) async throws(StoreError) -> [(number: Int, etag: String)] {
        // S3 takes at most 10,000 parts.
        let partBytes = max(partBytes, (object.size + 9_999) / 10_000)
        var parts: [(number: Int, etag: String)] = []
        var offset: Int64 = 0
        while offset < object.size {
            let (start, length) = (offset, min(partBytes, object.size - offset))
            let sha256 = try await BlockingWork.run { () throws(StoreError) in
                try FileHash.sha256(of: file, offset: start, length: length)
            }
            let answer = try await requests.send(
                "PUT", path, query: [.init("partNumber", String(parts.count + 1)), .init("uploadId", id)],
                payload: .file(file, offset: start, length: length, sha256: sha256), limit: Self.largestAnswer)
            guard let etag = answer.etag else { throw StoreError(.malformed, "the store gave no ETag for a part") }
            parts.append((parts.count + 1, etag))
            offset += length
        }
        return parts
    }

    private func complete(
        _ object: ObjectWrite, at path: String, id: String, parts: [(number: Int, etag: String)]
    ) async throws(StoreError) {
        let list = parts.map { part in
            "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(Self.escaped(part.etag))</ETag></Part>"
        }
        let body = Array("<CompleteMultipartUpload>\(list.joined())</CompleteMultipartUpload>".utf8)
        let answer = try await requests.send(
            "POST", path, query: [.init("uploadId", id)],
            headers: [.init("Content-Type", "application/xml")] + condition(object.condition),
            payload: .bytes(body), limit: Self.largestAnswer)
        // The store answers 200 before it is done; how it went stands in the body.
        if let failure = S3Failure(answer.body) { throw S3Requests.error(status: 500, failure) }
    }

    private static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            default: String(character)
            }
        }.joined()
    }
}
