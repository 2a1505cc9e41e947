// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage
internal import TUF

extension ContentPlan {
    /// Where what is fetched lies in a folder of downloads: the same plan finds it again.
    package struct Files: Sendable {
        package var pack: FilePath
        package var delta: FilePath?
        package var ranges: FilePath?
    }

    package func files(of tree: Tree, in downloads: FilePath) -> Files {
        let pack = downloads.appending(tree.pack.sha256)
        return Files(
            pack: pack, delta: delta.map { downloads.appending($0.sha256) },
            ranges: ranges.isEmpty ? nil : downloads.appending("\(tree.pack.sha256).\(ranges.fingerprint)"))
    }

    /// What to do when fetching or staging by this plan went wrong in a way that the whole pack does not: a server without
    /// ranges, old files that changed since they were hashed, a delta that is not what it should be. `nil` when nothing
    /// is left to try.
    public func fallback(after error: PackagingError, for tree: Tree, from inventory: Inventory?) -> ContentPlan? {
        guard way == .delta || way == .ranges else { return nil }
        switch error.code {
        case .tampered, .unsupported, .malformed: break
        case .fetch(let fetch) where fetch.code == .rangeNotSupported || fetch.code == .notFound: break
        case .file(let file) where file.code == .notFound: break
        default: return nil
        }
        return ContentPlan(tree, from: nil)
    }
}

extension ContentPlan {
    /// Bytes of what this plan needs that lie in `downloads` already, complete or not.
    public func fetchedBytes(
        of tree: Tree, in downloads: FilePath, fileSystem: any FileSystem
    ) throws(FileError) -> Int64 {
        let files = files(of: tree, in: downloads)
        var bytes: Int64 = 0
        for file in way == .pack ? [files.pack] : [files.delta, files.ranges].compactMap(\.self) {
            for place in [file, FilePath(file.string + ".partial")] {
                bytes += try fileSystem.attributes(of: place)?.size ?? 0
            }
        }
        return bytes
    }
}
