// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Copies of data beside the data, taken while the application is stopped; giving them back is a few renames, which need
/// no space. Everything goes by descriptor: the data is the application's, and so may be the folder it lies in.
///
/// A file goes with what SQLite keeps beside it (its *companions*): a log that is not there, or another's, is as wrong
/// as another database. What is absent is remembered as absent.
///
/// All calls block.
public struct DataSnapshots: Sendable {
    private static let companionEndings = ["-wal", "-shm", "-journal"]

    let fileSystem: any FileSystem
    let name: SnapshotName

    /// `installation` and `run` name the copies.
    public init(installation: String, run: String, fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
        name = SnapshotName(installation: installation, run: run)
    }

    /// Where the data really is: a symlink is not the data, what it leads to is. What lies inside another place goes with it.
    /// So are symlinks in the folders above: none is on the answered paths, and none that comes there later is followed. `isSymlink`
    /// when there is no end to a link.
    public static func places(
        of paths: [FilePath], _ fileSystem: any FileSystem
    ) throws(ReplacementError) -> [FilePath] {
        var places: [FilePath] = []
        for path in paths {
            let place = try ReplacementError.files { () throws(FileError) in try end(of: path, fileSystem) }
            if !places.contains(place) { places.append(place) }
        }
        return places.filter { place in !places.contains { $0 != place && place.starts(with: $0) } }
    }

    private static func end(of path: FilePath, _ fileSystem: any FileSystem) throws(FileError) -> FilePath {
        guard path.isAbsolute, path.lexicallyNormalized().lastComponent?.kind == .regular else {
            throw FileError(.notSupported, operation: "save as data", path: path)
        }
        var (place, makers, links) = (FilePath(root: path.root, []), Set<UInt32>(), 0)
        var rest = Array(path.lexicallyNormalized().components.reversed())
        while let name = rest.popLast() {
            switch name.kind {
            case .currentDirectory: continue
            // `..` is the folder above the one that was reached, not the one that was named.
            case .parentDirectory: place.removeLastComponent()
            case .regular:
                let next = place.appending(name)
                guard let found = try fileSystem.attributes(of: next), found.kind == .symlink else {
                    place = next
                    continue
                }
                links += 1
                guard links <= 40 else { throw FileError(.isSymlink, operation: "follow the link", path: path) }
                makers.insert(found.owner)
                let destination = FilePath(try fileSystem.destination(ofLink: next))
                if destination.isAbsolute { place = FilePath(root: destination.root, []) }
                rest += destination.components.reversed()
            }
        }
        guard place.lastComponent != nil else { throw FileError(.notSupported, operation: "save as data", path: path) }
        // An application that runs with fewer rights must not say what this account copies and gives back.
        let trusted: Set = [0, Account.current.user, try fileSystem.attributes(of: place)?.owner ?? 0]
        guard makers.isSubset(of: trusted) else {
            throw FileError(.permissionDenied, operation: "follow another account's link to", path: place)
        }
        return place
    }

    /// What there will be, for the journal: nothing is looked at. `places` as ``places(of:_:)`` answers them.
    public func plan(_ places: [FilePath]) -> [FileSnapshot] {
        places.compactMap { place in
            guard let data = place.lastComponent else { return nil }
            let pieces = ([data] + Self.companions(of: data)).map { piece in
                DataPiece(name: piece, copy: name.copy(of: piece))
            }
            return FileSnapshot(folder: StoredPath(place.removingLastComponent()), pieces: pieces)
        }
    }

    static func companions(of data: FilePath.Component) -> [FilePath.Component] {
        companionEndings.compactMap { ending in
            let bytes = data.bytes + Array(ending.utf8)
            return bytes.count > SnapshotName.maximum ? nil : FilePath.Component(bytes: bytes)
        }
    }
}

// MARK: - Saving

extension DataSnapshots {
    /// Makes the copies, durably; half-made ones of before a crash are made anew. The application must be stopped. Answers the
    /// complete snapshot, and what of the data it could not carry.
    public func take(
        _ snapshot: FileSnapshot, check: CancellationCheck = { () throws(ReplacementError) in }
    ) throws(ReplacementError) -> (snapshot: FileSnapshot, notCarried: [NotCarried]) {
        var (taken, notCarried, cancellation) = (snapshot, [NotCarried](), Cancellation())
        taken.pieces = []
        do throws(FileError) {
            let folder = try folder(of: snapshot)
            for var piece in snapshot.pieces {
                let isBesideFolder = taken.pieces.first?.content?.folders ?? 0 > 0
                switch try prepare(piece, in: folder, isData: taken.pieces.isEmpty, isBesideFolder) {
                case .absent: taken.pieces.append(piece)
                case .present(let folder):
                    let copy = try folder.copyTree(piece.name, as: piece.copy, in: folder) { () throws(FileError) in
                        try cancellation.ask(check)
                    }
                    notCarried += copy.notCarried(of: snapshot.place(of: piece))
                    piece.content = copy.content
                    taken.pieces.append(piece)
                case .somebodyElses: continue
                }
            }
            if let folder { try fileSystem.syncFileSystem(containing: folder.path) }
        } catch {
            throw cancellation.error(error)
        }
        taken.isComplete = true
        return (taken, notCarried)
    }

