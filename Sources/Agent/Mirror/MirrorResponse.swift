// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import Platform

/// Answers GET and HEAD for a content of the mirror (RFC 9110): one range, entity tags, conditions.
struct MirrorResponse {
    let content: Mirror.Content
    let fileSystem: any FileSystem
    private static let chunk = 256 << 10

    func answer(_ request: Request) throws -> Response {
        var headers: HTTPFields = [
            .eTag: content.entityTag, .acceptRanges: "bytes", .contentType: "application/octet-stream",
            .cacheControl: content.isImmutable ? "private, max-age=31536000, immutable" : "no-cache",
        ]
        if let listed = request.headers[.ifNoneMatch], EntityTag.isListed(content.entityTag, in: listed) {
            return Response(status: .notModified, headers: headers)
        }
        // Range means something for GET only (section 14.2).
        var range = ByteRange.whole
        if request.method == .get, request.headers[.ifRange].map({ $0 == content.entityTag }) ?? true {
            range = ByteRange(header: request.headers[.range], length: content.length)
        }
        switch range {
        case .whole:
            return try response(.ok, headers, 0..<content.length, request)
        case .part(let bytes):
            headers[.contentRange] = "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/\(content.length)"
            return try response(.partialContent, headers, bytes, request)
        case .unsatisfiable:
            headers[.contentRange] = "bytes */\(content.length)"
            headers[.contentType] = nil
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
    }

    private func response(
        _ status: HTTPResponse.Status, _ headers: HTTPFields, _ bytes: Range<Int64>, _ request: Request
    ) throws -> Response {
        if request.method == .head {
            var headers = headers
            headers[.contentLength] = "\(content.length)"
            // A body of that length which is never written: HEAD has the headers of GET and no content.
            return Response(
                status: status, headers: headers,
                body: .init(contentLength: Int(content.length)) { try await $0.finish(nil) })
        }
        switch content.source {
        case .bytes(let all):
            let part = all[Int(bytes.lowerBound)..<Int(bytes.upperBound)]
            return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: part)))
        case .file(let path):
            // Opened before the headers leave: a file that is gone is an error and not a broken body.
            let file = try fileSystem.openForReading(path)
            return Response(
                status: status, headers: headers,
                body: .init(contentLength: bytes.count) { writer in
                    defer { try? file.close() }
                    var offset = bytes.lowerBound
                    while offset < bytes.upperBound {
                        let (start, count) = (offset, min(Self.chunk, Int(bytes.upperBound - offset)))
                        let read = try await NIOThreadPool.singleton.runIfActive {
                            ByteBuffer(bytes: try file.read(at: start, count: count))
                        }
                        guard read.readableBytes > 0 else { throw FileError(.notFound, operation: "read", path: "") }
                        offset += Int64(read.readableBytes)
                        try await writer.write(read)
                    }
                    try await writer.finish(nil)
                })
        }
    }
}
