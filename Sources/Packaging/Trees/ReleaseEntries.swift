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
