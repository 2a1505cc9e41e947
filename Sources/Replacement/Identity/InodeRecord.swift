// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

extension FolderRecord {
    /// Of a folder that programs before this format knew by its inode alone. They and this one run on the same machine a
    /// moment apart: the inode holds, and what has it now at one of the places is known by its birth time too from here on.
    public init(
        inode: UInt64, version: String, tree: String = "", at places: [FilePath], _ fileSystem: any FileSystem
    ) throws(FileError) {
        self.init(id: randomName(), version: version, tree: tree, inode: inode, born: 0)
        for path in places {
            guard let found = try fileSystem.attributes(of: path), found.kind == .directory, found.inode == inode
            else { continue }
            self = renewed(found)
        }
    }
}
