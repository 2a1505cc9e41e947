// SPDX-License-Identifier: Apache-2.0

/// One GET. Base URLs are concatenated by the caller, never re-encoded here.
public struct FetchRequest: Sendable, Hashable {
    public var url: String
    /// First byte wanted; with a value above 0 or a ``length``, a byte range is asked for.
    public var offset: Int64
    /// How many bytes are wanted; `nil` means to the end.
    public var length: Int64?

    public init(url: String, offset: Int64 = 0, length: Int64? = nil) {
        self.url = url
        self.offset = offset
        self.length = length
    }
}

public struct FetchError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// The server answered and has no such file: never retried.
        case notFound
        /// More bytes came than were allowed.
        case tooLong
        /// No progress within the allowed time.
        case stalled
        case unreachable
        /// Any other status.
        case status(Int)
        /// The range was refused or ignored: start again from 0.
        case rangeNotSupported
        /// The receiver could not take the bytes (the disk is full, say).
        case receiver
        case cancelled
    }

    public var code: Code
    public var url: String
    public var reason: String

    public init(_ code: Code, url: String, reason: String) {
        self.code = code
        self.url = url
        self.reason = reason
    }

    public var description: String { "\(url): \(reason)" }
}

/// Brings bytes from a repository. Implementers write this one function; limits and buffering live in
/// ``Fetcher/bytes(_:limit:)``, once.
public protocol Fetcher: Sendable {
    /// Streams the body to `receive`, in order; an error thrown by `receive` ends the fetch and is reported as
    /// `receiver` unless it is a ``FetchError`` itself.
    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError)
}

extension Fetcher {
    /// The whole body; `tooLong` as soon as it exceeds `limit` bytes.
    /// - Parameter watch: sees each piece before it is taken, and may end the fetch.
    public func bytes(
        _ url: String, limit: Int, watch: (ArraySlice<UInt8>) throws(FetchError) -> Void = { _ throws(FetchError) in }
    ) async throws(FetchError) -> [UInt8] {
        var body: [UInt8] = []
        try await fetch(FetchRequest(url: url)) { chunk in
            try watch(chunk)
            guard body.count + chunk.count <= limit else {
                throw FetchError(.tooLong, url: url, reason: "more than \(limit) bytes")
            }
            body.append(contentsOf: chunk)
        }
        return body
    }
}
