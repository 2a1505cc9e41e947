// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Builds a folder from a tree and its pack.
///
/// Files go only into folders that this run made itself, symlinks come last, and each file is read back and hashed
/// after it was written. Memory is one frame, at most 16 MiB, and its compressed form.
///
/// Nothing is synced: the caller syncs the file system once, before the folder takes anyone's place.
public struct Stager: Sendable {
    private let fileSystem: any FileSystem

    public init(fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
    }

    /// `folder` must be absent, in a folder that exists, or empty; after an error it is incomplete and the caller's
    /// to remove. Blocks until done. `progress` gets bytes written and in all.
    public func stage(
        _ tree: Tree, pack: FilePath, into folder: FilePath, progress: (Int64, Int64) -> Void = { _, _ in }
    ) throws(PackagingError) {
        try tree.check()
        try prepare(folder)
        var content = try PackStream(tree.pack, file: pack, fileSystem: fileSystem)
        let total = tree.installedBytes
        var done: Int64 = 0
        for entry in tree.entries {
            let path = folder.appending(entry.path)
            switch entry.kind {
            case .directory(let permissions):
                try PackagingError.files { () throws(FileError) in
                    try fileSystem.makeDirectory(path, permissions: permissions)
                    // The umask has had its say when it was made.
                    try fileSystem.setPermissions(permissions, of: path)
                }
            case .file(let size, let sha256, let permissions):
                try write(size, permissions, to: path, from: &content) { count in
                    done += Int64(count)
                    progress(done, total)
                }
                try verify(path, size: size, sha256: sha256, at: entry.path)
            case .symlink:
                break
            }
        }
        try content.checkEnd()
        for entry in tree.entries {
            guard case .symlink(let destination) = entry.kind else { continue }
            try PackagingError.files { () throws(FileError) in
                try fileSystem.makeLink(at: folder.appending(entry.path), to: destination)
            }
        }
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

    private func write(
        _ size: Int64, _ permissions: UInt16, to path: FilePath, from content: inout PackStream,
        wrote: (Int) -> Void
    ) throws(PackagingError) {
        let output = try PackagingError.files { () throws(FileError) in
            try fileSystem.openForWriting(path, permissions: permissions, resume: false)
        }
        var left = size
        while left > 0 {
            let bytes = try content.next(atMost: left)
            try PackagingError.files { () throws(FileError) in try output.write(bytes) }
            left -= Int64(bytes.count)
            wrote(bytes.count)
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

/// The uncompressed stream of a pack, a frame at a time.
private struct PackStream {
    private let file: any OpenFile
    private let place: String
    private let frames: [Frame]
    private var nextFrame = 0
    private var rest: ArraySlice<UInt8> = []

    init(_ pack: PackReference, file path: FilePath, fileSystem: any FileSystem) throws(PackagingError) {
        let file = try PackagingError.files { () throws(FileError) in try fileSystem.openForReading(path) }
        let size = try PackagingError.files { () throws(FileError) in try file.attributes().size }
        guard size == pack.length else {
            throw PackagingError(.tampered, "The pack has \(size) bytes, not \(pack.length).", at: path.string)
        }
        self.file = file
        place = path.string
        frames = pack.frames
    }

    /// At least one byte.
    mutating func next(atMost count: Int64) throws(PackagingError) -> ArraySlice<UInt8> {
        if rest.isEmpty { try decompressNext() }
        let bytes = rest.prefix(Int(min(count, Int64(rest.count))))
        rest = rest.dropFirst(bytes.count)
        return bytes
    }

    /// The files must use up the frames; ``Tree/check()`` has added up both already.
    func checkEnd() throws(PackagingError) {
        guard rest.isEmpty, nextFrame == frames.count else {
            throw PackagingError(.tampered, "The pack has more content than the tree has files.", at: place)
        }
    }

    private mutating func decompressNext() throws(PackagingError) {
        guard nextFrame < frames.count else {
            throw PackagingError(.tampered, "The pack has less content than the tree has files.", at: place)
        }
        let frame = frames[nextFrame]
        nextFrame += 1
        var compressed: [UInt8] = []
        while Int64(compressed.count) < frame.length {
            let part = try PackagingError.files { () throws(FileError) in
                try file.read(
                    at: frame.offset + Int64(compressed.count), count: Int(frame.length) - compressed.count)
            }
            guard !part.isEmpty else { throw PackagingError(.tampered, "The pack is cut off.", at: place) }
            compressed += part
        }
        do {
            rest = try Zstd.decompress(compressed, expecting: Int(frame.uncompressedLength))[...]
        } catch {
            throw PackagingError(error.code, error.reason, at: place)
        }
    }
}
