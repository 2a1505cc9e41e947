// SPDX-License-Identifier: Apache-2.0
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Typed content of one role's metadata. The lossless tree stays in ``SignedMetadata``.
public protocol RoleMetadata: Sendable {
    var header: MetadataHeader { get }
    init(_ signed: JSONObject, role: String) throws(TUFError)
}

extension RoleMetadata {
    public var version: Int64 { header.version }
}

/// Names of the four roles that every repository has.
public enum TopLevelRole: String, Sendable, CaseIterable {
    case root, timestamp, snapshot, targets
}

/// Specification 4.3.
public struct Root: RoleMetadata {
    public let header: MetadataHeader
    public let consistentSnapshot: Bool
    private let roles: [TopLevelRole: RoleKeys]

    public init(_ signed: JSONObject, role: String) throws(TUFError) {
        header = try MetadataHeader(signed, type: "root", role: role)
        let fields = Fields(signed, role: role)
        switch signed["consistent_snapshot"] {
        case .bool(let value)?: consistentSnapshot = value
        case nil: consistentSnapshot = false
        default: throw fields.malformed("\"consistent_snapshot\" must be true or false")
        }
        let keys = try fields.object("keys")
        let list = Fields(try fields.object("roles"), role: role)
        var roles: [TopLevelRole: RoleKeys] = [:]
        for name in TopLevelRole.allCases {
            roles[name] = try RoleKeys(try list.object(name.rawValue), keys: keys, role: role)
        }
        self.roles = roles
    }

    public subscript(role: TopLevelRole) -> RoleKeys {
        guard let keys = roles[role] else { preconditionFailure("the initialiser fills in every role") }
        return keys
    }
}

/// What timestamp and snapshot say of another metadata file (specification 4.4).
public struct MetaFile: Sendable, Equatable {
    public var version: Int64
    public var length: Int64?
    public var hashes: [String: String]?

    init(_ value: JSONValue, role: String) throws(TUFError) {
        let fields = Fields(value.objectValue ?? JSONObject(), role: role)
        version = try fields.version()
        if value["length"] != nil {
            let length = try fields.integer("length")
            guard length >= 0 else { throw fields.malformed("\"length\" must not be negative") }
            self.length = length
        }
        hashes = try fields.hashes()
    }

    func check(_ bytes: [UInt8], role: String) throws(TUFError) {
        if let length, length != Int64(bytes.count) {
            throw TUFError(.tampered, "\(bytes.count) bytes long, \(length) were promised", role: role)
        }
        if let hashes { try checkHashes(hashes, of: bytes, what: role, role: role) }
    }
}

/// Specification 4.6.
public struct Timestamp: RoleMetadata {
    public let header: MetadataHeader
    public let snapshot: MetaFile

    public init(_ signed: JSONObject, role: String) throws(TUFError) {
        header = try MetadataHeader(signed, type: "timestamp", role: role)
        let meta = try Fields(signed, role: role).object("meta")
        guard let entry = meta["snapshot.json"] else {
            throw TUFError(.malformed, "\"meta\" must have \"snapshot.json\"", role: role)
        }
        snapshot = try MetaFile(entry, role: role)
    }
}

/// Specification 4.4.
public struct Snapshot: RoleMetadata {
    public let header: MetadataHeader
    private let meta: JSONObject
    private let role: String

    public init(_ signed: JSONObject, role: String) throws(TUFError) {
        header = try MetadataHeader(signed, type: "snapshot", role: role)
        meta = try Fields(signed, role: role).object("meta")
        self.role = role
        for member in meta.members { _ = try MetaFile(member.value, role: role) }
    }

    /// Names such as `targets.json`.
    public var fileNames: [String] { meta.keys }

    public func file(_ name: String) -> MetaFile? {
        // Checked by the initialiser.
        meta[name].flatMap { try? MetaFile($0, role: role) }
    }
}
