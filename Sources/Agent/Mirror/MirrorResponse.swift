// SPDX-License-Identifier: Apache-2.0
import HTTPSemantics
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers GET and HEAD for a content of the mirror. What is not needed for the answer is not fetched.
struct MirrorResponse {
    let content: Mirror.Content
    /// Of the connection.
    let eventLoop: any EventLoop

    func answer(_ request: Request) async throws -> Response {
        let isHead = request.method == .head
        let asked = FileRequest(
            isHead: isHead, ifMatch: request.headers[.ifMatch], ifNoneMatch: request.headers[.ifNoneMatch],
            ifRange: request.headers[.ifRange], range: request.headers[.range])
        var headers: HTTPFields = [
            .eTag: content.entityTag.text, .acceptRanges: "bytes", .contentType: "application/octet-stream",
            .cacheControl: content.isImmutable ? "private, max-age=31536000, immutable" : "no-cache",
        ]
        switch asked.answer(tag: content.entityTag, length: content.length) {
        case .whole where isHead:
            // A body of that length which is never written: HEAD has the headers of GET and no content.
            return Response(
                status: .ok, headers: headers,
                body: .init(contentLength: Int(content.length)) { try await $0.finish(nil) })
        case .whole:
            return Response(status: .ok, headers: headers, body: try await body(0..<content.length))
        case .part(let bytes):
            headers[.contentRange] = "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/\(content.length)"
            return Response(status: .partialContent, headers: headers, body: try await body(bytes))
        case .notModified:
            headers[.contentType] = nil
            var response = Response(status: .notModified, headers: headers)
            // It would be the length of the content that is not sent (section 8.6).
            response.headers[.contentLength] = nil
            return response
        case .preconditionFailed:
            return Response(status: .preconditionFailed, headers: Self.forThisRequestOnly(headers))
        case .unsatisfiable:
            headers = Self.forThisRequestOnly(headers)
            headers[.contentRange] = "bytes */\(content.length)"
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
    }

    /// The content may be kept for ever; that this request asked for something else may not.
    private static func forThisRequestOnly(_ headers: HTTPFields) -> HTTPFields {
        var headers = headers
        headers[.contentType] = nil
        headers[.cacheControl] = "no-store"
        return headers
    }

    /// Opened before the headers leave: what cannot be had is an error and not a broken body.
    private func body(_ range: Range<Int64>) async throws -> ResponseBody {
        switch try await content.open() {
        case .bytes(let all):
            ResponseBody(byteBuffer: .init(bytes: all[Int(range.lowerBound)..<Int(range.upperBound)]))
        case .file(let file, let lease):
            FileSender(file: file, growing: nil, lease: lease, eventLoop: eventLoop).body(range)
        case .growing(let growing, let file, let lease):
            FileSender(file: file, growing: growing, lease: lease, eventLoop: eventLoop).body(range)
        }
    }
}
