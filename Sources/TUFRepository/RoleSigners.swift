// SPDX-License-Identifier: Apache-2.0
import TUF

/// The keys at hand, by the role that may be signed with them.
struct RoleSigners {
    private let signers: [any Signer]

    init(_ signers: [any Signer]) {
        self.signers = signers
    }

    func canSign(_ keys: RoleKeys) -> Bool {
        signers.count { keys.keyIDs.contains($0.key.keyID) } >= keys.threshold
    }

    /// Signed with every key at hand that the role knows; `missingKey` when they are too few.
    func document(_ content: EditableMetadata, role: String, keys: RoleKeys) throws(RepositoryError) -> [UInt8] {
        let mine = signers.filter { keys.keyIDs.contains($0.key.keyID) }
        guard mine.count >= keys.threshold else {
            throw RepositoryError(
                .missingKey,
                "\(role) needs \(keys.threshold) of its \(keys.keyIDs.count) keys and \(mine.count) are here; "
                    + "bring the keys \(keys.keyIDs.joined(separator: ", "))")
        }
        do {
            return try content.document(signedBy: mine)
        } catch {
            throw RepositoryError(.badKey, "\(role) cannot be signed: \(error)")
        }
    }
}
