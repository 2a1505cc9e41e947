// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Something that could not be deleted. It is tried again with every ``Trash/sweep()``, and blocks nothing.
public struct Undeletable: Sendable, Hashable {
    /// Where the folder lies.
    public var path: FilePath
    /// What in it could not be deleted, and why.
    public var error: FileError

    public init(path: FilePath, error: FileError) {
        self.path = path
        self.error = error
    }
}

/// Deletes folders so that a crash leaves nothing that looks like an application: first the name goes, then the rest.
/// Call it with the place's ``OwnerLock``.
public struct Trash: Sendable {
    let place: Place
    let fileSystem: any FileSystem

    public init(_ place: Place, fileSystem: any FileSystem) {
        self.place = place
        self.fileSystem = fileSystem
    }

    /// Deletes what was found at a path, and answers what of it could not be deleted.
    ///
    /// Throws `unknown` and leaves it alone when it is unknown, or is another by now (`changedMeanwhile`); also when it
    /// is known by its content only and holds more than its ``FolderList`` says (`notListed`, with the first such path).
    /// Needs no space once there is a trash folder.
    public func discard(_ path: FilePath, as found: Found) throws(ReplacementError) -> [Undeletable] {
        let record: FolderRecord
        let proof: Proof
        switch found {
        case .absent: return []
        case .unknown(let why): throw ReplacementError(.unknown(why), path: path)
        case .known(let known, let how): (record, proof) = (known, how)
        }
        guard let spot = try ReplacementError.files({ () throws(FileError) in try fileSystem.spot(path) }),
            let there = try ReplacementError.files({ () throws(FileError) in
                try spot.folder.attributes(of: spot.name)
            })
        else { return [] }
        guard there.kind == .directory, there.inode == record.inode, there.born == record.born else {
            throw ReplacementError(.unknown(.changedMeanwhile), path: path)
        }
        if proof == .witnesses { try checkList(record, spot) }
        let sighting = Sighting(found: found, mark: FolderMark(there))
        // Certain by its inode, it is not looked for in any other way.
        let left = try discard(spot, sighting, among: proof == .witnesses ? [record] : [])
        // One whose name could not go is still there, and still needs its list.
        let stays = try ReplacementError.files { () throws(FileError) in try spot.mark() == sighting.mark }
        return stays ? left : left + removeList(of: record)
    }

    private func checkList(_ record: FolderRecord, _ spot: Spot) throws(ReplacementError) {
        guard let list = try FolderList.read(record, in: place, fileSystem: fileSystem) else {
            throw ReplacementError(.unknown(.notListed), path: spot.path)
        }
        let folder = try ReplacementError.files { () throws(FileError) in try spot.folder.folder(spot.name) }
        if let first = try list.beyond(in: folder).first {
            throw ReplacementError(.unknown(.notListed), path: spot.path.pushing(first))
        }
    }

    private func discard(
        _ spot: Spot, _ sighting: Sighting, among records: [FolderRecord]
    ) throws(ReplacementError) -> [Undeletable] {
        let aside: Spot
        do throws(FileError) {
            aside = Spot(folder: try openTrash(), name: FilePath.Component(randomName()) ?? spot.name)
        } catch {
            return [Undeletable(path: spot.path, error: error)]
        }
        do {
            try spot.move(to: aside, expecting: sighting, among: records)
        } catch {
            switch error.code {
            case .file(let reason):
                let error = FileError(reason.code, operation: "remove", path: spot.path)
                return [Undeletable(path: spot.path, error: error)]
            // Not ours, and it could not go back: at least it is not where the next sweep deletes it.
            case .unknown where error.path == aside.path: throw rescue(aside) ?? error
            default: throw error
            }
        }
        do throws(FileError) {
            // A power cut must not leave half of it under its old name.
            try spot.folder.sync()
            try aside.folder.sync()
        } catch {
            return [Undeletable(path: aside.path, error: error)]
        }
        return remove(aside)
    }

    private func rescue(_ spot: Spot) -> ReplacementError? {
        guard let state = try? fileSystem.folder(place.state),
            let name = FilePath.Component("\(Place.strangerPrefix)\(spot.name.string)"),
            (try? spot.folder.rename(spot.name, to: name, in: state)) != nil
        else { return nil }
        return ReplacementError(.unknown(.changedMeanwhile), path: state.path.appending(name))
    }

    private func remove(_ spot: Spot) -> [Undeletable] {
        spot.folder.removeTree(spot.name).map { Undeletable(path: spot.path, error: $0) }
    }

    private func removeList(of record: FolderRecord) -> [Undeletable] {
        do throws(FileError) {
            guard let name = try? record.fileName(), let lists = try fileSystem.spot(place.lists.appending(name)) else {
                return []
            }
            try lists.folder.remove(name)
            return []
        } catch {
            return [Undeletable(path: place.lists, error: error)]
        }
    }

    private func openTrash() throws(FileError) -> any Folder {
        try fileSystem.folder(place.state).folder("trash", makingIt: 0o700)
    }

    /// Deletes what lies in the trash: what a crash left half-deleted, and what could not be deleted before.
    public func sweep() -> [Undeletable] {
        do throws(FileError) {
            let state = try fileSystem.folder(place.state)
            guard let found = try state.attributes(of: "trash") else { return [] }
            // Whatever is mounted there is somebody's.
            guard !found.isMountPoint, try found.device == state.attributes().device else {
                throw FileError(.mountPoint, operation: "empty the folder", path: place.trash)
            }
            let trash = try state.folder("trash")
            let listing = try trash.list()
            return listing.indices.flatMap { remove(Spot(folder: trash, name: listing.component($0))) }
        } catch  where error.code == .notFound {
            return []
        } catch {
            return [Undeletable(path: place.trash, error: error)]
        }
    }
}
