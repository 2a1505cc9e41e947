// SPDX-License-Identifier: Apache-2.0
import Platform
import Crypto

/// Whom a targets role trusts for which paths (specification 4.5).
public struct Delegations: Sendable {
    public struct Role: Sendable {
        public var name: String
        public var keys: RoleKeys
        public var terminating: Bool
        var scope: Scope
    }

    enum Scope: Sendable {
        case patterns([String])
        case hashPrefixes([String])
    }

    struct Bins: Sendable {
        var keys: RoleKeys
        var bitLength: Int
        var prefix: String
    }

    /// In the order in which they are asked.
    public let roles: [Role]
    let bins: Bins?

    init(_ json: JSONObject, role: String) throws(TUFError) {
        let fields = Fields(json, role: role)
        let keys = try fields.object("keys")
        guard (json["roles"] == nil) != (json["succinct_roles"] == nil) else {
            throw fields.malformed("delegations need either \"roles\" or \"succinct_roles\"")
        }
        if json["roles"] == nil {
            roles = []
            bins = try Self.bins(try fields.object("succinct_roles"), keys: keys, role: role)
            return
        }
        var roles: [Role] = []
        var names: Set<[UInt8]> = []
        for entry in try fields.array("roles") {
            let delegated = try Self.role(Fields(entry.objectValue ?? JSONObject(), role: role), keys: keys)
            guard names.insert(Array(delegated.name.utf8)).inserted else {
                throw fields.malformed("two delegations to \"\(delegated.name)\"")
            }
            roles.append(delegated)
        }
        self.roles = roles
        bins = nil
    }

    private static func role(_ fields: Fields, keys: JSONObject) throws(TUFError) -> Role {
        let name = try fields.string("name")
        guard !name.isEmpty, TopLevelRole(rawValue: name) == nil else {
            throw fields.malformed("\"\(name)\" cannot be the name of a delegated role")
        }
        guard let terminating = fields.object["terminating"]?.boolValue else {
            throw fields.malformed("\"terminating\" must be true or false")
        }
        let scope: Scope
        switch (try fields.strings("paths"), try fields.strings("path_hash_prefixes")) {
        case (let patterns?, nil): scope = .patterns(patterns)
        case (nil, let prefixes?): scope = .hashPrefixes(prefixes)
        default: throw fields.malformed("\"\(name)\" needs either \"paths\" or \"path_hash_prefixes\"")
        }
        let roleKeys = try RoleKeys(fields.object, keys: keys, role: fields.role)
        return Role(name: name, keys: roleKeys, terminating: terminating, scope: scope)
    }

    private static func bins(_ json: JSONObject, keys: JSONObject, role: String) throws(TUFError) -> Bins {
        let fields = Fields(json, role: role)
        let bitLength = try fields.integer("bit_length")
        guard (1...32).contains(bitLength) else { throw fields.malformed("\"bit_length\" must be 1 to 32") }
        return Bins(
            keys: try RoleKeys(json, keys: keys, role: role), bitLength: Int(bitLength),
            prefix: try fields.string("name_prefix"))
    }

    /// The roles that may speak for `path`, in order.
    public func roles(for path: String) -> [(name: String, terminating: Bool)] {
        let digest = Array(SHA256.hash(data: Array(path.utf8)))
        if let bins { return [(bins.name(for: digest), true)] }
        let hexDigest = hex(digest)
        return roles.compactMap { role in
            let speaks =
                switch role.scope {
                case .patterns(let patterns): patterns.contains { PathPattern.matches(path, pattern: $0) }
                case .hashPrefixes(let prefixes): prefixes.contains { hexDigest.hasPrefix($0) }
                }
            return speaks ? (role.name, role.terminating) : nil
        }
    }

    /// Who must sign for a delegated role; `nil` when there is no such delegation.
    public func keys(of name: String) -> RoleKeys? {
        if let bins { return bins.contains(name) ? bins.keys : nil }
        return roles.first { $0.name.hasSameBytes(as: name) }?.keys
    }
}

extension Delegations.Bins {
    private var suffixLength: Int { (bitLength + 3) / 4 }

    func name(for digest: [UInt8]) -> String {
        let head = digest.prefix(4).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return name(bin: head >> UInt64(32 - bitLength))
    }

    private func name(bin: UInt64) -> String {
        let number = String(bin, radix: 16)
        return "\(prefix)-" + String(repeating: "0", count: suffixLength - number.count) + number
    }

    func contains(_ name: String) -> Bool {
        guard let dash = name.utf8.lastIndex(of: UInt8(ascii: "-")),
            let bin = UInt64(name[name.utf8.index(after: dash)...], radix: 16)
        else {
            return false
        }
        return bin < 1 << UInt64(bitLength) && self.name(bin: bin).hasSameBytes(as: name)
    }
}
