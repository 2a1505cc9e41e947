// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Which files of a tree a folder has with the right content: found by hashing them, never assumed. Files that the customer
/// changed are not among them.
public struct Inventory: Sendable, Hashable {
    public let tree: Tree
    /// Indexes into the tree's entries.
    public let intact: Set<Int>

    public init(_ tree: Tree, intact: Set<Int>) {
        self.tree = tree
        self.intact = intact
    }

    /// Hashes every file of `tree` in `folder`; permissions do not matter. Blocks until done. `progress` gets bytes hashed and
    /// in all; what it throws ends the work.
    public init(
        of folder: FilePath, against tree: Tree, fileSystem: any FileSystem,
        progress: (Int64, Int64) throws -> Void = { _, _ in }
    ) throws {
        let total = tree.installedBytes
        var (intact, done): (Set<Int>, Int64) = ([], 0)
        for (index, entry) in tree.entries.enumerated() {
            guard case .file(let size, let sha256, _) = entry.kind else { continue }
            if Self.has(folder.appending(entry.path), size: size, sha256: sha256, fileSystem) { intact.insert(index) }
            done += size
            try progress(done, total)
        }
        self.init(tree, intact: intact)
    }

    /// What cannot be read is not there.
    private static func has(
        _ path: FilePath, size: Int64, sha256: String, _ fileSystem: any FileSystem
    ) -> Bool {
        do throws(FileError) {
            guard let found = try fileSystem.attributes(of: path), found.kind == .file, found.size == size else {
                return false
            }
            var hash = RunningHash()
            let file = try fileSystem.openForReading(path)
            try hash.update(file)
            try file.close()
            return hash.hex == sha256
        } catch {
            return false
        }
    }
}
