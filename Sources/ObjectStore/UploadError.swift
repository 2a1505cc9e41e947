// SPDX-License-Identifier: Apache-2.0
public import Platform

/// Why a repository was not put into a store, in sentences for the release engineer. Compared by code.
public struct UploadError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// An object that never changes is there with other content, or somebody else publishes at the same time.
        case conflict
        /// The store has a newer publication than the one to upload.
        case older
        /// The local repository lacks a file, or one is not what its name or the metadata says.
        case incomplete
        case store(StoreError.Code)
        case file(FileError)
    }

    public var code: Code
    public var reason: String

    public init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    public var description: String { reason }
}
