// SPDX-License-Identifier: Apache-2.0
import TUF

/// How a new repository is set up.
public struct RepositoryOptions: Sendable, Hashable {
    /// How many of the root keys must sign a new root.
    public var rootThreshold = 2
    public var rootKeyCount = 3
    public var lifetimes = Lifetimes()

    public init() {}
}

/// For how long new metadata is valid, in days. Kept in `repository.json`, beside the keys.
public struct Lifetimes: Sendable, Hashable {
    public var root = 730
    public var targets = 365
    /// Of the role of each product.
    public var product = 365
    public var snapshot = 30
    /// Short: so long can somebody in the way hide a new release.
    public var timestamp = 7

    public init() {}

    private static var fields: [(String, WritableKeyPath<Lifetimes, Int>)] {
        [
            ("root", \.root), ("targets", \.targets), ("product", \.product), ("snapshot", \.snapshot),
            ("timestamp", \.timestamp),
        ]
    }

    init(_ json: JSONValue) {
        for (name, field) in Self.fields {
            if let days = json["lifetimeDays"]?[name]?.integerValue, days > 0 { self[keyPath: field] = Int(days) }
        }
    }

    var json: JSONValue {
        let days = Self.fields.map { ($0.0, JSONValue.integer(Int64(self[keyPath: $0.1]))) }
        return ["lifetimeDays": .object(JSONObject(days))]
    }
}
