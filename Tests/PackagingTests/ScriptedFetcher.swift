// SPDX-License-Identifier: Apache-2.0
import Synchronization
import TUF

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
        switch answer {
        case .properly: try await send(rest, to: receive)
        case .cut(let count):
            try await send(rest.prefix(count), to: receive)
            throw FetchError(.unreachable, url: request.url, reason: "the connection broke")
        case .refuseRange:
            guard request.offset == 0 else {
                throw FetchError(.rangeNotSupported, url: request.url, reason: "no ranges here")
            }
            try await send(rest, to: receive)
        case .short(let count): try await send(rest.prefix(count), to: receive)
        case .send(let bytes): try await send(bytes[...], to: receive)
        case .fail(let code): throw FetchError(code, url: request.url, reason: "as the script says")
        }
    }

    private func send(
        _ bytes: ArraySlice<UInt8>, to receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        var rest = bytes
        while !rest.isEmpty {
            let piece = rest.prefix(1000)
            rest = rest.dropFirst(piece.count)
            do {
                try await receive(piece)
            } catch let error as FetchError {
                throw error
            } catch {
                throw FetchError(.receiver, url: "", reason: "\(error)")
            }
        }
    }
}
