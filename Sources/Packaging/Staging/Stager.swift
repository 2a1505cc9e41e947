// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Builds a folder from a tree: from its pack, or by a plan from what an older folder has and what was fetched.
///
/// Files go only into folders that this run made itself, symlinks come last, and each file is hashed: as it is made from what
/// was fetched, or read back after it was copied. Memory does not grow with the tree. Copies are made on another thread
/// while the rest is made on this one.
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
        var made: Set<[UInt8]> = []
        if delta != nil, let old {
            let contents = try DeltaContents(from: old.tree.entries, to: tree.entries)
            made = Set(contents.carried.flatMap { $0.paths.map { Array($0.utf8) } })
        }
        let list = StagingList(tree, plan, made: made, from: old?.folder, into: folder)
        let total = tree.installedBytes
        let copies = CopyWork(list.copied, fileSystem: fileSystem)
        copies.begin()
        var done: Int64 = 0
        do throws(PackagingError) {
            if let delta, let old {
                try DeltaApplier(fileSystem: fileSystem).apply(
                    delta, from: old.tree.entries, in: old.folder, to: tree.entries, into: folder
                ) { count, _ in progress(count + copies.bytes, total) }
                done = list.madeBytes
            }
            var reader = reader
            for file in list.fetched {
                try write(tree.entries[file.index], at: file.offset, into: folder, from: &reader)
                done += tree.entries[file.index].size
                progress(done + copies.bytes, total)
            }
        } catch {
            copies.abandon()
            throw error
        }
        try copies.finish { progress(done + copies.bytes, total) }
        done += copies.bytes
        let repeated = CopyWork(list.repeated, fileSystem: fileSystem)
        try repeated.finish { progress(done + repeated.bytes, total) }
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

    /// What is hashed is what was written.
    private func write(
        _ entry: TreeEntry, at offset: Int64, into folder: FilePath, from reader: inout FrameReader?
    ) throws(PackagingError) {
        guard case .file(let size, let sha256, let permissions) = entry.kind else { return }
        let path = folder.appending(entry.path)
        let output = try PackagingError.files { () throws(FileError) in
            try fileSystem.openForWriting(path, permissions: permissions, resume: false)
        }
        var hash = RunningHash()
        while hash.count < size {
            guard let bytes = try reader?.read(at: offset + hash.count, atMost: size - hash.count) else {
                throw PackagingError(.tampered, "Nothing that was fetched has its content.", at: path.string)
            }
            try PackagingError.files { () throws(FileError) in try output.write(bytes) }
            hash.update(bytes)
        }
        try PackagingError.files { () throws(FileError) in
            try output.close()
            try fileSystem.setPermissions(permissions, of: path)
        }
        guard hash.hex == sha256 else {
            throw PackagingError(.tampered, "The pack's content is not what the tree says.", at: entry.path)
        }
    }
}
