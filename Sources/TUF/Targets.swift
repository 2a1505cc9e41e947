// SPDX-License-Identifier: Apache-2.0
import Platform
import Crypto

/// A file that a repository vouches for.
public struct TargetFile: Sendable, Hashable {
    /// What this client can compute, the one that names files first.
    private static let algorithms = ["sha256", "sha512", "sha384"]

    /// As in the metadata: `om-business/channels/stable.json`.
    public var path: String
    /// Bytes.
    public var length: Int64
    public var custom: JSONValue?
    /// Every hash of the metadata, by algorithm, as it is written there; one at least can be computed here.
    public let hashes: [String: String]

    public init(path: String, length: Int64, sha256: String, custom: JSONValue? = nil) {
        self.path = path
        self.length = length
        self.custom = custom
        hashes = ["sha256": sha256]
    }

    /// `role` is whose metadata lists it.
    public init(path: String, json: JSONValue, role: String) throws(TUFError) {
        let fields = Fields(json.objectValue ?? JSONObject(), role: role)
        let length = try fields.integer("length")
        guard length >= 0, let hashes = try fields.hashes() else {
            throw fields.malformed("target \(path) needs a length and hashes")
        }
        let known = hashes.filter { Self.algorithms.contains($0.key) }
        guard !known.isEmpty, known.allSatisfy({ TUF.bytes(hex: $0.value) != nil }) else {
            throw fields.malformed(
                "target \(path) has no hash of a known kind: \(Self.algorithms.joined(separator: ", "))")
        }
        self.path = path
        self.length = length
        self.hashes = hashes
        custom = json["custom"]
    }

    /// Lower-case hexadecimal; `nil` when the repository vouches by another algorithm only.
    public var sha256: String? { hashes["sha256"]?.lowercased() }

    /// Where it is below the targets URL: with consistent snapshots a hash comes before the name.
    public func location(consistentSnapshot: Bool) -> String {
        guard consistentSnapshot, let hash = Self.algorithms.lazy.compactMap({ hashes[$0] }).first else { return path }
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "\(hash).\(path)" }
        return "\(path[...slash])\(hash).\(path[path.utf8.index(after: slash)...])"
    }

    /// Throws `tampered` unless `bytes` are the ones that were signed for.
    public func check(_ bytes: [UInt8]) throws(TUFError) {
        guard Int64(bytes.count) == length else {
            throw TUFError(.tampered, "target \(path) is \(bytes.count) bytes long, \(length) were promised")
        }
        try checkHashes(hashes, of: bytes, what: "target \(path)", role: nil)
    }
}

func checkHashes(_ hashes: [String: String], of bytes: [UInt8], what: String, role: String?) throws(TUFError) {
    var checked = false
    for (algorithm, promised) in hashes {
        let found: String
        switch algorithm {
        case "sha256": found = hex(SHA256.hash(data: bytes))
        case "sha384": found = hex(SHA384.hash(data: bytes))
        case "sha512": found = hex(SHA512.hash(data: bytes))
        default: continue
        }
        guard found == promised.lowercased() else {
            throw TUFError(.tampered, "\(what) has another \(algorithm) than was promised", role: role)
        }
        checked = true
    }
    guard checked else {
        throw TUFError(.tampered, "\(what) is vouched for only by hashes of unknown kinds", role: role)
    }
}

/// Specification 4.5.
public struct Targets: RoleMetadata {
    public let header: MetadataHeader
    public let delegations: Delegations?
    private let targets: JSONObject
    private let role: String

    public init(_ signed: JSONObject, role: String) throws(TUFError) {
        header = try MetadataHeader(signed, type: "targets", role: role)
        let fields = Fields(signed, role: role)
        targets = try fields.object("targets")
        self.role = role
        delegations =
            signed["delegations"] == nil ? nil : try Delegations(try fields.object("delegations"), role: role)
    }

    /// Paths, sorted by bytes.
    public var paths: [String] { targets.keys }

    /// Entries are read when they are asked for: a role may have a hundred thousand.
    public func target(_ path: String) throws(TUFError) -> TargetFile? {
        guard let json = targets[path] else { return nil }
        return try TargetFile(path: path, json: json, role: role)
    }
}
