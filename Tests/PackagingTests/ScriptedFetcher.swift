// SPDX-License-Identifier: Apache-2.0
import Synchronization
import TUF
import TestSupport

/// A server that has one file and answers each request as the next line of a script says; after its end, properly.
final class ScriptedFetcher: Fetcher {
    enum Answer: Sendable {
        case properly
        /// The connection breaks after so many bytes of this answer.
        case cut(after: Int)
        case refuseRange
        /// Ends as if all were sent, after so many bytes.
        case short(Int)
        case send([UInt8])
        case fail(FetchError.Code)
    }

    private let content: [UInt8]
    private let state: Mutex<(script: [Answer], requests: [FetchRequest])>

    init(_ content: [UInt8], _ script: [Answer] = []) {
        self.content = content
        state = Mutex((script, []))
    }

    var requests: [FetchRequest] { state.withLock { $0.requests } }
    var offsets: [Int64] { requests.map(\.offset) }

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        let answer = state.withLock { state in
            state.requests.append(request)
            return state.script.isEmpty ? Answer.properly : state.script.removeFirst()
        }
        let rest = content.dropFirst(Int(request.offset))
        func send(_ bytes: ArraySlice<UInt8>) async throws(FetchError) {
            try await TestSupport.send(bytes, inPiecesOf: 1000, url: request.url, to: receive)
        }
        switch answer {
        case .properly: try await send(rest)
        case .cut(let count):
            try await send(rest.prefix(count))
            throw FetchError(.unreachable, url: request.url, reason: "the connection broke")
        case .refuseRange:
            guard request.offset == 0 else {
                throw FetchError(.rangeNotSupported, url: request.url, reason: "no ranges here")
            }
            try await send(rest)
        case .short(let count): try await send(rest.prefix(count))
        case .send(let bytes): try await send(bytes[...])
        case .fail(let code): throw FetchError(code, url: request.url, reason: "as the script says")
        }
    }
}
