// SPDX-License-Identifier: Apache-2.0
public import Platform

/// Why a repository, or a copy of it, is not trusted or cannot be read. Compared by ``code``.
public struct TUFError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// Not the JSON that the specification describes.
        case malformed
        /// Fewer valid signatures than the role's threshold.
        case threshold
        /// Valid once, but its time is over: a freeze attack, or a vendor who forgot to renew.
        case expired
        /// Older than what was trusted before.
        case rollback
        /// Another version than the one that was promised: mix-and-match.
        case wrongVersion
        /// Length or hash differ from the signed ones.
        case tampered
        /// The repository has no such file.
        case notFound
        case fetch(FetchError)
        /// The local copies cannot be read or written.
        case store(FileError)
        /// Neither a stored nor a given root.
        case noTrustedRoot
    }

    public var code: Code
    public var reason: String
    public var role: String?

    public init(_ code: Code, _ reason: String, role: String? = nil) {
        self.code = code
        self.reason = reason
        self.role = role
    }

    public var description: String { role.map { "\($0): \(reason)" } ?? reason }
}
