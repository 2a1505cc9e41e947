// SPDX-License-Identifier: Apache-2.0
public import TUF

/// Whether a new root may follow the `timestamp.json` that comes with it.
///
/// While keys change, old and new ones sign together: readers of the root before then believe everything that they find
/// until they find the new root, and nobody ever sees a root whose timestamp is missing. When a key was lost only the
/// new keys have signed, and the root must come first.
public enum RootOrder {
    /// - Parameters:
    ///   - root: the newest root that readers of the store know; `nil` when the store is empty.
    ///   - documents: timestamp, snapshot and targets that are to be published.
    public static func rootsFirst(after root: [UInt8]?, documents: [TopLevelRole: [UInt8]]) throws(TUFError) -> Bool {
        guard let root else { return true }
        let known = try SignedMetadata(parsing: root, role: "root").unchecked(as: Root.self, role: "root")
        for role in [TopLevelRole.timestamp, .snapshot, .targets] {
            guard let bytes = documents[role] else { return true }
            let document = try SignedMetadata(parsing: bytes, role: role.rawValue)
            do { try document.verify(by: known[role], role: role.rawValue) } catch { return true }
        }
        return false
    }
}
