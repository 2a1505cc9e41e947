// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// A retired release whose folder is kept for some time, so that one can go back to it.
public struct RetainedFolder: Codable, Sendable, Hashable {
    public var record: FolderRecord
    /// When it was retired, in seconds since 1970.
    public var retired: Double
    /// From when on it may be deleted, in seconds since 1970.
    public var until: Double

    public init(record: FolderRecord, retired: Double, until: Double) {
        self.record = record
        self.retired = retired
        self.until = until
    }

    public func isOver(at now: Double) -> Bool { until <= now }
}

/// The folders of retired releases: the newest is `<name>_old`, the others lie below ``Place/retained``.
public struct Retained: Sendable {
    /// Where a retired release was looked for, and what is there.
    public struct Entry: Sendable, Hashable {
        public var folder: RetainedFolder
        public var path: FilePath
        public var found: Found
    }

    private let place: Place
    private let fileSystem: any FileSystem

    public init(_ place: Place, fileSystem: any FileSystem) {
        self.place = place
        self.fileSystem = fileSystem
    }

    /// Where each of the retired releases is, in their order. `absent` when it is at neither of its two places; the newest
    /// is then said to be what stands at `<name>_old`, if that is none of them.
    ///
    /// - Parameter others: the records that `<name>_old` must not be taken for, such as that of the live folder.
    public func list(
        _ folders: [RetainedFolder], others: [FolderRecord] = []
    ) throws(ReplacementError) -> [Entry] {
        var own: [FilePath] = []
        for folder in folders { own.append(place.retained.appending(try folder.record.fileName())) }
        let identifier = Identifier(fileSystem)
        // In the product's own folder the name says which it is; its content has to agree. Two of one release could not be
        // told apart otherwise.
        var found: [Found] = []
        for (folder, path) in zip(folders, own) {
            found.append(try identifier.identify(path, among: [folder.record]))
        }
        let missing = zip(folders, found).filter { $1 == .absent }.map { $0.0.record }
        var atOld = try identifier.identify(place.old, among: missing + others)
        var entries: [Entry] = []
        for (index, folder) in folders.enumerated() {
            let isOld = if case .known(let record, _) = atOld { record.id == folder.record.id } else { false }
            entries.append(
                Entry(folder: folder, path: isOld ? place.old : own[index], found: isOld ? atOld : found[index]))
        }
        if case .known = atOld { atOld = .absent }
        let newest = folders.indices.max { folders[$0].retired < folders[$1].retired }
        if atOld != .absent, let newest, entries[newest].found == .absent {
            entries[newest] = Entry(folder: folders[newest], path: place.old, found: atOld)
        }
        return entries
    }

    /// Begins the retention of a folder with the list of what it holds, without which it could be deleted only while its
    /// inode is the recorded one. Durable when it returns; may be repeated.
    public func retire(
        _ record: FolderRecord, in folder: any Folder, now: Double, until: Double
    ) throws(ReplacementError) -> RetainedFolder {
        try FolderList(of: folder).write(record, in: place, fileSystem: fileSystem)
        return RetainedFolder(record: record, retired: now, until: until)
    }

    /// Which to give up so that at least `needed` bytes become free: the oldest first, and none when all of them together
    /// would not do. What is gone gives nothing.
    ///
    /// - Parameter bytes: what deleting the folder of a record's id would free: see ``bytesToFree(_:)``.
    public static func release(
        _ folders: [RetainedFolder], bytes: [String: Int64], needed: Int64
    ) -> [RetainedFolder] {
        var (missing, given) = (needed, [RetainedFolder]())
        for folder in folders.sorted(by: { $0.retired < $1.retired }) where missing > 0 {
            guard let size = bytes[folder.record.id], size > 0 else { continue }
            given.append(folder)
            missing -= size
        }
        return missing > 0 ? [] : given
    }

    /// The bytes on the disk that deleting the folder at a path would free.
    public func bytesToFree(_ path: FilePath) throws(ReplacementError) -> Int64 {
        try ReplacementError.files { () throws(FileError) in try fileSystem.folder(path).bytesToFree() }
    }

    // MARK: - Foreign files

    /// Moves the customer's foreign files of a folder that has to go early to ``Place/foreign``, whole as they are, with
    /// folders like those that they were in. What could not be moved is answered, and then the folder must stay. May be
    /// repeated after a crash; what is not there is there already, or was taken away.
    ///
    /// - Parameter paths: files, symlinks or whole folders, relative to the folder.
    public func saveForeign(
        _ paths: [FilePath], of folder: any Folder, record: FolderRecord
    ) throws(ReplacementError) -> [FileError] {
        let name = try record.fileName()
        let saved = try ReplacementError.files { () throws(FileError) in
            try fileSystem.folder(place.state).folder("foreign", makingIt: 0o700).folder(name, makingIt: 0o700)
        }
        var failures: [FileError] = []
        func attempt(_ path: FilePath, _ work: (FilePath) throws(FileError) -> Void) {
            do throws(FileError) {
                try work(path)
            } catch {
                if failures.count < 100 { failures.append(error) }
            }
        }
        for path in paths { attempt(path) { path throws(FileError) in try save(path, of: folder, in: saved) } }
        // Last, and the inner ones first: what they become may be closed even to this account.
        let parents = Set(paths.map { $0.removingLastComponent() }).flatMap { $0.withAllAbove }
        for parent in Set(parents).sorted(by: { $0.components.count > $1.components.count }) {
            attempt(parent) { parent throws(FileError) in try finish(parent, of: folder, in: saved) }
        }
        try ReplacementError.files { () throws(FileError) in try fileSystem.syncFileSystem(containing: place.state) }
        return failures
    }

    private func save(_ path: FilePath, of folder: any Folder, in saved: any Folder) throws(FileError) {
        guard let name = path.lastComponent, try folder.attributes(at: path) != nil else { return }
        var (from, to) = (folder, saved)
        for step in path.removingLastComponent().components {
            (from, to) = (try from.folder(step), try to.folder(step, makingIt: 0o700))
            // A run before this one may have closed it again.
            try to.setPermissions(try to.attributes().permissions | 0o700)
        }
        let permissions = try from.attributes().permissions
        let isClosed = permissions & 0o300 != 0o300
        // Only its owner and root may; for others it may be writable as it is.
        if isClosed { try? from.setPermissions(permissions | 0o300) }
        defer { if isClosed { try? from.setPermissions(permissions) } }
        try from.rename(name, to: name, in: to)
    }

    private func finish(_ path: FilePath, of folder: any Folder, in saved: any Folder) throws(FileError) {
        var (from, to) = (folder, saved)
        for step in path.components {
            guard try from.attributes(of: step) != nil, try to.attributes(of: step) != nil else { return }
            (from, to) = (try from.folder(step), try to.folder(step))
        }
        _ = try to.set(try from.metadata())
    }
}

extension FilePath {
    /// A relative path and all folders above it, without the folder that it is relative to.
    fileprivate var withAllAbove: [FilePath] {
        (0..<components.count).map { FilePath(root: nil, components.dropLast($0)) }
    }
}
