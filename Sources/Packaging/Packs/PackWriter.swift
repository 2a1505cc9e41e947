// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// A pack that was written, and the entries whose content it carries.
public struct WrittenPack: Sendable, Hashable {
    public var pack: PackReference
    public var entries: [TreeEntry]
}

/// Writes a folder's files into one pack of independent zstd frames, and proves that it read the folder at rest.
public struct PackWriter: Sendable {
    public static let defaultLevel = 19

    private let fileSystem: any FileSystem
    private let level: Int
    private let frameBytes: Int?

    /// `level` is zstd's, 1…22; `frameBytes` is how much a frame of small files holds uncompressed, by default what
    /// ``FrameSize`` finds best for the folder.
    public init(fileSystem: any FileSystem, level: Int = PackWriter.defaultLevel, frameBytes: Int? = nil) {
        self.fileSystem = fileSystem
        self.level = level
        self.frameBytes = frameBytes
    }

    /// Writes the pack to `file`, which must not exist, and syncs it. Uses all cores and, for each, up to 600 MiB of memory
    /// beside the six frames that are compressed together; blocks until done. `progress` gets uncompressed bytes done and
    /// in all.
    ///
    /// Throws `changedWhileRead` when the folder is not, afterwards, exactly what was scanned and read; `file` is
    /// then incomplete and the caller's to remove, as after every error.
    public func write(
        _ scan: ScannedFolder, to file: FilePath, progress: (Int64, Int64) -> Void = { _, _ in }
    ) throws(PackagingError) -> WrittenPack {
        guard Zstd.levels.contains(level) else {
            throw PackagingError(
                .unsupported, "Compression level \(level) is not one of zstd's 1 to \(Zstd.levels.upperBound).")
        }
        let output = try PackagingError.files { () throws(FileError) in
            try fileSystem.openForWriting(file, permissions: 0o644, resume: false)
        }
        var sink = PackSink(output: output, level: level, frameBytes: try chosenFrameBytes(scan))
        var done: Int64 = 0
        let hashes = try read(scan, start: { bytes throws(PackagingError) in try sink.begin(bytes) }) {
            bytes throws(PackagingError) in
            try sink.append(bytes)
        } progress: { count in
            done += count
            progress(done, scan.totalBytes)
        }
        let entries = self.entries(scan, hashes)
        let pack = try sink.finish()
        try PackagingError.files { () throws(FileError) in
            try output.sync()
            try output.close()
        }
        try checkUnchanged(scan, entries)
        return WrittenPack(pack: pack, entries: entries)
    }

    private func chosenFrameBytes(_ scan: ScannedFolder) throws(PackagingError) -> Int {
        if let frameBytes { return frameBytes }
        var probe = FrameSize(level: level)
        guard probe.isWorthTrying, scan.totalBytes > FrameSize.smallest else { return FrameSize.smallest }
        var isLarge = false
        _ = try read(scan, start: { isLarge = $0 > FrameSize.smallest }) { bytes throws(PackagingError) in
            if !isLarge { try probe.append(bytes) }
        } progress: { _ in
        }
        return try probe.best()
    }

    private func entries(_ scan: ScannedFolder, _ hashes: [String]) -> [TreeEntry] {
        zip(scan.entries, hashes).map { entry, sha256 in
            switch entry.kind {
            case .directory: return TreeEntry(path: entry.path, kind: .directory(permissions: 0o755))
            case .symlink(let destination): return TreeEntry(path: entry.path, kind: .symlink(destination: destination))
            case .file(let attributes):
                let permissions: UInt16 = attributes.permissions & 0o100 == 0 ? 0o644 : 0o755
                return TreeEntry(
                    path: entry.path, kind: .file(size: attributes.size, sha256: sha256, permissions: permissions))
            }
        }
    }

