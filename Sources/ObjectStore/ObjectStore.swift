// SPDX-License-Identifier: Apache-2.0
public import Platform

/// A place for files that readers fetch over HTTP: one prefix of a bucket. Paths are relative to the prefix.
///
/// A write is atomic: readers find the old object or the whole new one.
public protocol ObjectStore: Sendable {
    /// Every object below the prefix.
    func list() async throws(StoreError) -> [StoredFile]
    /// `nil` when there is none.
    func attributes(of path: String) async throws(StoreError) -> StoredFile?
    /// `nil` when there is none; `malformed` when it has more than `limit` bytes.
    func read(_ path: String, limit: Int) async throws(StoreError) -> [UInt8]?
    /// Throws `changed` when the condition does not hold; nothing is written then. After any other error the object may
    /// have been written all the same.
    func write(_ object: ObjectWrite, from file: any OpenFile) async throws(StoreError)
    /// Absent is fine.
    func remove(_ path: String) async throws(StoreError)
}

/// One object to write.
public struct ObjectWrite: Sendable, Hashable {
    public var path: String
    /// Bytes.
    public var size: Int64
    /// Lower-case hex, of the whole content.
    public var sha256: String
    public var contentType: String
    public var cacheControl: String
    public var condition: UploadPlan.Condition

    public init(
        path: String, size: Int64, sha256: String, contentType: String, cacheControl: String,
        condition: UploadPlan.Condition
    ) {
        self.path = path
        self.size = size
        self.sha256 = sha256
        self.contentType = contentType
        self.cacheControl = cacheControl
        self.condition = condition
    }
}

/// Why an object store did not do what it was asked. Compared by code; the reason is a part of a sentence.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// The credentials do not allow it, or are wrong.
        case denied
        /// There is no such bucket.
        case notFound
        /// A write's condition does not hold: somebody else has written.
        case changed
        case unreachable
        /// Any other answer, by its HTTP status.
        case refused(Int)
        /// The answer is not what the protocol says.
        case malformed
        case file(FileError)
        case cancelled
    }

    public var code: Code
    public var reason: String

    public init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    public var description: String { reason }
}