    private enum Original {
        case absent
        case present(any Folder)
        /// It only has a companion's name: a companion is a file beside a file.
        case somebodyElses
    }

    /// Makes room for the copy, and looks at what is to be copied.
    private func prepare(
        _ piece: DataPiece, in folder: (any Folder)?, isData: Bool, _ isBesideFolder: Bool
    ) throws(FileError) -> Original {
        guard let folder else { return .absent }
        if let failure = folder.removeTree(piece.copy).first { throw failure }
        if isBesideFolder { return .somebodyElses }
        guard let found = try folder.attributes(of: piece.name) else { return .absent }
        switch found.kind {
        case .file: return .present(folder)
        case .directory where isData: return .present(folder)
        case _ where isData:
            throw FileError(.notSupported, operation: "save as data", path: folder.path.appending(piece.name))
        default: return .somebodyElses
        }
    }

    /// The copies are there, with as many things of each kind, and as many bytes, as the data had when it was looked at
    /// for copying; `tampered` when not, also because somebody was still changing the data.
    public func verify(
        _ snapshot: FileSnapshot, check: CancellationCheck = { () throws(ReplacementError) in }
    ) throws(ReplacementError) {
        var cancellation = Cancellation()
        for piece in snapshot.pieces {
            let content: TreeContent?
            do throws(FileError) {
                content = try folder(of: snapshot)?.measureTree(piece.copy) { () throws(FileError) in
                    try cancellation.ask(check)
                }.content
            } catch {
                throw cancellation.error(error)
            }
            guard snapshot.isComplete, content ?? TreeContent() == piece.content ?? TreeContent() else {
                throw ReplacementError(
                    .tampered, path: snapshot.copy(of: piece),
                    reason: "the copy is not what \(snapshot.place(of: piece).readable) was while it was copied")
            }
        }
    }

    /// Removes the copies, and what was moved out of their way; answers what could not be removed, and why. May be repeated.
    public func remove(_ snapshot: FileSnapshot) -> [FileError] {
        do throws(FileError) {
            guard let folder = try folder(of: snapshot) else { return [] }
            var failures: [FileError] = []
            for piece in snapshot.pieces {
                failures += folder.removeTree(piece.copy)
                for aside in try SnapshotName.asides(of: piece.copy, in: folder) {
                    failures += folder.removeTree(aside)
                }
            }
            return failures
        } catch {
            return [error]
        }
    }

    /// `nil` when there is none: then the data is not there either.
    func folder(of snapshot: FileSnapshot) throws(FileError) -> (any Folder)? {
        try fileSystem.folder(above: snapshot.place)
    }
}

// MARK: - Giving back

extension DataSnapshots {
    /// The data is what it was, durably; what the failed version left is moved aside, for ``remove(_:)``. Decided by what is there:
    /// a copy that is there is not yet given back. So it can be called again after a crash at any point, for as long as
    /// **nothing else has run**: between its return and the journal's `isRestored = true` no version of the
    /// application is started, and with that in the journal nothing is done here any more.
    ///
    /// A snapshot that is not complete is nothing to go back to: without it the new version was never started. `missing`
    /// when a copy is gone and its data is not what was copied.
    public func restore(_ snapshot: FileSnapshot) throws(ReplacementError) {
        guard snapshot.isComplete, !snapshot.isRestored else { return }
        let lost = try ReplacementError.files { () throws(FileError) -> DataPiece? in
            guard let folder = try folder(of: snapshot) else { return snapshot.pieces.first { $0.content != nil } }
            for piece in snapshot.pieces where try !restore(piece, in: folder) { return piece }
            try folder.sync()
            return nil
        }
        guard let lost else { return }
        throw ReplacementError(
            .missing, path: snapshot.copy(of: lost),
            reason: "the copy of \(snapshot.place(of: lost).readable) is gone")
    }

    /// `false` when the data is not what it was, and there is no copy of it.
    private func restore(_ piece: DataPiece, in folder: any Folder) throws(FileError) -> Bool {
        guard let content = piece.content else {
            try moveAside(piece, in: folder)
            return true
        }
        guard try folder.attributes(of: piece.copy) != nil else { return try wasRestored(piece, content, in: folder) }
        try moveAside(piece, in: folder)
        try folder.rename(piece.copy, to: piece.name, in: folder)
        return true
    }

    /// The copy is not there any more: because it has been given back, or because somebody took it away?
    private func wasRestored(
        _ piece: DataPiece, _ content: TreeContent, in folder: any Folder
    ) throws(FileError) -> Bool {
        guard try folder.attributes(of: piece.name) != nil else { return false }
        guard try SnapshotName.asides(of: piece.copy, in: folder).isEmpty else { return true }
        // The failed version had left nothing that was in the way.
        return try folder.measureTree(piece.name).content == content
    }

    private func moveAside(_ piece: DataPiece, in folder: any Folder) throws(FileError) {
        guard try folder.attributes(of: piece.name) != nil else { return }
        try folder.rename(piece.name, to: SnapshotName.newAside(of: piece.copy), in: folder)
    }
}
