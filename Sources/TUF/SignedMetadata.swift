// SPDX-License-Identifier: Apache-2.0

/// A metadata document as it came: parsed, but nothing about it is checked. The only ways to the typed content are
/// ``verified(as:by:role:)`` and, for what a person chose to trust, ``unchecked(as:role:)``.
public struct SignedMetadata: Sendable {
    /// The repository's own bytes, which are also what is stored.
    public let bytes: [UInt8]
    public let signed: JSONObject
    public let signatures: [Signature]
    /// What the signatures are made over.
    public let canonical: [UInt8]

    public init(parsing bytes: [UInt8], role: String) throws(TUFError) {
        self.bytes = bytes
        do {
            let document = try JSONValue(parsing: bytes)
            guard let signed = document["signed"]?.objectValue, let list = document["signatures"]?.arrayValue else {
                throw JSONError("an object with \"signed\" and \"signatures\" expected", offset: 0)
            }
            self.signed = signed
            canonical = try JSONValue.object(signed).canonicalBytes()
            signatures = try Self.signatures(list)
        } catch {
            throw TUFError(.malformed, "not signed metadata: \(error)", role: role)
        }
    }

    private static func signatures(_ list: [JSONValue]) throws(JSONError) -> [Signature] {
        var signatures: [Signature] = []
        var seen: Set<[UInt8]> = []
        for entry in list {
            guard let keyID = entry["keyid"]?.stringValue, let text = entry["sig"]?.stringValue else {
                throw JSONError("a signature without \"keyid\" and \"sig\"", offset: 0)
            }
            guard seen.insert(Array(keyID.utf8)).inserted else {
                throw JSONError("two signatures with the key id \(keyID)", offset: 0)
            }
            // One that is no hexadecimal text verifies nothing and spoils nothing.
            if let bytes = TUF.bytes(hex: text) { signatures.append(Signature(keyID: keyID, bytes: bytes)) }
        }
        return signatures
    }

    /// Throws `threshold` unless enough different keys of `keys` signed this.
    public func verify(by keys: RoleKeys, role: String) throws(TUFError) {
        var materials: Set<[UInt8]> = []
        for key in keys.keys {
            guard let material = key.material, !materials.contains(material),
                let signature = signatures.first(where: { $0.keyID.hasSameBytes(as: key.keyID) }),
                key.isValid(signature.bytes, for: canonical)
            else { continue }
            materials.insert(material)
            if materials.count >= keys.threshold { return }
        }
        throw TUFError(
            .threshold,
            "signed by \(materials.count) of the trusted keys, \(keys.threshold) are needed", role: role)
    }

    /// The content, once enough keys of the role that delegates to it have signed.
    public func verified<Content: RoleMetadata>(
        as type: Content.Type, by keys: RoleKeys, role: String
    ) throws(TUFError) -> Content {
        try verify(by: keys, role: role)
        return try Content(signed, role: role)
    }

    /// The content without any check of signatures.
    public func unchecked<Content: RoleMetadata>(as type: Content.Type, role: String) throws(TUFError) -> Content {
        try Content(signed, role: role)
    }
}

/// Who may sign for a role, and how many of them must.
public struct RoleKeys: Sendable, Equatable {
    public var keyIDs: [String]
    public var threshold: Int
    /// Those of ``keyIDs`` that the delegating role describes.
    public var keys: [PublicKey]

    init(_ json: JSONObject, keys: JSONObject, role: String) throws(TUFError) {
        let fields = Fields(json, role: role)
        var seen: Set<[UInt8]> = []
        var keyIDs: [String] = []
        for value in try fields.array("keyids") {
            guard let keyID = value.stringValue, seen.insert(Array(keyID.utf8)).inserted else {
                throw fields.malformed("\"keyids\" must be different strings")
            }
            keyIDs.append(keyID)
        }
        let threshold = try fields.integer("threshold")
        guard threshold >= 1, let threshold = Int(exactly: threshold) else {
            throw fields.malformed("\"threshold\" must be at least 1")
        }
        self.keyIDs = keyIDs
        self.threshold = threshold
        self.keys = keyIDs.compactMap { keyID in
            keys[keyID]?.objectValue.map { PublicKey(keyID: keyID, json: $0) }
        }
    }

    /// Whether a key of `self` may no longer sign in `other`.
    func losesKey(in other: RoleKeys) -> Bool {
        let kept = Set(other.keys.compactMap(\.material))
        return keys.contains { $0.material.map { !kept.contains($0) } ?? false }
    }
}
