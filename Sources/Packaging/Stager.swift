// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Builds a folder from a tree: from its pack, or by a plan from what an older folder has and what was fetched.
///
/// Files go only into folders that this run made itself, symlinks come last, and each file is hashed: as a delta makes it,
/// else read back after it was written. Memory does not grow with the tree.
///
/// Nothing is synced: the caller syncs the file system once, before the folder takes anyone's place.
public struct Stager: Sendable {
    private let fileSystem: any FileSystem

    public init(fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
    }

    /// Where a plan's content is.
    public struct Source: Sendable {
        public var plan: ContentPlan
        /// Where ``ReleaseRepository/fetch(_:of:into:fileSystem:progress:)`` put it.
        public var downloads: FilePath
        /// The folder that was the plan's inventory, and its tree.
        public var old: (folder: FilePath, tree: Tree)?

        public init(plan: ContentPlan, downloads: FilePath, old: (folder: FilePath, tree: Tree)?) {
            self.plan = plan
            self.downloads = downloads
            self.old = old
        }
    }

    /// From a whole pack.
    public func stage(
        _ tree: Tree, pack: FilePath, into folder: FilePath, progress: (Int64, Int64) -> Void = { _, _ in }
    ) throws(PackagingError) {
        let reader = try FrameReader(tree.pack, file: pack, fileSystem: fileSystem)
        try stage(tree, ContentPlan(tree), reader, delta: nil, old: nil, into: folder, progress)
    }

    /// By a plan. `folder` must be absent, in a folder that exists, or empty; after an error it is incomplete and the
    /// caller's to remove. Blocks until done. `progress` gets bytes written and in all.
    ///
    /// Throws `tampered` when content is not what the tree says, old files that changed meanwhile included:
    /// ``ContentPlan/fallback(after:for:from:)`` says what is left to try.
    public func stage(
        _ tree: Tree, from source: Source, into folder: FilePath, progress: (Int64, Int64) -> Void = { _, _ in }
    ) throws(PackagingError) {
        let files = source.plan.files(of: tree, in: source.downloads)
        var reader: FrameReader?
        if source.plan.way == .pack {
            reader = try FrameReader(tree.pack, file: files.pack, fileSystem: fileSystem)
        } else if let ranges = files.ranges {
            reader = try FrameReader(tree.pack, ranges: source.plan.ranges, file: ranges, fileSystem: fileSystem)
        }
        try stage(tree, source.plan, reader, delta: files.delta, old: source.old, into: folder, progress)
    }

    private func stage(
        _ tree: Tree, _ plan: ContentPlan, _ reader: FrameReader?, delta: FilePath?,
        old: (folder: FilePath, tree: Tree)?, into folder: FilePath, _ progress: (Int64, Int64) -> Void
    ) throws(PackagingError) {
        try tree.check()
        try prepare(folder)
        try makeDirectories(tree, in: folder)
        let total = tree.installedBytes
        var done: Int64 = 0
        var made: Set<[UInt8]> = []
        if let delta, let old {
            let contents = try DeltaContents(from: old.tree.entries, to: tree.entries)
            made = Set(contents.carried.flatMap { $0.paths.map { Array($0.utf8) } })
            try DeltaApplier(fileSystem: fileSystem).apply(
                delta, from: old.tree.entries, in: old.folder, to: tree.entries, into: folder
            ) { count, _ in progress(count, total) }
            done = tree.entries.reduce(0) { $0 + (made.contains(Array($1.path.utf8)) ? $1.size : 0) }
        }
        let copies = Dictionary(plan.copies.map { (Array($0.path.utf8), $0.from) }, uniquingKeysWith: { $1 })
        let offsets = tree.contentOffsets()
        var reader = reader
        for (index, entry) in tree.entries.enumerated() {
            guard case .file(let size, let sha256, let permissions) = entry.kind, !made.contains(Array(entry.path.utf8))
            else { continue }
            let path = folder.appending(entry.path)
            if let old, let from = copies[Array(entry.path.utf8)] {
                try copy(old.folder.appending(from), permissions, to: path)
            } else {
                try write(offsets[index], size, permissions, to: path, from: &reader)
            }
            try verify(path, size: size, sha256: sha256, at: entry.path)
            done += size
            progress(done, total)
        }
        try makeLinks(tree, in: folder)
    }

    private func prepare(_ folder: FilePath) throws(PackagingError) {
        let existing = try PackagingError.files { () throws(FileError) in
            guard let attributes = try fileSystem.attributes(of: folder) else {
                try fileSystem.makeDirectory(folder, permissions: 0o755)
                return [String]()
            }
            guard attributes.kind == .directory else { return [folder.string] }
            return try fileSystem.entries(of: folder)
        }
        guard existing.isEmpty else {
            throw PackagingError(
                .exists, "There is something already where the tree is to be built.", at: folder.string)
        }
    }

    private func makeDirectories(_ tree: Tree, in folder: FilePath) throws(PackagingError) {
        for entry in tree.entries {
            guard case .directory(let permissions) = entry.kind else { continue }
            let path = folder.appending(entry.path)
            try PackagingError.files { () throws(FileError) in
                try fileSystem.makeDirectory(path, permissions: permissions)
                // The umask has had its say when it was made.
                try fileSystem.setPermissions(permissions, of: path)
            }
        }
    }

    private func makeLinks(_ tree: Tree, in folder: FilePath) throws(PackagingError) {
        for entry in tree.entries {
            guard case .symlink(let destination) = entry.kind else { continue }
            try PackagingError.files { () throws(FileError) in
                try fileSystem.makeLink(at: folder.appending(entry.path), to: destination)
            }
        }
    }

    /// Reflinked where the file system can.
    private func copy(_ source: FilePath, _ permissions: UInt16, to path: FilePath) throws(PackagingError) {
        try PackagingError.files { () throws(FileError) in
            try fileSystem.copyFile(source, to: path)
            try fileSystem.setPermissions(permissions, of: path)
        }
    }

    private func write(
        _ offset: Int64, _ size: Int64, _ permissions: UInt16, to path: FilePath, from reader: inout FrameReader?
    ) throws(PackagingError) {
        let output = try PackagingError.files { () throws(FileError) in
            try fileSystem.openForWriting(path, permissions: permissions, resume: false)
        }
        var done: Int64 = 0
        while done < size {
            guard let bytes = try reader?.read(at: offset + done, atMost: size - done) else {
                throw PackagingError(.tampered, "Nothing that was fetched has its content.", at: path.string)
            }
            try PackagingError.files { () throws(FileError) in try output.write(bytes) }
            done += Int64(bytes.count)
        }
        try PackagingError.files { () throws(FileError) in
            try output.close()
            try fileSystem.setPermissions(permissions, of: path)
        }
    }

    private func verify(_ path: FilePath, size: Int64, sha256: String, at place: String) throws(PackagingError) {
        var hash = RunningHash()
        try PackagingError.files { () throws(FileError) in
            let file = try fileSystem.openForReading(path)
            try hash.update(file)
            try file.close()
        }
        guard hash.count == size, hash.hex == sha256 else {
            throw PackagingError(.tampered, "The pack's content is not what the tree says.", at: place)
        }
    }
}
