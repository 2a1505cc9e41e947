// SPDX-License-Identifier: Apache-2.0
public import TUF

/// Changing keys.
extension RepositoryEditor {
    /// Names of the roles that can be given other keys.
    public var roleNames: [String] { TopLevelRole.allCases.map(\.rawValue) + productNames }

    /// Of the next metadata: what ``setKeys(_:threshold:of:)`` has changed is in it.
    public func keys(of role: String) throws(RepositoryError) -> RoleKeys {
        guard let top = TopLevelRole(rawValue: role) else {
            _ = try product(role)
            return try keys(ofProduct: role)
        }
        let signed = rootMetadata.signed
        return try metadata("read the root") { () throws(TUFError) in try Root(signed, role: "root")[top] }
    }

    /// Gives a role other keys with the next commit. Top-level roles are a new root's matter, which the keys of
    /// the old root and of the new one must sign; a product's are signed by the targets keys.
    public mutating func setKeys(
        _ keys: [PublicKey], threshold: Int, of role: String
    ) throws(RepositoryError) {
        let materials = keys.compactMap(\.material)
        guard materials.count == keys.count, Set(materials).count == keys.count else {
            throw RepositoryError(.badKey, "two of the keys for \(role) are the same, or one cannot be used")
        }
        guard (1...max(1, keys.count)).contains(threshold), !keys.isEmpty else {
            throw RepositoryError(
                .badKey, "\(role) would have \(keys.count) keys, and \(threshold) of them cannot be asked to sign")
        }
        if let top = TopLevelRole(rawValue: role) {
            rootMetadata.setKeys(keys, threshold: threshold, of: top)
            changed.insert("root")
            // Snapshot and timestamp are signed anew by every publication.
            if top == .targets { changed.insert("targets") }
        } else {
            _ = try product(role)
            targets.setKeys(keys, threshold: threshold, ofDelegation: role)
            changed.formUnion(["targets", role])
        }
    }

    /// Signs the root anew with the next commit, for its whole lifetime from then on.
    public mutating func renewRoot() {
        changed.insert("root")
    }
}
