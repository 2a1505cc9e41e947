// SPDX-License-Identifier: Apache-2.0
import SystemPackage
import TUF

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Signing and publishing.
extension RepositoryEditor {
    mutating func publish() throws(RepositoryError) {
        guard lock != nil else { throw RepositoryError(.locked, "the repository was opened for reading only") }
        let waiting = try PendingFiles(files: files).read()
        let mine = changed.subtracting(["snapshot", "timestamp"])
        if let role = mine.first(where: { waiting[$0] != nil }) {
            throw RepositoryError(
                .waitsForSignatures,
                "a change of \(role) waits for signatures already; have it signed and commit it, or discard it")
        }
        // Worked out and signed as a whole before the first file is written: a missing key changes nothing.
        var new = self
        var drafts: [String: Draft] = [:]
        for role in mine { drafts[role] = try Draft(new.next(role)) }
        try new.adopt(drafts)
        let signers = try RoleSigners(keys)
        for (role, var draft) in drafts {
            try signers.sign(&draft, for: try new.signatories(role, before: self))
            drafts[role] = draft
        }
        let roles = try new.pendingRoles(drafts, before: self)
        guard roles.allSatisfy(\.isComplete) else {
            try PendingFiles(files: files).write(waiting.merging(drafts) { $1 })
            throw Self.waits(roles, layout)
        }
        try new.put(drafts, before: self, signers)
        self = new
    }

    static func waits(_ roles: [PendingRole], _ layout: RepositoryLayout) -> RepositoryError {
        let sentences = roles.filter { !$0.isComplete }.map(\.sentence).joined(separator: ". ")
        return RepositoryError(
            .waitsForSignatures,
            "nothing was published: what was prepared waits in \(layout.pending) for signatures. \(sentences)")
    }

    /// The next version of a role, with its expiry.
    private func next(_ role: String) throws(RepositoryError) -> EditableMetadata {
        var (content, days): (EditableMetadata, Int) =
            switch role {
            case "root": (rootMetadata, lifetimes.root)
            case "targets": (targets, lifetimes.targets)
            default: (try product(role), lifetimes.product)
            }
        content.version += 1
        content.expires = expiry(days)
        return content
    }

    /// Takes drafts for what is published; the editor must not be used on unless they are.
    mutating func adopt(_ drafts: [String: Draft]) throws(RepositoryError) {
        for (role, draft) in drafts {
            switch role {
            case "root":
                rootMetadata = draft.content
                root = try metadata("read the new root") { () throws(TUFError) in
                    try Root(draft.content.signed, role: "root")
                }
            case "targets": targets = draft.content
            default: products[role] = draft.content
            }
        }
    }

    /// Who must sign a role's draft; `self` has adopted it, `before` is what is published.
    func demands(
        _ role: String, before: RepositoryEditor
    ) throws(RepositoryError) -> [(of: String, keys: RoleKeys)] {
        switch role {
        case "root":
            return [
                ("root \(before.root.version)", before.root[.root]), ("root \(root.version) itself", root[.root]),
            ]
        case "targets": return [("targets", root[.targets])]
        default: return [(role, try keys(ofProduct: role))]
        }
    }

    /// Whose signatures a draft keeps: those that it must have, and those that help readers of the root before.
    func signatories(_ role: String, before: RepositoryEditor) throws(RepositoryError) -> [RoleKeys] {
        try demands(role, before: before).map(\.keys) + formerKeys(role, before)
    }

    func pendingRoles(
        _ drafts: [String: Draft], before: RepositoryEditor
    ) throws(RepositoryError) -> [PendingRole] {
        var roles: [PendingRole] = []
        for (role, draft) in drafts.sorted(by: { $0.key < $1.key }) {
            roles.append(draft.pending(role, try demands(role, before: before)))
        }
        return roles
    }

    /// Besides those that must: while the keys of a role change, the old ones sign too, so that readers of the old root
    /// and of the new one believe the same files, whatever comes in between.
    private func formerKeys(_ role: String, _ before: RepositoryEditor) -> [RoleKeys] {
        guard role != "root", let role = TopLevelRole(rawValue: role) else { return [] }
        return before.root[role] == root[role] ? [] : [before.root[role]]
    }

