// SPDX-License-Identifier: Apache-2.0

/// What a delta between two trees carries, and what needs no delta because the old tree has it already.
///
/// Both sides work it out from the two trees, so a delta names no file.
public struct DeltaContents: Sendable {
    /// A file of the new tree whose content an old file has: unchanged, moved, or a duplicate.
    public struct LocalCopy: Sendable, Hashable {
        public var path: String
        public var size: Int64
        /// Path in the old tree: the same one when that has the content.
        public var oldPath: String
    }

    /// Content that the delta carries once, for all files of the new tree that have it.
    public struct Carried: Sendable, Hashable {
        public var paths: [String]
        /// Of `paths`, in the same order.
        public var permissions: [UInt16]
        public var size: Int64
        public var sha256: String
    }

    /// One file of the old stream.
    package struct Old: Sendable {
        package var path: String
        /// Where it starts in the stream.
        package var start: Int64
        package var size: Int64
        package var sha256: String
    }

    /// In the order of the new tree.
    public let localCopies: [LocalCopy]
    /// In the order of the delta's stream: by extension, then by path, so that like is near like.
    public let carried: [Carried]
    /// Bytes of all carried content.
    public let carriedBytes: Int64
    package let old: [Old]
    package let oldBytes: Int64

    /// Throws `malformed` or `escapes` when sizes or paths cannot be right. Whether the *new* tree can be trusted to stay
    /// in its folder is for ``Tree/check()`` to say.
    public init(from old: [TreeEntry], to new: [TreeEntry]) throws(PackagingError) {
        let oldFiles = try Self.files(old)
        let newFiles = try Self.files(new)
        var oldByHash: [String: [Int]] = [:]
        for (index, file) in oldFiles.enumerated() { oldByHash[file.sha256, default: []].append(index) }

        var copies: [LocalCopy] = []
        var contents: [Carried] = []
        var carriedByHash: [String: Int] = [:]
        for file in newFiles {
            if let candidates = oldByHash[file.sha256], let first = candidates.first {
                // Compared as bytes: Swift's strings are equal when they are canonically equivalent.
                let same = candidates.first { oldFiles[$0].path.utf8.elementsEqual(file.path.utf8) }
                let source = oldFiles[same ?? first]
                try Self.check(source.size == file.size, file.path)
                copies.append(LocalCopy(path: file.path, size: file.size, oldPath: source.path))
            } else if let index = carriedByHash[file.sha256] {
                try Self.check(contents[index].size == file.size, file.path)
                contents[index].paths.append(file.path)
                contents[index].permissions.append(file.permissions)
            } else {
                carriedByHash[file.sha256] = contents.count
                contents.append(
                    Carried(
                        paths: [file.path], permissions: [file.permissions], size: file.size, sha256: file.sha256))
            }
        }
        localCopies = copies
        carried = Self.ordered(contents) { $0.paths[0] }
        carriedBytes = contents.reduce(0) { $0 + $1.size }

        let newHashes = Set(newFiles.map(\.sha256))
        var seen: Set<String> = []
        let distinct = oldFiles.filter { seen.insert($0.sha256).inserted && $0.size > 0 }
        // What is gone from the new tree comes first: it is what most of the delta leans on.
        let parts = [
            distinct.filter { !newHashes.contains($0.sha256) }, distinct.filter { newHashes.contains($0.sha256) },
        ]
        var stream: [Old] = []
        var length: Int64 = 0
        for file in parts.flatMap({ Self.ordered($0, by: \.path) }) {
            stream.append(Old(path: file.path, start: length, size: file.size, sha256: file.sha256))
            length += file.size
        }
        self.old = stream
        oldBytes = length
    }

    /// Indexes into ``old`` of the files that a part of the old stream lies in.
    package func oldFiles(in range: Range<Int64>) -> Range<Int> {
        let first = old.partitioningIndex { $0.start + $0.size > range.lowerBound }
        let end = old.partitioningIndex { $0.start >= range.upperBound }
        return first..<max(first, end)
    }

    private struct File {
        var path: String
        var size: Int64
        var sha256: String
        var permissions: UInt16
    }

    private static func files(_ entries: [TreeEntry]) throws(PackagingError) -> [File] {
        var files: [File] = []
        var total: Int64 = 0
        for entry in entries {
            guard case .file(let size, let sha256, let permissions) = entry.kind else { continue }
            try Tree.checkPath(entry.path, Array(entry.path.utf8))
            try check(size >= 0 && size <= Tree.Limit.totalBytes - total && Hex.isSHA256(sha256), entry.path)
            total += size
            files.append(File(path: entry.path, size: size, sha256: sha256, permissions: permissions))
        }
        return files
    }

    private static func check(_ condition: Bool, _ path: String) throws(PackagingError) {
        guard condition else { throw PackagingError(.malformed, "Its size or hash cannot be right.", at: path) }
    }

    private static func ordered<Item>(_ items: [Item], by path: (Item) -> String) -> [Item] {
        let keyed = items.map { item in
            let path = Array(path(item).utf8)
            let name = path.lastIndex(of: UInt8(ascii: "/")).map { path[($0 + 1)...] } ?? path[...]
            let suffix = name.lastIndex(of: UInt8(ascii: ".")).map { name[$0...] } ?? []
            return (suffix: Array(suffix), path: path, item: item)
        }
        return keyed.sorted { a, b in
            a.suffix == b.suffix
                ? a.path.lexicographicallyPrecedes(b.path) : a.suffix.lexicographicallyPrecedes(b.suffix)
        }.map(\.item)
    }
}
