// SPDX-License-Identifier: Apache-2.0
import Synchronization
import TUF
import TestSupport

/// Serves packs, with one fault.
final class PackServer: Fetcher {
    enum Fault: Sendable {
        case none
        /// Each connection breaks after so many bytes.
        case cut(every: Int)
        /// The first connection breaks after so many bytes; then nothing is to be had until it is mended.
        case down(after: Int)
        /// The first connection stalls after so many bytes.
        case stall(after: Int)
        /// The first answer ends early, as if that were all.
        case short(Int)
        /// Ranges are answered by the whole, which a fetcher refuses.
        case noRanges
        /// From so many bytes on, the first answer is something else.
        case garbage(after: Int)
    }

    private let blobs: [String: [UInt8]]
    private let state: Mutex<(fault: Fault, requests: [FetchRequest], bytes: Int)>

    init(_ blobs: [String: [UInt8]], _ fault: Fault) {
        self.blobs = blobs
        state = Mutex((fault, [], 0))
    }

    var requests: [FetchRequest] { state.withLock { $0.requests } }
    /// Sent in all.
    var bytes: Int { state.withLock { $0.bytes } }
    func mend() { state.withLock { $0.fault = .none } }

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        let (fault, isFirst) = state.withLock { state in
            state.requests.append(request)
            return (state.fault, state.requests.count == 1)
        }
        guard let blob = blobs[String(request.url.split(separator: "/").last ?? "")] else {
            throw FetchError(.notFound, url: request.url, reason: "404")
        }
        let end = request.length.map { min(blob.count, Int(request.offset + $0)) } ?? blob.count
        let content = blob[Int(request.offset)..<end]
        func send(_ bytes: ArraySlice<UInt8>) async throws(FetchError) {
            try await TestSupport.send(bytes, inPiecesOf: 4000, url: request.url) { piece in
                try await receive(piece)
                state.withLock { $0.bytes += piece.count }
            }
        }
        switch fault {
        case .none: try await send(content)
        case .cut(let count):
            try await send(content.prefix(count))
            if content.count > count { throw FetchError(.unreachable, url: request.url, reason: "cut") }
        case .down(let count):
            if isFirst { try await send(content.prefix(count)) }
            throw FetchError(.unreachable, url: request.url, reason: "down")
        case .stall(let count):
            try await send(isFirst ? content.prefix(count) : content)
            if isFirst { throw FetchError(.stalled, url: request.url, reason: "stalled") }
        case .short(let count): try await send(isFirst ? content.prefix(count) : content)
        case .noRanges:
            guard request.offset == 0, request.length == nil else {
                throw FetchError(.rangeNotSupported, url: request.url, reason: "the whole file was sent")
            }
            try await send(content)
        case .garbage(let count):
            guard isFirst, content.count > count else { return try await send(content) }
            try await send(content.prefix(count) + content.dropFirst(count).map { ~$0 })
        }
    }
}
