// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Builds a release's folder beside the live one: its content as the vendor made it, its owners, groups, access lists,
/// labels and what people may do as the customer has them.
public struct FolderBuild: Sendable {
    private let fileSystem: any FileSystem

    public init(fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
    }

    /// Builds at `staged`, where nothing may be: `exists` otherwise. `stage` makes the release's content, verified, in the
    /// empty folder at the path that it is given. `live` is `nil` for a first installation, to which nothing is given.
    ///
    /// The order is what makes the record true: nobody but this account can come into the folder until all is set and
    /// recorded; opening it to others is the last change.
    ///
    /// What an ordinary user's agent cannot give is left out (``Survey`` names it). Throws what `stage` throws, else
    /// ``ReplacementError``; what has been built is then the caller's to discard. Nothing is synced.
    public func build(
        _ staged: FilePath, entries: [ReleaseEntry], like live: (any Folder)?, check: @escaping CancellationCheck,
        stage: (FilePath) throws -> Void
    ) throws -> (folder: any Folder, record: StagedRecord) {
        let folder = try ReplacementError.files { () throws(FileError) in
            try fileSystem.makeDirectory(staged, permissions: 0o700)
            return try fileSystem.folder(staged)
        }
        try stage(staged)
        let made = try ReplacementError.files { () throws(FileError) in
            (try folder.attributes(), try fileSystem.attributes(of: staged))
        }
        guard made.0.inode == made.1?.inode, made.0.device == made.1?.device else {
            throw ReplacementError(.tampered, path: staged, reason: "another folder stands there now")
        }
        return (folder, try dress(folder, entries: entries, like: live, check: check))
    }

    /// Gives a staged folder's content, which is the release's, what belongs to it besides, and opens it.
    func dress(
        _ folder: any Folder, entries: [ReleaseEntry], like live: (any Folder)?, check: @escaping CancellationCheck
    ) throws(ReplacementError) -> StagedRecord {
        var metadata = try ReplacementError.files { () throws(FileError) in
            try (live ?? folder).metadata()
        }
        if live == nil { metadata.permissions = 0o755 }
        metadata.modified = nil
        metadata.permissions &= 0o3777
        let dressing = Dressing(entries: entries, folders: ReleaseFolders(entries), check: check)
        try dressing.dress(dressing.folders.top, in: folder, like: live, metadata, depth: 0)
        var record = try StagedRecord(of: folder, entries: entries, check: check)
        try ReplacementError.files { () throws(FileError) in
            _ = try folder.set(metadata)
            record.open(at: try folder.attributes().changed)
        }
        return record
    }
}

/// Gives a staged folder's content what belongs to it besides.
private struct Dressing {
    let entries: [ReleaseEntry]
    let folders: ReleaseFolders
    let check: CancellationCheck

    /// `metadata` is what `folder` itself will have: its caller sets it when all inside is done, since what is in a folder
    /// that may not be written to could not be changed any more.
    func dress(
        _ level: ReleaseFolders.Level, in folder: any Folder, like live: (any Folder)?, _ metadata: FileMetadata,
        depth: Int
    ) throws(ReplacementError) {
        guard depth <= maximumFolderDepth else { throw ReplacementError(.tooDeep, path: folder.path) }
        for child in folders.children(of: level) {
            try check()
            let name = child.component
            let old = try metadataOf(name, in: live)
            switch child.entry.map({ entries[$0].kind }) ?? .directory(permissions: 0o755) {
            case .file(_, _, let permissions):
                let new = old?.kind == .file ? old?.replaced(permissions: permissions) : nil
                try set(new ?? metadata.inheriting(.file, permissions: permissions), of: name, in: folder)
            case .symlink:
                // Nobody asks for the mode of a link.
                var new = metadata.inheriting(.symlink, permissions: 0o777)
                if let old, old.kind == .symlink { (new.owner, new.group) = (old.owner, old.group) }
                try set(new, of: name, in: folder)
            case .directory(let permissions):
                let replaces = old?.kind == .directory
                let new =
                    (replaces ? old?.replacedFolder() : nil)
                    ?? metadata.inheriting(.directory, permissions: permissions)
                let inside = try ReplacementError.files { () throws(FileError) in try folder.folder(name) }
                try dress(child.inside, in: inside, like: try open(name, in: live), new, depth: depth + 1)
                try ReplacementError.files { () throws(FileError) in _ = try inside.set(new) }
            }
        }
    }

    private func set(
        _ metadata: FileMetadata, of name: FilePath.Component, in folder: any Folder
    ) throws(ReplacementError) {
        try ReplacementError.files { () throws(FileError) in _ = try folder.set(metadata, of: name) }
    }

    /// `nil` for what is not there, and for what this account may not see: it is like something new then.
    private func metadataOf(
        _ name: FilePath.Component, in live: (any Folder)?
    ) throws(ReplacementError) -> FileMetadata? {
        try look { () throws(FileError) in try live?.metadata(of: name) }
    }

    private func open(_ name: FilePath.Component, in live: (any Folder)?) throws(ReplacementError) -> (any Folder)? {
        try look { () throws(FileError) in try live?.folder(name) }
    }

    private func look<Value>(_ body: () throws(FileError) -> Value?) throws(ReplacementError) -> Value? {
        do {
            return try body()
        } catch  where [.notFound, .notDirectory, .isSymlink, .permissionDenied].contains(error.code) {
            return nil
        } catch {
            throw ReplacementError(error)
        }
    }
}
