// SPDX-License-Identifier: Apache-2.0
import TUF

/// The keys at hand, by the roles that may be signed with them. A key is opened when it signs, not before: nobody is
/// asked for the passphrase of a root key to publish a release.
struct RoleSigners {
    private let store: KeyStore
    private let keys: [StoredKey]

    init(_ store: KeyStore) throws(RepositoryError) {
        self.store = store
        keys = try store.keys().filter(store.isAtHand)
    }

    func canSign(_ role: RoleKeys) -> Bool { Set(atHand(role).compactMap(\.key.material)).count >= role.threshold }

    /// Signs with every key at hand that one of `roles` knows.
    func sign(_ draft: inout Draft, for roles: [RoleKeys]) throws(RepositoryError) {
        var seen = Set(roles.flatMap(draft.signed))
        for role in roles {
            for stored in atHand(role) where seen.insert(stored.key.keyID).inserted {
                guard let signer = try store.signer(named: stored.name) else { continue }
                try draft.sign(with: signer)
            }
        }
    }

    private func atHand(_ role: RoleKeys) -> [StoredKey] {
        var seen: Set<String> = []
        return keys.filter { role.keyIDs.contains($0.key.keyID) && seen.insert($0.key.keyID).inserted }
    }
}
