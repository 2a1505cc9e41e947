// SPDX-License-Identifier: Apache-2.0
internal import Platform
public import TUF

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The signed part of one role's metadata while it is being changed. Fields that this code does not know stay.
public struct EditableMetadata: Sendable, Hashable {
    public static let specificationVersion = "1.0.34"

    public var signed: JSONObject

    public init(_ signed: JSONObject) {
        self.signed = signed
    }

    /// Version 1, with `fields` besides the header.
    public init(type: String, expires: Date, fields: JSONObject) {
        signed = fields
        signed["_type"] = .string(type)
        signed["spec_version"] = .string(Self.specificationVersion)
        signed["version"] = 1
        signed["expires"] = .string(MetadataDate.format(expires))
    }

    public static func root(
        keys: [TopLevelRole: [PublicKey]], thresholds: [TopLevelRole: Int], consistentSnapshot: Bool = true,
        expires: Date
    ) -> EditableMetadata {
        var metadata = EditableMetadata(
            type: "root", expires: expires,
            fields: ["consistent_snapshot": .bool(consistentSnapshot), "keys": [:], "roles": [:]])
        for role in TopLevelRole.allCases {
            metadata.setKeys(keys[role] ?? [], threshold: thresholds[role] ?? 1, of: role)
        }
        return metadata
    }

    public static func targets(expires: Date) -> EditableMetadata {
        EditableMetadata(type: "targets", expires: expires, fields: ["targets": [:]])
    }

    public static func snapshot(expires: Date) -> EditableMetadata {
        EditableMetadata(type: "snapshot", expires: expires, fields: ["meta": [:]])
    }

    public static func timestamp(expires: Date) -> EditableMetadata {
        EditableMetadata(type: "timestamp", expires: expires, fields: ["meta": [:]])
    }

    public var version: Int64 {
        get { signed["version"]?.integerValue ?? 0 }
        set { signed["version"] = .integer(newValue) }
    }

    public var expires: Date? {
        get { signed["expires"]?.stringValue.flatMap(MetadataDate.parse) }
        set { signed["expires"] = newValue.map { .string(MetadataDate.format($0)) } }
    }

    // MARK: Root

    /// Keys of a role in a root; keys that no role uses any more are left out.
    public mutating func setKeys(_ keys: [PublicKey], threshold: Int, of role: TopLevelRole) {
        var all = signed["keys"]?.objectValue ?? JSONObject()
        for key in keys { all[key.keyID] = .object(key.json) }
        var roles = signed["roles"]?.objectValue ?? JSONObject()
        roles[role.rawValue] = .object(Self.roleKeys(keys, threshold: threshold))
        signed["keys"] = .object(Self.used(all, by: roles.members.map(\.value)))
        signed["roles"] = .object(roles)
    }

    // MARK: Targets

    public mutating func setTarget(_ target: TargetFile?, at path: String) {
        var targets = signed["targets"]?.objectValue ?? JSONObject()
        targets[path] = target.map(Self.json)
        signed["targets"] = .object(targets)
    }

    /// Appends a delegation, or replaces the one of that name.
    public mutating func setDelegation(
        to name: String, keys: [PublicKey], threshold: Int = 1, scope: JSONObject, terminating: Bool
    ) {
        var delegations = signed["delegations"]?.objectValue ?? JSONObject()
        var all = delegations["keys"]?.objectValue ?? JSONObject()
        for key in keys { all[key.keyID] = .object(key.json) }
        var role = scope
        for member in Self.roleKeys(keys, threshold: threshold).members { role[member.key] = member.value }
        role["name"] = .string(name)
        role["terminating"] = .bool(terminating)
        var roles = delegations["roles"]?.arrayValue ?? []
        if let index = roles.firstIndex(where: { $0["name"] == .string(name) }) {
            roles[index] = .object(role)
        } else {
            roles.append(.object(role))
        }
        delegations["keys"] = .object(Self.used(all, by: roles))
        delegations["roles"] = .array(roles)
        signed["delegations"] = .object(delegations)
    }

    /// Delegates every path to one of 2^`bitLength` roles, `PREFIX-` and the number of the bin in hexadecimal, by the
    /// path's hash, in place of all other delegations (specification 4.5, `succinct_roles`).
    /// - Parameter bitLength: 1 to 32.
    public mutating func setHashBins(prefix: String, bitLength: Int, keys: [PublicKey], threshold: Int = 1) {
        var roles = Self.roleKeys(keys, threshold: threshold)
        roles["bit_length"] = .integer(Int64(bitLength))
        roles["name_prefix"] = .string(prefix)
        let all = JSONObject(keys.map { ($0.keyID, JSONValue.object($0.json)) })
        signed["delegations"] = ["keys": .object(all), "succinct_roles": .object(roles)]
    }

    /// Other keys for a delegation that is there.
    mutating func setKeys(_ keys: [PublicKey], threshold: Int, ofDelegation name: String) {
        let roles = signed["delegations"]?["roles"]?.arrayValue ?? []
        guard let role = roles.first(where: { $0["name"] == .string(name) })?.objectValue else { return }
        let terminating = role["terminating"]?.boolValue ?? true
        setDelegation(to: name, keys: keys, threshold: threshold, scope: role, terminating: terminating)
    }

    /// Without those that no role has any more.
    private static func used(_ keys: JSONObject, by roles: [JSONValue]) -> JSONObject {
        let used = Set(roles.flatMap { $0["keyids"]?.arrayValue ?? [] }.compactMap(\.stringValue))
        var keys = keys
        for keyID in keys.keys where !used.contains(keyID) { keys[keyID] = nil }
        return keys
    }

    // MARK: Snapshot and timestamp

    /// Says which version of a file counts; with `bytes`, also its length and hash.
    public mutating func setMeta(_ fileName: String, version: Int64, bytes: [UInt8]? = nil) {
        var meta = signed["meta"]?.objectValue ?? JSONObject()
        var entry: JSONObject = ["version": .integer(version)]
        if let bytes {
            entry["length"] = .integer(Int64(bytes.count))
            entry["hashes"] = ["sha256": .string(sha256Hex(bytes))]
        }
        meta[fileName] = .object(entry)
        signed["meta"] = .object(meta)
    }

    // MARK: Signing

    /// The document, signed by each of `signers`.
    public func document(signedBy signers: [any Signer]) throws -> [UInt8] {
        let canonical = try JSONValue.object(signed).canonicalBytes()
        let signatures = try signers.map { signer -> JSONValue in
            let signature = try signer.sign(canonical)
            return ["keyid": .string(signature.keyID), "sig": .string(hex(signature.bytes))]
        }
        return JSONValue.object(["signatures": .array(signatures), "signed": .object(signed)]).prettyBytes()
    }

    private static func roleKeys(_ keys: [PublicKey], threshold: Int) -> JSONObject {
        ["keyids": .array(keys.map { .string($0.keyID) }), "threshold": .integer(Int64(threshold))]
    }

    private static func json(_ target: TargetFile) -> JSONValue {
        var json: JSONObject = [
            "length": .integer(target.length),
            "hashes": .object(JSONObject(target.hashes.map { ($0.key, JSONValue.string($0.value)) })),
        ]
        json["custom"] = target.custom
        return .object(json)
    }
}
