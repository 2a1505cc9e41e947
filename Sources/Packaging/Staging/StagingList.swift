// SPDX-License-Identifier: Apache-2.0
internal import SystemPackage

/// Where each file of a tree comes from when it is staged.
struct StagingList {
    /// A content from the pack, or an empty file.
    struct Fetched {
        /// Of the tree's entries.
        var index: Int
        /// In the pack's stream.
        var offset: Int64
    }

    /// Bytes of the files that the delta makes.
    private(set) var madeBytes: Int64 = 0
    /// From the old folder.
    private(set) var copied: [CopyWork.File] = []
    /// In the order of the pack.
    private(set) var fetched: [Fetched] = []
    /// Content that another file of the new folder has already: the pack carries it once.
    private(set) var repeated: [CopyWork.File] = []

    /// - Parameter made: paths that the delta makes.
    init(_ tree: Tree, _ plan: ContentPlan, made: Set<[UInt8]>, from old: FilePath?, into folder: FilePath) {
        let copies = Dictionary(plan.copies.map { (Array($0.path.utf8), $0.from) }, uniquingKeysWith: { $1 })
        let offsets = tree.contentOffsets()
        var first: [String: String] = [:]
        for (index, entry) in tree.entries.enumerated() {
            guard case .file(let size, let sha256, let permissions) = entry.kind else { continue }
            let path = Array(entry.path.utf8)
            var file = CopyWork.File(
                source: folder, destination: folder.appending(entry.path), path: entry.path, size: size,
                sha256: sha256, permissions: permissions)
            if made.contains(path) {
                madeBytes += size
            } else if let old, let from = copies[path] {
                file.source = old.appending(from)
                copied.append(file)
            } else if size > 0, let from = first[sha256] {
                file.source = folder.appending(from)
                repeated.append(file)
            } else {
                first[sha256] = entry.path
                fetched.append(Fetched(index: index, offset: offsets[index]))
            }
        }
    }
}
