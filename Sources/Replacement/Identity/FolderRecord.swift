// SPDX-License-Identifier: Apache-2.0
public import Platform
internal import SystemPackage

/// What a folder is known by: it was built or retired here. Kept in `.ricambio`, never in the folder itself.
public struct FolderRecord: Codable, Sendable, Hashable {
    /// Random; names the folder's list and its place among the retained ones.
    public var id: String
    public var version: String
    /// SHA-256 of the release's tree.
    public var tree: String
    public var inode: UInt64
    /// Birth time in nanoseconds since 1970; `0` where the file system keeps none. No device number: it changes.
    public var born: Int64
    /// At most ``Witness/maximum``.
    public var witnesses: [Witness]

    public init(id: String, version: String, tree: String, inode: UInt64, born: Int64, witnesses: [Witness] = []) {
        self.id = id
        self.version = version
        self.tree = tree
        self.inode = inode
        self.born = born
        self.witnesses = witnesses
    }

    /// For a folder that gets its first record.
    public init(
        _ folder: FileAttributes, id: String = randomName(), version: String, tree: String, witnesses: [Witness] = []
    ) {
        self.init(
            id: id, version: version, tree: tree, inode: folder.inode, born: folder.born, witnesses: witnesses)
    }

    /// The same folder with the inode and birth time that it has now.
    public func renewed(_ folder: FileAttributes) -> FolderRecord {
        var record = self
        record.inode = folder.inode
        record.born = folder.born
        return record
    }

    /// The id as the name of a file or folder. A record is read from a file, so it may say anything.
    func fileName() throws(ReplacementError) -> FilePath.Component {
        guard let name = FilePath.Component(id), name.kind == .regular else {
            throw ReplacementError(.missing, path: FilePath(id), reason: "a recorded folder's id is no name")
        }
        return name
    }
}

/// A name that nothing has yet: 16 hexadecimal digits.
public func randomName() -> String {
    withUnsafeBytes(of: UInt64.random(in: 0 ... .max)) { hex($0) }
}

/// A small file of a folder's release in which another release differs, neither kept nor changed by the customer.
public struct Witness: Codable, Sendable, Hashable {
    public static let maximum = 64
    /// Bytes of the largest file that is taken while there are others.
    public static let maximumSize: Int64 = 1 << 20

    /// As in ``ReleaseEntry/path``.
    public var path: String
    /// Bytes; a file of another size need not be read.
    public var size: Int64
    public var sha256: String

    public init(path: String, size: Int64, sha256: String) {
        self.path = path
        self.size = size
        self.sha256 = sha256
    }
}

/// How a folder was recognised.
public enum Proof: Sendable, Hashable {
    /// Inode and birth time are the record's: certain.
    case inode
    /// By its content (a copy, a restore), or, where the file system keeps no birth times, by its inode.
    case witnesses
}

/// What stands at a path.
public enum Found: Sendable, Hashable {
    case absent
    /// The record has the inode and birth time that were found: when the proof is `witnesses`, it is to be kept so.
    case known(FolderRecord, Proof)
    case unknown(UnknownFolder)
}

/// Why a folder is none that is known, or why a known one is left alone.
public enum UnknownFolder: Sendable, Hashable {
    /// A file, a symlink, a device.
    case noFolder
    /// Nothing, or too little, of any record's release is in it.
    case nothingMatches
    /// Witnesses of more than one record are in it.
    case mixed
    /// The records do not differ in any file that could tell.
    case noDifference
    /// The same record would be at two places, or two records at the same one.
    case atTwoPlaces
    /// A retired release stands where only the old or the new one belongs.
    case retired
    /// It was put there, or taken away, while the folders were changing places.
    case changedMeanwhile
    /// Known by its content only, it may be deleted no further than its list goes, and it holds more or has no list.
    case notListed
}
