// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// How a folder differs from a tree. Paths are relative to the folder, in order of their bytes.
public struct TreeComparison: Sendable, Hashable {
    /// In the tree, not in the folder.
    public var missing: [String] = []
    /// In both, but of another kind, with other content, other permissions or another destination.
    public var changed: [String] = []
    /// In the folder, not in the tree; of an extra folder only its own path.
    public var extra: [String] = []

    public init() {}

    /// The folder is the tree and nothing else.
    public var isIdentical: Bool { missing.isEmpty && changed.isEmpty && extra.isEmpty }
}

/// Says what has become of a folder that was built from a tree.
public struct TreeVerifier: Sendable {
    private let fileSystem: any FileSystem

    public init(fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
    }

    /// Hashes every file that the tree has. Paths for which `ignoring` is true (kept files, say) are left out, with
    /// everything in them. Blocks until done; `progress` gets bytes hashed and in all.
    public func compare(
        _ folder: FilePath, with tree: Tree, ignoring: (String) -> Bool = { _ in false },
        progress: (Int64, Int64) -> Void = { _, _ in }
    ) throws(PackagingError) -> TreeComparison {
        try tree.check()
        let total = tree.installedBytes
        var done: Int64 = 0
        var comparison = TreeComparison()
        var known: Set<[UInt8]> = []
        var folders: [String] = [""]
        for entry in tree.entries {
            known.insert(Array(entry.path.utf8))
            guard !ignoring(entry.path) else { continue }
            switch try check(entry, in: folder) {
            case .same:
                if case .directory = entry.kind { folders.append(entry.path) }
            case .missing: comparison.missing.append(entry.path)
            case .changed:
                comparison.changed.append(entry.path)
                if case .directory = entry.kind, try isDirectory(folder.appending(entry.path)) {
                    folders.append(entry.path)
                }
            }
            done += entry.size
            progress(done, total)
        }
        for parent in folders {
            let names = try PackagingError.files { () throws(FileError) in
                try fileSystem.entries(of: parent.isEmpty ? folder : folder.appending(parent))
            }
            for name in names {
                let path = parent.isEmpty ? name : parent + "/" + name
                if !known.contains(Array(path.utf8)), !ignoring(path) { comparison.extra.append(path) }
            }
        }
        comparison.extra.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return comparison
    }

    private enum Finding {
        case same
        case missing
        case changed
    }

    private func isDirectory(_ path: FilePath) throws(PackagingError) -> Bool {
        try PackagingError.files { () throws(FileError) in try fileSystem.attributes(of: path)?.kind == .directory }
    }

    private func check(_ entry: TreeEntry, in folder: FilePath) throws(PackagingError) -> Finding {
        let path = folder.appending(entry.path)
        let found: FileAttributes?
        do {
            found = try fileSystem.attributes(of: path)
        } catch {
            // A file stands where a folder of the tree should be.
            guard error.code == .notDirectory else { throw PackagingError(error) }
            found = nil
        }
        guard let found else { return .missing }
        return try PackagingError.files { () throws(FileError) in
            switch (entry.kind, found.kind) {
            case (.directory(let permissions), .directory):
                return found.permissions & 0o777 == permissions ? .same : .changed
            case (.symlink(let destination), .symlink):
                return try fileSystem.destination(ofLink: path) == destination ? .same : .changed
            case (.file(let size, let sha256, let permissions), .file):
                guard found.size == size, found.permissions & 0o7777 == permissions else { return .changed }
                var hash = RunningHash()
                let file = try fileSystem.openForReading(path)
                try hash.update(file)
                try file.close()
                return hash.hex == sha256 ? .same : .changed
            default:
                return .changed
            }
        }
    }
}
