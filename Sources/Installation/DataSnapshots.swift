// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// Copies of the data that a release migrates: made while the service is down, beside the data, so that going back is
/// an exchange of names. They cost what copying the data costs, unless the file system shares blocks.
struct DataSnapshots: Sendable {
    private let id: String
    private let fileSystem: any FileSystem

    init(installation id: String, fileSystem: any FileSystem) {
        self.id = id
        self.fileSystem = fileSystem
    }

    /// Where the data really is: a symlink is not the data, what it names is.
    static func places(of data: [FilePath], _ fileSystem: any FileSystem) throws -> [FilePath] {
        var places: [FilePath] = []
        for data in data {
            let place = try fileSystem.followingLinks(data.lexicallyNormalized())
            guard place.lastComponent?.kind == .regular else {
                throw FileError(.notSupported, operation: "copy the data", path: place.string)
            }
            if !places.contains(place) { places.append(place) }
        }
        return places
    }

    /// What is to be copied, and what does not exist yet.
    func plan(_ places: [FilePath]) throws -> [DataSnapshot] {
        try places.map { data in
            let name = data.lastComponent?.string ?? "data"
            let copy = data.removingLastComponent().appending(".\(name).ricambio-\(id)")
            return DataSnapshot(
                data: data.string, copy: copy.string,
                original: try fileSystem.attributes(of: data).map(FolderIdentity.init))
        }
    }

    /// Makes the copy, durably; a half-made one of before a crash is made anew.
    func take(_ snapshot: DataSnapshot, flag: CancellationFlag) throws -> DataSnapshot {
        let copy = FilePath(snapshot.copy)
        try remove(snapshot)
        guard snapshot.original != nil else { return snapshot }
        try duplicate(FilePath(snapshot.data), to: copy, flag: flag)
        try fileSystem.syncFileSystem(containing: copy.removingLastComponent())
        guard let made = try fileSystem.attributes(of: copy) else {
            throw UpdateFailure(.fileFailed, ["path": copy.string])
        }
        var complete = snapshot
        complete.complete = FolderIdentity(made)
        return complete
    }

    /// The data is what it was when the copy was made; the service must be down. May be repeated.
    func restore(_ snapshot: DataSnapshot) throws {
        guard snapshot.original != nil else { return try takeAway(snapshot) }
        guard let complete = snapshot.complete else { return }
        let (data, copy) = (FilePath(snapshot.data), FilePath(snapshot.copy))
        let aside = aside(snapshot)
        let there = try fileSystem.attributes(of: data).map(FolderIdentity.init)
        guard there != complete else { return }
        if there == nil {
            try fileSystem.rename(copy, to: data)
        } else if try !fileSystem.exchangeIfPossible(data, with: copy) {
            try fileSystem.removeTree(aside)
            try fileSystem.rename(data, to: aside)
            try fileSystem.rename(copy, to: data)
        }
        try fileSystem.syncDirectory(data.removingLastComponent())
    }

    /// There was no data: what the new version made is none of the old one's.
    private func takeAway(_ snapshot: DataSnapshot) throws {
        let (data, aside) = (FilePath(snapshot.data), aside(snapshot))
        let folder = data.removingLastComponent()
        guard try fileSystem.exists(folder), try !fileSystem.exists(aside) else { return }
        if try fileSystem.exists(data) {
            try fileSystem.rename(data, to: aside)
        } else {
            // Says that it is done: what is there the next time was made by the old version.
            try fileSystem.makeDirectory(aside, permissions: 0o700)
        }
        try fileSystem.syncDirectory(folder)
    }

    private func aside(_ snapshot: DataSnapshot) -> FilePath { FilePath(snapshot.copy + "-failed") }

    func remove(_ snapshot: DataSnapshot) throws {
        try fileSystem.removeTree(FilePath(snapshot.copy))
        try fileSystem.removeTree(aside(snapshot))
    }

    /// Sockets and pipes are nothing without the process that made them.
    private func duplicate(_ source: FilePath, to destination: FilePath, flag: CancellationFlag) throws {
        try flag.check()
        guard let found = try fileSystem.attributes(of: source) else { return }
        switch found.kind {
        case .file: try fileSystem.copyFile(source, to: destination)
        case .symlink:
            try fileSystem.makeLink(at: destination, to: try fileSystem.destination(ofLink: source))
        case .directory:
            try fileSystem.makeDirectory(destination, permissions: found.permissions | 0o700)
            for name in try fileSystem.entries(of: source) {
                try duplicate(source.appending(name), to: destination.appending(name), flag: flag)
            }
            try fileSystem.setPermissions(found.permissions, of: destination)
        case .other: break
        }
    }
}