    /// Each content once, in the order of the pack; `start` gets its size first. The files' hashes, and nothing for
    /// what is no file.
    private func read(
        _ scan: ScannedFolder, start: (Int64) throws(PackagingError) -> Void,
        receive: ([UInt8]) throws(PackagingError) -> Void, progress: (Int64) -> Void
    ) throws(PackagingError) -> [String] {
        let shared = Self.sharedSizes(scan)
        var known: Set<String> = []
        var hashes: [String] = []
        for entry in scan.entries {
            guard case .file(let attributes) = entry.kind else {
                hashes.append("")
                continue
            }
            if shared.contains(attributes.size), !known.isEmpty {
                let sha256 = try read(entry.path, of: scan, expecting: attributes) { _ in }
                if known.contains(sha256) {
                    hashes.append(sha256)
                    progress(attributes.size)
                    continue
                }
            }
            try start(attributes.size)
            let sha256 = try read(entry.path, of: scan, expecting: attributes) { bytes throws(PackagingError) in
                try receive(bytes)
                progress(Int64(bytes.count))
            }
            known.insert(sha256)
            hashes.append(sha256)
        }
        return hashes
    }

    /// Sizes that more than one file has: only their content can be there twice.
    private static func sharedSizes(_ scan: ScannedFolder) -> Set<Int64> {
        var (seen, shared): (Set<Int64>, Set<Int64>) = ([], [])
        for entry in scan.entries {
            guard case .file(let attributes) = entry.kind, attributes.size > 0 else { continue }
            if !seen.insert(attributes.size).inserted { shared.insert(attributes.size) }
        }
        return shared
    }

    /// Reads one file to its end; its hash.
    private func read(
        _ path: String, of scan: ScannedFolder, expecting attributes: FileAttributes,
        receive: ([UInt8]) throws(PackagingError) -> Void
    ) throws(PackagingError) -> String {
        let changed = PackagingError(.changedWhileRead, "It changed while it was being read.", at: path)
        let input: any OpenFile
        do {
            input = try fileSystem.openForReading(scan.folder.appending(path))
        } catch {
            switch error.code {
            case .notFound, .isSymlink: throw changed
            default: throw PackagingError(error)
            }
        }
        var hash = RunningHash()
        var isAtEnd = false
        while !isAtEnd {
            let bytes = try PackagingError.files { () throws(FileError) in
                try input.read(at: hash.count, count: RunningHash.chunk)
            }
            isAtEnd = bytes.isEmpty
            hash.update(bytes)
            guard hash.count <= attributes.size else { throw changed }
            if !isAtEnd { try receive(bytes) }
        }
        let after = try PackagingError.files { () throws(FileError) in
            let after = try input.attributes()
            try input.close()
            return after
        }
        guard hash.count == attributes.size, after.size == attributes.size, after.modified == attributes.modified,
            after.inode == attributes.inode, after.device == attributes.device
        else { throw changed }
        return hash.hex
    }

    /// Times have the clock's grain, so a quick writer shows only in the content: everything is hashed again.
    private func checkUnchanged(_ scan: ScannedFolder, _ entries: [TreeEntry]) throws(PackagingError) {
        let again = try TreeScanner(fileSystem: fileSystem).scan(scan.folder)
        for (before, after) in zip(scan.entries, again.entries) where before != after {
            throw PackagingError(
                .changedWhileRead, "It changed while the folder was being read.",
                at: before.path == after.path ? before.path : min(before.path, after.path))
        }
        guard scan.entries.count == again.entries.count else {
            let longer = scan.entries.count > again.entries.count ? scan.entries : again.entries
            throw PackagingError(
                .changedWhileRead, "It appeared or disappeared while the folder was being read.",
                at: longer.last?.path)
        }
        for (scanned, entry) in zip(again.entries, entries) {
            guard case .file(let attributes) = scanned.kind, case .file(_, let sha256, _) = entry.kind else { continue }
            let hash = try read(entry.path, of: again, expecting: attributes) { _ in }
            guard hash == sha256 else {
                throw PackagingError(.changedWhileRead, "It changed while it was being read.", at: entry.path)
            }
        }
    }
}
