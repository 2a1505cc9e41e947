// SPDX-License-Identifier: Apache-2.0
public import Platform
public import TUF

/// What is wrong with a release, a tree or a pack, in one sentence, and where. Compared by code in tests.
public struct PackagingError: Error, Sendable, CustomStringConvertible {
    /// What of a repository was asked for and is not there.
    public enum Missing: Sendable, Hashable {
        case channel
        case release
        /// The release has nothing for this component and platform.
        case part(version: String, component: String, platform: String)
    }

    public enum Code: Sendable {
        /// Content is not what signed metadata says it is.
        case tampered
        /// A document breaks the rules of its format; with a signature on it, the vendor's tool is at fault.
        case malformed
        case notFound(Missing)
        /// The repository's metadata was refused.
        case untrusted(TUFError)
        case fetch(FetchError)
        case file(FileError)
        /// A path or symlink leads out of its folder.
        case escapes
        /// A folder changed while it was being read.
        case changedWhileRead
        case exists
        /// A document or a file that this version does not know how to handle.
        case unsupported
    }

    public var code: Code
    /// A whole sentence, without the place.
    public var reason: String
    /// The path, target or document that it is about.
    public var place: String?

    public init(_ code: Code, _ reason: String, at place: String? = nil) {
        self.code = code
        self.reason = reason
        self.place = place
    }

    public var description: String {
        if let place { "\(place): \(reason)" } else { reason }
    }
}

extension PackagingError {
    /// Runs file operations and reports their errors as this type.
    package static func files<Value>(_ body: () throws(FileError) -> Value) throws(PackagingError) -> Value {
        do {
            return try body()
        } catch {
            throw PackagingError(error)
        }
    }

    public init(_ error: FileError) {
        self.init(.file(error), error.description)
    }
}

extension PackagingError {
    /// A vendor that cannot be reached and a disk that is full are not a matter of trust.
    init(_ error: TUFError) {
        switch error.code {
        case .fetch(let fetch): self.init(.fetch(fetch), "The repository cannot be read: \(error.description)")
        case .store(let file): self.init(file)
        default: self.init(.untrusted(error), "The repository cannot be trusted: \(error.description)")
        }
    }
}
