// SPDX-License-Identifier: Apache-2.0
import TUF

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A role's next metadata that waits for signatures, and whose.
public struct PendingRole: Sendable, Hashable {
    /// One of the sets of keys that must have signed: a root needs those of the root before it and its own.
    public struct Demand: Sendable, Hashable {
        /// Whose keys, in words: `root 1`, `root 2 itself`.
        public var of: String
        public var threshold: Int
        /// Key ids.
        public var signed: [String]
        public var missing: [String]
        public var isMet: Bool
    }

    public var role: String
    public var version: Int64
    public var expires: Date?
    public var demands: [Demand]

    public var isComplete: Bool { demands.allSatisfy(\.isMet) }

    /// `root version 2: 1 of 2 signatures of root 1, missing two of …`
    public var sentence: String {
        let open = demands.filter { !$0.isMet }.map { demand in
            "\(demand.signed.count) of \(demand.threshold) signatures by the keys of \(demand.of), others that can sign: "
                + demand.missing.joined(separator: ", ")
        }
        return "\(role) version \(version) has "
            + (open.isEmpty ? "all its signatures" : open.joined(separator: "; and "))
    }
}

extension Draft {
    func pending(_ role: String, _ demands: [(of: String, keys: RoleKeys)]) -> PendingRole {
        PendingRole(
            role: role, version: content.version, expires: content.expires,
            demands: demands.map { demand in
                let signed = signed(by: demand.keys)
                return .init(
                    of: demand.of, threshold: demand.keys.threshold, signed: signed,
                    missing: demand.keys.keyIDs.filter { !signed.contains($0) }, isMet: isSigned(by: demand.keys))
            })
    }
}
