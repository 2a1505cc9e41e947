// SPDX-License-Identifier: Apache-2.0
public import Platform
import Synchronization
public import TUF

/// Keeps trusted metadata in memory and tells the order in which it was written.
public final class MemoryMetadataStore: MetadataStore {
    private struct State {
        var files: [String: [UInt8]] = [:]
        var saved: [String] = []
        var failure: FileError?
    }

    private let state = Mutex(State())

    public init(_ files: [String: [UInt8]] = [:]) {
        state.withLock { $0.files = files }
    }

    public var files: [String: [UInt8]] { state.withLock { $0.files } }
    /// Roles in the order of their writes.
    public var saved: [String] { state.withLock { $0.saved } }

    /// Every later call fails with this; `nil` ends it.
    public func fail(with error: FileError?) { state.withLock { $0.failure = error } }

    public func load(_ role: String) throws(FileError) -> [UInt8]? {
        let (bytes, failure) = state.withLock { ($0.files[role], $0.failure) }
        if let failure { throw failure }
        return bytes
    }

    public func save(_ role: String, _ bytes: [UInt8]) throws(FileError) {
        let failure = state.withLock { state in
            if state.failure == nil {
                state.files[role] = bytes
                state.saved.append(role)
            }
            return state.failure
        }
        if let failure { throw failure }
    }

    public func remove(_ role: String) throws(FileError) {
        let failure = state.withLock { state in
            if state.failure == nil { state.files[role] = nil }
            return state.failure
        }
        if let failure { throw failure }
    }
}
