// SPDX-License-Identifier: Apache-2.0
internal import Platform
public import SystemPackage

/// How much there is to copy when a snapshot is taken.
public struct DataSize: Sendable, Hashable {
    /// Bytes on the disk: what the copies will take, unless the file system shares them.
    public var bytes: Int64
    /// Files, folders and symlinks.
    public var entries: Int
    /// What the copies will not have; each place may name a hundred.
    public var notCarried: [NotCarried]

    public init(bytes: Int64 = 0, entries: Int = 0, notCarried: [NotCarried] = []) {
        self.bytes = bytes
        self.entries = entries
        self.notCarried = notCarried
    }

    /// How long copying may take, in seconds: 20 MB/s and 500 entries/s, which a busy single disk gives
    /// that reads and writes at once, and what syncing it takes at least. For a deadline, so rather too long.
    public var expectedSeconds: Double { Self.expectedSeconds(bytes: bytes, entries: entries) }

    public static func expectedSeconds(bytes: Int64, entries: Int = 0) -> Double {
        5 + Double(max(0, bytes)) / 20e6 + Double(max(0, entries)) / 500
    }
}

extension DataSnapshots {
    /// Measures the data with its companions, while the application runs: it may change meanwhile. `notSameFileSystem` when
    /// something is mounted inside, or at it.
    public func size(
        of places: [FilePath], check: CancellationCheck = { () throws(ReplacementError) in }
    ) throws(ReplacementError) -> DataSize {
        var (size, cancellation) = (DataSize(), Cancellation())
        for place in places {
            do throws(FileError) {
                for (folder, name) in try measured(at: place) {
                    let measure = try folder.measureTree(name) { () throws(FileError) in try cancellation.ask(check) }
                    size.bytes += measure.allocated
                    size.entries += measure.content.count
                    size.notCarried += measure.leftOut.map { NotCarried(path: place.pushing($0), what: .special) }
                }
            } catch {
                throw cancellation.error(error)
            }
        }
        return size
    }

    /// The data, and the companions that are there.
    private func measured(at place: FilePath) throws(FileError) -> [(any Folder, FilePath.Component)] {
        guard let data = place.lastComponent, let folder = try fileSystem.folder(above: place) else { return [] }
        var measured: [(any Folder, FilePath.Component)] = [(folder, data)]
        guard try folder.attributes(of: data)?.kind != .directory else { return measured }
        for companion in Self.companions(of: data) where try folder.attributes(of: companion)?.kind == .file {
            measured.append((folder, companion))
        }
        return measured
    }

    /// Tries what taking and giving back rely on, beside each place: what stands against it, nothing when all is well.
    public func tryOut(_ places: [FilePath]) -> [ReplacementError] {
        places.compactMap { place in
            do throws(ReplacementError) {
                return try obstacle(at: place)
            } catch {
                return error
            }
        }
    }

    private func obstacle(at place: FilePath) throws(ReplacementError) -> ReplacementError? {
        try ReplacementError.files { () throws(FileError) -> ReplacementError? in
            // What is not there, in a folder that is not there, the new version makes.
            guard let name = place.lastComponent, let folder = try fileSystem.folder(above: place) else { return nil }
            let (found, above) = (try folder.attributes(of: name), try folder.attributes())
            if let found, found.isMountPoint || found.device != above.device {
                return ReplacementError(.notSameFileSystem, path: place, reason: "something is mounted there")
            }
            if found?.kind == .other || found?.kind == .symlink {
                throw FileError(.notSupported, operation: "save as data", path: place)
            }
            // A name of the copy's length, made and moved as the copy will be.
            let copy = self.name.copy(of: name)
            if let failure = folder.removeTree(copy).first { throw failure }
            let probe = try folder.makeFolder(copy, permissions: 0o700)
            let me = try probe.attributes().owner
            try folder.remove(copy)
            // In a folder such as /tmp only its owner, the entry's and root may move an entry.
            let isSticky = above.permissions & 0o1000 != 0 && me != 0 && me != above.owner && me != found?.owner ?? me
            guard found?.isImmutable != true, !isSticky else {
                throw FileError(.permissionDenied, operation: "move", path: place)
            }
            return nil
        }
    }
}
