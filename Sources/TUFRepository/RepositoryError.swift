// SPDX-License-Identifier: Apache-2.0
public import Platform
public import TUF

/// Why a repository cannot be edited. Compared by ``code``.
public struct RepositoryError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// There is one already.
        case exists
        case notARepository
        /// Somebody else is publishing.
        case locked
        case unknownProduct
        /// A product name or target path that cannot be used.
        case badName
        /// Fewer keys at hand than the role's threshold.
        case missingKey
        /// A key that cannot be read or opened, or a signer that failed.
        case badKey
        /// Nothing was published: what was prepared waits for more signatures.
        case waitsForSignatures
        case file(FileError)
        case metadata(TUFError)
    }

    public var code: Code
    public var reason: String

    public init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    public var description: String { reason }
}

/// Runs file operations and says what they were for.
func files<Value>(_ what: String, _ body: () throws(FileError) -> Value) throws(RepositoryError) -> Value {
    do {
        return try body()
    } catch {
        throw RepositoryError(.file(error), "\(what): \(error)")
    }
}

func metadata<Value>(_ what: String, _ body: () throws(TUFError) -> Value) throws(RepositoryError) -> Value {
    do {
        return try body()
    } catch {
        throw RepositoryError(.metadata(error), "\(what): \(error)")
    }
}
