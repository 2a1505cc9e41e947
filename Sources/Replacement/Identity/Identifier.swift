// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Looks which of the recorded folders stands at a path. An error of the file system is an error, and never "unknown" or
/// "absent".
public struct Identifier: Sendable {
    private let fileSystem: any FileSystem

    public init(_ fileSystem: any FileSystem) { self.fileSystem = fileSystem }

    public func identify(_ path: FilePath, among records: [FolderRecord]) throws(ReplacementError) -> Found {
        try ReplacementError.files { () throws(FileError) in
            try fileSystem.spot(path).map { spot throws(FileError) in try spot.look(among: records).found } ?? .absent
        }
    }

    /// What stands at each of the places. One record cannot be at two of them: see ``UnknownFolder/atTwoPlaces``.
    public func identifyAll(
        _ places: [FilePath], among records: [FolderRecord]
    ) throws(ReplacementError) -> [Found] {
        var found: [Found] = []
        for place in places { found.append(try identify(place, among: records)) }
        return Recognition.together(found)
    }
}

/// A name in a folder that is held open.
struct Spot: Sendable {
    let folder: any Folder
    let name: FilePath.Component

    var path: FilePath { folder.path.appending(name) }
}

/// What stands at a spot, and what tells it from anything that comes there later.
struct Sighting: Sendable {
    var found: Found
    /// `nil` when nothing is there.
    var mark: FolderMark?

    static let absent = Sighting(found: .absent, mark: nil)
}

/// Tells a folder from another for as long as this machine runs.
struct FolderMark: Sendable, Hashable {
    private let device: UInt64
    private let inode: UInt64
    private let born: Int64

    init(_ attributes: FileAttributes) {
        device = attributes.device
        inode = attributes.inode
        born = attributes.born
    }
}

extension FileSystem {
    /// `nil` when the folder that would hold it is not there. A symlink in that folder's place is followed, one at the
    /// path itself is not.
    func spot(_ path: FilePath) throws(FileError) -> Spot? {
        guard let name = path.lastComponent else { return nil }
        do {
            return Spot(folder: try folder(try followingLinks(path.parent)), name: name)
        } catch  where error.code == .notFound {
            return nil
        }
    }
}

extension Spot {
    func mark() throws(FileError) -> FolderMark? { try folder.attributes(of: name).map(FolderMark.init) }

    func look(among records: [FolderRecord]) throws(FileError) -> Sighting {
        guard var attributes = try folder.attributes(of: name) else { return .absent }
        guard attributes.kind == .directory else {
            return Sighting(found: .unknown(.noFolder), mark: FolderMark(attributes))
        }
        let recognition = Recognition(records)
        if let found = recognition.byInode(attributes) {
            return Sighting(found: found, mark: FolderMark(attributes))
        }
        let opened = try folder.folder(name)
        // Of the folder that is open, not of one that has gone from here since.
        attributes = try opened.attributes()
        var matching: Set<Witness> = []
        for witness in recognition.witnesses where try opened.has(witness) { matching.insert(witness) }
        return Sighting(
            found: recognition.byWitnesses(attributes, matching: matching), mark: FolderMark(attributes))
    }
}

extension Folder {
    /// Whether the witness's file is in this folder with its content.
    fileprivate func has(_ witness: Witness) throws(FileError) -> Bool {
        guard let (folder, name) = try find(FilePath(witness.path)),
            // Looked at before it is opened: opening a device may do something.
            let found = try folder.attributes(of: name), found.kind == .file, found.size == witness.size
        else { return false }
        let file: any OpenFile
        do {
            file = try folder.openForReading(name)
        } catch  where error.code == .notFound || error.code == .isSymlink {
            return false
        }
        guard try file.attributes().kind == .file else { return false }
        var hash = RunningHash()
        try hash.update(file, in: 0..<witness.size)
        return hash.hex == witness.sha256
    }
}