    /// Publishes complete drafts: everything that only `timestamp.json` leads to, then that and the root.
    mutating func put(
        _ drafts: [String: Draft], before: RepositoryEditor, _ signers: RoleSigners
    ) throws(RepositoryError) {
        var documents: [(FilePath, [UInt8])] = []
        for (role, draft) in drafts.sorted(by: { $0.key < $1.key }) where role != "root" {
            let (version, bytes) = (draft.content.version, draft.bytes)
            snapshot.setMeta("\(role).json", version: version, bytes: bytes)
            documents.append((layout.metadata(role, version: version), bytes))
        }
        snapshot.version += 1
        snapshot.expires = expiry(lifetimes.snapshot)
        let list = try signed(snapshot, .snapshot, before, signers)
        timestamp.version += 1
        timestamp.expires = expiry(lifetimes.timestamp)
        timestamp.setMeta("snapshot.json", version: snapshot.version, bytes: list.bytes)
        documents.append((layout.metadata("snapshot", version: snapshot.version), list.bytes))
        let stamp = try signed(timestamp, .timestamp, before, signers)
        for (file, bytes) in documents { try files.write(file, bytes) }

        let last = (layout.metadata.appending("timestamp.json"), stamp.bytes)
        if let root = drafts["root"] {
            // Readers of the root before must believe what they find until they find the new one.
            let bridged = [("snapshot", list), ("timestamp", stamp)] + drafts.map { ($0.key, $0.value) }
            let believed = bridged.allSatisfy { role, draft in
                TopLevelRole(rawValue: role).map { $0 == .root || draft.isSigned(by: before.root[$0]) } ?? true
            }
            let version = layout.metadata("root", version: root.content.version)
            let alias = layout.metadata.appending("root.json")
            let roots = [(version, root.bytes), (alias, root.bytes)]
            for (file, bytes) in believed ? [last] + roots : roots + [last] { try files.write(file, bytes) }
        } else {
            try files.write(last.0, last.1)
        }
        changed = []
    }

    /// Snapshot and timestamp, whose keys must be here.
    private func signed(
        _ content: EditableMetadata, _ role: TopLevelRole, _ before: RepositoryEditor, _ signers: RoleSigners
    ) throws(RepositoryError) -> Draft {
        var draft = try Draft(content)
        try signers.sign(&draft, for: [root[role]] + formerKeys(role.rawValue, before))
        guard draft.isSigned(by: root[role]) else {
            throw RepositoryError(
                .missingKey,
                "\(role) needs \(root[role].threshold) of its \(root[role].keyIDs.count) keys and "
                    + "\(draft.signed(by: root[role]).count) are here; bring the keys "
                    + root[role].keyIDs.joined(separator: ", "))
        }
        return draft
    }

    // MARK: Renewal

    /// Without this a vendor's targets would expire after a year although every release is published in time.
    func dueForRenewal() throws(RepositoryError) -> Set<String> {
        let (signers, waiting) = (try RoleSigners(keys), try PendingFiles(files: files).read())
        var due: Set<String> = []
        if isDue(targets, days: lifetimes.targets), signers.canSign(root[.targets]) { due.insert("targets") }
        for (name, role) in products where isDue(role, days: lifetimes.product) {
            if try signers.canSign(keys(ofProduct: name)) { due.insert(name) }
        }
        return due.subtracting(waiting.keys)
    }

    private func isDue(_ role: EditableMetadata, days: Int) -> Bool {
        role.expires.map { $0 < clock.now + Double(days) * 43_200 } ?? true
    }

    func keys(ofProduct name: String) throws(RepositoryError) -> RoleKeys {
        let signed = targets.signed
        let keys = try metadata("read the delegations") { () throws(TUFError) in
            try Targets(signed, role: "targets").delegations?.keys(of: name)
        }
        guard let keys else { throw RepositoryError(.unknownProduct, "nothing is delegated to \"\(name)\"") }
        return keys
    }
}
