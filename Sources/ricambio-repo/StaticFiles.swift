// SPDX-License-Identifier: Apache-2.0
internal import HTTPSemantics
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOPosix
internal import Platform
internal import SystemPackage
internal import TUF

/// Answers GET and HEAD with the files of one folder, and nothing outside it.
struct StaticFiles: Sendable {
    private static let pieceBytes = 256 << 10

    let root: FilePath
    let fileSystem: any FileSystem

    func respond(to request: Request) async throws -> Response {
        guard request.method == .get || request.method == .head else {
            return Response(status: .methodNotAllowed, headers: [.allow: "GET, HEAD"])
        }
        guard let (path, attributes) = try find(request.head.path ?? "/") else {
            return Response(status: .notFound)
        }
        let tag = EntityTag(
            strong: "\(String(attributes.inode, radix: 36))-\(attributes.size)-\(attributes.modified)")
        var headers: HTTPFields = [
            .eTag: tag.text, .acceptRanges: "bytes",
            .contentType: path.extension == "json" ? "application/json" : "application/octet-stream",
        ]
        let asked = FileRequest(
            isHead: request.method == .head, ifMatch: request.headers[.ifMatch],
            ifNoneMatch: request.headers[.ifNoneMatch], ifRange: request.headers[.ifRange],
            range: request.headers[.range])
        switch asked.answer(tag: tag, length: attributes.size) {
        case .whole where asked.isHead:
            headers[.contentLength] = String(attributes.size)
            return Response(status: .ok, headers: headers)
        case .whole:
            return Response(status: .ok, headers: headers, body: try body(path, 0..<attributes.size))
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(attributes.size)"
            return Response(status: .partialContent, headers: headers, body: try body(path, range))
        case .notModified:
            return Response(status: .notModified, headers: headers)
        case .preconditionFailed:
            return Response(status: .preconditionFailed, headers: headers)
        case .unsatisfiable:
            return Response(status: .rangeNotSatisfiable, headers: [.contentRange: "bytes */\(attributes.size)"])
        }
    }

    /// The file that a request's target names; `nil` for folders, symlinks and whatever lies behind one.
    func find(_ target: String) throws(FileError) -> (FilePath, FileAttributes)? {
        guard let names = Self.names(in: target) else { return nil }
        var path = root
        for (index, name) in names.enumerated() {
            path = path.appending(FilePath.Component(name) ?? ".")
            guard let attributes = try fileSystem.attributes(of: path) else { return nil }
            let isLast = index == names.count - 1
            guard attributes.kind == (isLast ? .file : .directory) else { return nil }
            if isLast { return (path, attributes) }
        }
        return nil
    }

    /// The decoded parts of a request's path; `nil` when one of them is no plain name.
    static func names(in target: String) -> [String]? {
        guard target.utf8.first == UInt8(ascii: "/") else { return nil }
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }.dropFirst()
        var names: [String] = []
        for part in path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let name = percentDecoded(Substring(part)), !name.isEmpty, name != ".", name != "..",
                !name.utf8.contains(0), !name.utf8.contains(UInt8(ascii: "/"))
            else { return nil }
            names.append(name)
        }
        return names
    }

    private func body(_ path: FilePath, _ range: Range<Int64>) throws(FileError) -> ResponseBody {
        let file = try fileSystem.openForReading(path)
        return ResponseBody(contentLength: Int(range.count)) { writer in
            var position = range.lowerBound
            while position < range.upperBound {
                let (start, count) = (position, Int(min(Int64(Self.pieceBytes), range.upperBound - position)))
                let bytes = try await NIOThreadPool.singleton.runIfActive {
                    try file.read(at: start, count: count)
                }
                // Shorter than promised: breaking the connection is the only honest end.
                guard !bytes.isEmpty else {
                    throw FileError(.notFound, operation: "read the rest of", path: path.string)
                }
                try await writer.write(ByteBuffer(bytes: bytes))
                position += Int64(bytes.count)
            }
            try await writer.finish(nil)
        }
    }
}
