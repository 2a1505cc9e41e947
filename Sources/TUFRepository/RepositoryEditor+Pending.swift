// SPDX-License-Identifier: Apache-2.0
import TUF

/// What waits for the signatures of several people.
extension RepositoryEditor {
    /// Who has signed what waits, and who is missing; empty when nothing waits.
    public func pending() throws(RepositoryError) -> [PendingRole] {
        let drafts = try unpublished(PendingFiles(files: files).read())
        var new = self
        try new.adopt(drafts)
        return try new.pendingRoles(drafts, before: self)
    }

    /// Adds the signatures of `carried` copies and of the keys at hand to what waits, and publishes it when they are
    /// enough: the roles that were published. Else they are kept, and `waitsForSignatures` says who is missing.
    public mutating func commitPending(_ carried: [Draft] = []) throws(RepositoryError) -> [PendingRole] {
        guard lock != nil else { throw RepositoryError(.locked, "the repository was opened for reading only") }
        let store = PendingFiles(files: files)
        let waiting = try store.read()
        guard !waiting.isEmpty else {
            throw RepositoryError(.notARepository, "nothing waits for signatures in \(layout.folder)")
        }
        var drafts = try unpublished(waiting)
        var new = self
        try new.adopt(drafts)
        try new.merge(carried, into: &drafts, before: self)
        let signers = try RoleSigners(keys)
        for (role, var draft) in drafts {
            try signers.sign(&draft, for: try new.signatories(role, before: self))
            drafts[role] = draft
        }
        let roles = try new.pendingRoles(drafts, before: self)
        guard roles.allSatisfy(\.isComplete) else {
            for (role, draft) in drafts { try store.update(draft, of: role) }
            throw Self.waits(roles, layout)
        }
        if !drafts.isEmpty {
            try new.put(drafts, before: self, signers)
            self = new
        } else if !changed.isEmpty {
            try publish()
        }
        try store.remove()
        return roles
    }

    /// Roles that wait, even those that cannot be committed any more.
    public func pendingFileNames() throws(RepositoryError) -> [String] {
        try PendingFiles(files: files).roles().sorted()
    }

    /// Forgets what waits. Whoever signed it did so for nothing.
    public func discardPending() throws(RepositoryError) {
        guard lock != nil else { throw RepositoryError(.locked, "the repository was opened for reading only") }
        try PendingFiles(files: files).remove()
    }

    private func merge(
        _ carried: [Draft], into drafts: inout [String: Draft], before: RepositoryEditor
    ) throws(RepositoryError) {
        for copy in carried {
            guard let role = drafts.first(where: { $0.value.content == copy.content })?.key else {
                throw RepositoryError(
                    .badName,
                    "what was signed (version \(copy.content.version) of \(copy.type)) is not what waits here; "
                        + "sign the files in \(layout.pending)")
            }
            let keys = try signatories(role, before: before)
            drafts[role]?.merge(copy, of: keys)
        }
    }

    /// Without what was published already by a run that was killed before it could clear up.
    private func unpublished(_ drafts: [String: Draft]) throws(RepositoryError) -> [String: Draft] {
        var rest: [String: Draft] = [:]
        for (role, draft) in drafts {
            let current: EditableMetadata? =
                switch role {
                case "root": rootMetadata
                case "targets": targets
                default: products[role]
                }
            if draft.content == current { continue }
            guard draft.content.version == (current?.version ?? 0) + 1 else {
                throw RepositoryError(
                    .badName,
                    "version \(draft.content.version) of \(role) waits for signatures, and version "
                        + "\(current?.version ?? 0) is published: it cannot follow that any more; discard it")
            }
            rest[role] = draft
        }
        return rest
    }
}
