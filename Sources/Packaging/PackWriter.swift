// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
public import Platform
internal import Synchronization
public import SystemPackage

/// A pack that was written, and the entries whose content it carries.
public struct WrittenPack: Sendable, Hashable {
    public var pack: PackReference
    public var entries: [TreeEntry]
}

/// Writes a folder's files into one pack of independent zstd frames, and proves that it read the folder at rest.
public struct PackWriter: Sendable {
    public static let defaultLevel = 19
    /// Uncompressed bytes of a frame: as much as a reader accepts, so that cutting costs little.
    public static let defaultFrameBytes = 16 << 20

    private let fileSystem: any FileSystem
    private let level: Int
    private let frameBytes: Int

    /// `level` is zstd's, 1…22.
    public init(
        fileSystem: any FileSystem, level: Int = PackWriter.defaultLevel,
        frameBytes: Int = PackWriter.defaultFrameBytes
    ) {
        self.fileSystem = fileSystem
        self.level = level
        self.frameBytes = frameBytes
    }

    /// Writes the pack to `file`, which must not exist, and syncs it. Uses all cores and, for each, about
    /// 200 MiB of memory beside the six frames that are compressed together; blocks until done. `progress` gets uncompressed bytes done and in all.
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
        var sink = PackSink(output: output, level: level, frameBytes: frameBytes)
        var entries: [TreeEntry] = []
        var done: Int64 = 0
        let shared = Self.sharedSizes(scan)
        var known: Set<String> = []
        for entry in scan.entries {
            switch entry.kind {
            case .directory:
                entries.append(TreeEntry(path: entry.path, kind: .directory(permissions: 0o755)))
            case .symlink(let destination):
                entries.append(TreeEntry(path: entry.path, kind: .symlink(destination: destination)))
            case .file(let attributes):
                let twins = shared.contains(attributes.size) ? known : []
                let sha256 = try pack(entry.path, attributes, of: scan, unless: twins, into: &sink) { count in
                    done += count
                    progress(done, scan.totalBytes)
                }
                known.insert(sha256)
                let permissions: UInt16 = attributes.permissions & 0o100 == 0 ? 0o644 : 0o755
                entries.append(
                    TreeEntry(
                        path: entry.path,
                        kind: .file(size: attributes.size, sha256: sha256, permissions: permissions)))
            }
        }
        let pack = try sink.finish()
        try PackagingError.files { () throws(FileError) in
            try output.sync()
            try output.close()
        }
        try checkUnchanged(scan, entries)
        return WrittenPack(pack: pack, entries: entries)
    }

    /// Puts a file's content into the pack, unless it is among what the pack has; its hash.
    private func pack(
        _ path: String, _ attributes: FileAttributes, of scan: ScannedFolder, unless known: Set<String>,
        into sink: inout PackSink, progress: (Int64) -> Void
    ) throws(PackagingError) -> String {
        if !known.isEmpty {
            let sha256 = try read(path, of: scan, expecting: attributes) { _ in }
            if known.contains(sha256) {
                progress(attributes.size)
                return sha256
            }
        }
        return try read(path, of: scan, expecting: attributes) { bytes throws(PackagingError) in
            try sink.append(bytes)
            progress(Int64(bytes.count))
        }
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

/// Cuts a stream into frames, compresses several at a time and writes them in order.
private struct PackSink {
    /// Frames that are compressed together: enough that the last one of them seldom keeps a core waiting.
    private static let batch = 6

    let output: any OpenFile
    let level: Int
    let frameBytes: Int
    private var current: [UInt8] = []
    private var waiting: [[UInt8]] = []
    private var frames: [Frame] = []
    private var hash = RunningHash()

    init(output: any OpenFile, level: Int, frameBytes: Int) {
        self.output = output
        self.level = level
        self.frameBytes = frameBytes
    }

    mutating func append(_ bytes: [UInt8]) throws(PackagingError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(frameBytes - current.count)
            current.append(contentsOf: part)
            rest = rest.dropFirst(part.count)
            if current.count == frameBytes { try cut() }
        }
    }

    mutating func finish() throws(PackagingError) -> PackReference {
        if !current.isEmpty { try cut() }
        try flush()
        return PackReference(length: hash.count, sha256: hash.hex, frames: frames)
    }

    private mutating func cut() throws(PackagingError) {
        waiting.append(current)
        current = []
        current.reserveCapacity(frameBytes)
        if waiting.count == Self.batch { try flush() }
    }

    private mutating func flush() throws(PackagingError) {
        let blocks = waiting
        waiting = []
        let level = level
        let results = Mutex<[Result<[UInt8], PackagingError>?]>(Array(repeating: nil, count: blocks.count))
        DispatchQueue.concurrentPerform(iterations: blocks.count) { index in
            let result = Result { () throws(PackagingError) in try Zstd.compress(blocks[index], level: level) }
            results.withLock { $0[index] = result }
        }
        for (block, result) in zip(blocks, results.withLock({ $0 })) {
            guard let compressed = try result?.get() else { continue }
            frames.append(
                Frame(
                    offset: hash.count, length: Int64(compressed.count), uncompressedLength: Int64(block.count)))
            hash.update(compressed)
            try PackagingError.files { () throws(FileError) in try output.write(compressed[...]) }
        }
    }
}
