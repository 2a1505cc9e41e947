// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A file of the repository as a mirror request names it. Whatever is not one is refused before anything looks at a
/// file system or asks the vendor.
enum MirrorPath: Sendable, Hashable {
    /// A file of `metadata/`: its name.
    case metadata(String)
    /// A file of `targets/`: its whole path there, and the SHA-256 that its name begins with.
    case target(String, sha256: String)
    case pack(sha256: String)

    /// - Parameter rest: what follows the installation in the request's path, percent-encoded as it came.
    init?(_ rest: some StringProtocol) {
        var parts: [String] = []
        for part in rest.split(separator: "/", omittingEmptySubsequences: false) {
            guard let name = String(part).removingPercentEncoding, Self.isName(name) else { return nil }
            parts.append(name)
        }
        guard let kind = parts.first, parts.count >= 2, let last = parts.last else { return nil }
        switch kind {
        case "metadata" where parts.count == 2 && last.hasSuffix(".json"):
            self = .metadata(last)
        case "targets":
            let hash = String(last.prefix { $0 != "." })
            guard Self.isSHA256(hash), last.count > 65 else { return nil }
            self = .target(parts.dropFirst().joined(separator: "/"), sha256: hash)
        case "packs" where parts.count == 2 && Self.isSHA256(last):
            self = .pack(sha256: last)
        default: return nil
        }
    }

    /// No `.`, no `..`, no separators of any system, nothing that an upstream URL would have to escape but `%`.
    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first != UInt8(ascii: "."), name.utf8.count <= 200 else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_.+~%@".utf8.contains(byte)
            }
        }
    }

    static func isSHA256(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    /// Below the repository's URL.
    var upstream: String {
        switch self {
        case .metadata(let name): "metadata/" + Self.encoded(name)
        case .target(let path, _): "targets/" + Self.encoded(path)
        case .pack(let sha256): "packs/" + sha256
        }
    }

    /// A name that has `%` in it has it on the vendor's disk too.
    private static func encoded(_ path: String) -> String { path.replacingOccurrences(of: "%", with: "%25") }
}
