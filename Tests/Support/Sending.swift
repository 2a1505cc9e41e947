// SPDX-License-Identifier: Apache-2.0
public import TUF

/// Hands bytes over as a fetcher does: in pieces, and what the receiver throws in the words of a fetch.
public func send(
    _ bytes: ArraySlice<UInt8>, inPiecesOf size: Int, url: String, to receive: (ArraySlice<UInt8>) async throws -> Void
) async throws(FetchError) {
    var rest = bytes
    while !rest.isEmpty {
        let piece = rest.prefix(size)
        rest = rest.dropFirst(piece.count)
        do {
            try await receive(piece)
        } catch let error as FetchError {
            throw error
        } catch {
            throw FetchError(.receiver, url: url, reason: "\(error)")
        }
    }
}
