// SPDX-License-Identifier: Apache-2.0
package import Replacement
internal import SystemPackage

extension Tree {
    /// As `Replacement` knows releases.
    package var releaseEntries: [ReleaseEntry] {
        entries.map { entry in
            let kind: ReleaseEntry.Kind =
                switch entry.kind {
                case .file(let size, let sha256, let permissions):
                    .file(size: size, sha256: sha256, permissions: permissions)
                case .directory(let permissions): .directory(permissions: permissions)
                case .symlink(let destination): .symlink(destination: destination)
                }
            return ReleaseEntry(path: FilePath(entry.path), kind: kind)
        }
    }
}

extension SwapRecord {
    /// Both records with the witnesses that tell one from the other; without them when nobody knows what the old folder has
    /// of its release.
    package init(
        old: FolderRecord, _ inventory: Inventory?, new: FolderRecord, of entries: [ReleaseEntry], rules: KeepRules
    ) {
        guard let inventory else {
            self.init(old: old, new: new)
            return
        }
        let before = inventory.tree.releaseEntries
        self.init(
            old: old, of: before, intact: Set(inventory.intact.map { before[$0].path }), new: new, of: entries,
            rules: rules)
    }
}
