// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import Crypto
internal import TUF

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A JSON document of the repository. Its bytes are what signed metadata vouches for, so it is never canonicalised:
/// readers take what is there, unknown members are skipped, and a newer `format` is refused by name.
public protocol RepositoryDocument: Codable, Sendable {
    static var currentFormat: Int { get }
    /// What it is called in messages.
    static var documentName: String { get }
    /// Throws unless the content keeps the rules of its format.
    func check() throws(PackagingError)
}

extension RepositoryDocument {
    public func encoded() throws(PackagingError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        do {
            return Array(try encoder.encode(self))
        } catch {
            throw PackagingError(.malformed, "The \(Self.documentName) cannot be written as JSON: \(error).")
        }
    }

    /// Decodes and checks.
    public static func decoded(from bytes: [UInt8], at place: String? = nil) throws(PackagingError) -> Self {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let data = Data(bytes)
        do {
            let format = try decoder.decode(DocumentHead.self, from: data).format
            guard format == Self.currentFormat else {
                throw PackagingError(
                    .unsupported,
                    "The \(documentName) has format \(format), this version knows format \(currentFormat) only.",
                    at: place)
            }
            let document = try decoder.decode(Self.self, from: data)
            try document.check()
            return document
        } catch let error as PackagingError {
            throw PackagingError(error.code, error.reason, at: error.place ?? place)
        } catch {
            throw PackagingError(
                .malformed, "This is not a \(documentName): \(explanation(of: error)).", at: place)
        }
    }

    private static func explanation(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        return switch error {
        case .keyNotFound(let key, _): "\(key.stringValue) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            (context.codingPath.map(\.stringValue).joined(separator: ".") + " " + context.debugDescription)
        @unknown default: "\(error)"
        }
    }
}

/// What every document starts with, whatever its format.
private struct DocumentHead: Decodable {
    var format: Int
}

extension ReleaseDocument: RepositoryDocument {
    public static let documentName = "release document"

    public func check() throws(PackagingError) {
        guard RepositoryNames.isValid(product: product) else {
            throw PackagingError(.malformed, "\(product) is not a product's name.")
        }
        guard Version(version) != nil else {
            throw PackagingError(.malformed, "\(version) is not a version.")
        }
        var seen: Set<String> = []
        for part in parts {
            guard Component(rawValue: part.component) != nil, RepositoryNames.isValid(platform: part.platform) else {
                throw PackagingError(.malformed, "\(part.component) \(part.platform) is not a part of a product.")
            }
            guard seen.insert("\(part.component)-\(part.platform)").inserted else {
                throw PackagingError(.malformed, "\(part.component) \(part.platform) is there twice.")
            }
            guard part.packBytes >= 0, part.installedBytes >= 0 else {
                throw PackagingError(.malformed, "\(part.component) \(part.platform) has a negative size.")
            }
        }
    }
}

extension ChannelDocument: RepositoryDocument {
    public static let documentName = "channel document"

    public func check() throws(PackagingError) {
        guard RepositoryNames.isValid(product: product), RepositoryNames.isValid(channel: channel) else {
            throw PackagingError(.malformed, "\(product) \(channel) is not a channel of a product.")
        }
        for version in releases + recalled + [current] + (minimum.map { [$0] } ?? []) {
            guard Version(version) != nil else {
                throw PackagingError(.malformed, "\(version) is not a version.")
            }
        }
        guard releases.contains(current) else {
            throw PackagingError(.malformed, "The current release \(current) is not among the channel's releases.")
        }
        guard (0...100).contains(rollout.percentage), rollout.rampHours >= 0 else {
            throw PackagingError(.malformed, "The roll-out is not between 0 and 100 percent.")
        }
    }
}

extension Tree: RepositoryDocument {
    public static let documentName = "tree"
    /// Uncompressed; about two million files.
    static let maximumDocumentBytes = 384 << 20

    /// The tree as the repository carries it: zstd-compressed JSON.
    public func compressed() throws(PackagingError) -> [UInt8] {
        try Zstd.compress(try encoded(), level: 19)
    }

    /// The reverse of ``compressed()``, with everything that ``check()`` checks.
    public static func decoded(fromCompressed bytes: [UInt8], at place: String? = nil) throws(PackagingError) -> Tree {
        let json: [UInt8]
        do {
            json = try Zstd.decompress(bytes, limit: maximumDocumentBytes)
        } catch {
            throw PackagingError(error.code, error.reason, at: place)
        }
        return try decoded(from: json, at: place)
    }

    /// Names what the folder contains, wherever it came from: SHA-256, lower-case hex, over one line per entry
    /// (`docs/repository-format.md`).
    public var contentSHA256: String {
        var hash = SHA256()
        for entry in entries {
            let head =
                switch entry.kind {
                case .file(let size, let sha256, let permissions):
                    "file \(String(permissions, radix: 8)) \(size) \(sha256) "
                case .directory(let permissions): "directory \(String(permissions, radix: 8)) "
                case .symlink(let destination): "symlink \(destination.utf8.count) \(destination) "
                }
            hash.update(data: Array((head + entry.path + "\n").utf8))
        }
        return hex(hash.finalize())
    }
}

enum Hex {
    static func isSHA256(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
