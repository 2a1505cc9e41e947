// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

extension FolderRecord {
    /// Of a folder that programs before this format knew by its inode alone, as `document` says. They and this one run on
    /// the same machine a moment apart: the inode holds, and what has it now at one of the places is known by its birth time
    /// too from here on; unless it was made after the document, since inodes are given again.
    public init(
        inode: UInt64, version: String, tree: String = "", in document: FilePath, at places: [FilePath],
        _ fileSystem: any FileSystem
    ) throws(FileError) {
        self.init(id: randomName(), version: version, tree: tree, inode: inode, born: 0)
        guard let written = try fileSystem.attributes(of: document)?.modified else { return }
        for path in places {
            guard let found = try fileSystem.attributes(of: path), found.kind == .directory, found.inode == inode,
                found.born <= written
            else { continue }
            self = renewed(found)
        }
    }
}
