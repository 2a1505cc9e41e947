// SPDX-License-Identifier: Apache-2.0
import Synchronization
public import TUF

/// One repository at several addresses, tried in order. An address that does not answer gives way to the next, and is asked
/// again only when all others have failed. That a file is not there is an answer: nobody else is asked for it.
public final class FailoverFetcher: Fetcher {
    private let addresses: [String]
    private let fetcher: any Fetcher
    /// The address that answered last.
    private let current = Mutex(0)

    /// - Parameters:
    ///   - address: the one that requests are made for; ends with a slash, as all of them do.
    ///   - alternatives: in the order in which they are tried.
    public init(_ address: String, alternatives: [String], fetcher: any Fetcher) {
        addresses = [address] + alternatives
        self.fetcher = fetcher
    }

    public func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        guard addresses.count > 1, request.url.hasPrefix(addresses[0]) else {
            return try await fetcher.fetch(request, receive: receive)
        }
        let path = request.url.dropFirst(addresses[0].count)
        let first = current.withLock { $0 }
        for turn in addresses.indices {
            let index = (first + turn) % addresses.count
            var attempt = request
            attempt.url = addresses[index] + path
            var hasBegun = false
            do throws(FetchError) {
                try await fetcher.fetch(attempt) { chunk in
                    hasBegun = true
                    try await receive(chunk)
                }
                return current.withLock { $0 = index }
            } catch {
                guard Self.isNoAnswer(error) else { throw error }
                current.withLock { $0 = (index + 1) % addresses.count }
                // What has come cannot be taken back; whoever resumes asks the next address.
                guard !hasBegun, turn < addresses.count - 1 else { throw error }
            }
        }
    }

    private static func isNoAnswer(_ error: FetchError) -> Bool {
        switch error.code {
        case .unreachable, .stalled: true
        case .status(let status): status >= 500 || status == 429
        default: false
        }
    }
}
