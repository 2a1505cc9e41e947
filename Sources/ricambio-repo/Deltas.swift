// SPDX-License-Identifier: Apache-2.0
internal import DeltaMaking
internal import Packaging
internal import Platform
internal import SystemPackage
internal import TUFRepository

/// Makes the deltas of a release that is being published, from the packs of those before it.
struct Deltas {
    let folder: VendorFolder
    /// zstd's.
    let level: Int
    let clock: any WallClock
    /// Progress for people, a line each.
    let report: (String) -> Void

    private var fileSystem: any FileSystem { folder.fileSystem }

    /// The versions to start from, newest first: the last ones of the channel, then those that were asked for by name.
    func bases(
        _ request: PublishRequest, _ channel: ChannelDocument?, in editor: RepositoryEditor
    ) throws -> [String] {
        var bases = (channel?.releases ?? []).compactMap { Version($0) }.sorted(by: >).prefix(request.deltas).map(
            \.text)
        guard !request.deltaFrom.isEmpty else { return bases }
        guard editor.hasProduct(request.product) else {
            throw VendorError(.notFound, "--delta-from: \(request.product) has no release yet.")
        }
        let all = try VendorFolder.versions(of: request.product, in: editor)
        for text in request.deltaFrom {
            guard let found = Version(text).flatMap({ version in all.first { $0 == version } }) else {
                throw VendorError(.notFound, "--delta-from: \(request.product) has no release “\(text)”.")
            }
            if !bases.contains(found.text) { bases.append(found.text) }
        }
        return bases
    }

    /// Those that save bytes; `source` has the new tree's content.
    func make(
        to tree: Tree, from source: FilePath, _ bases: [String], in editor: RepositoryEditor
    ) throws -> [DeltaReference] {
        var deltas: [DeltaReference] = []
        for version in bases {
            guard let old = try self.tree(like: tree, version, in: editor),
                !deltas.contains(where: { $0.fromTree == old.contentSHA256 })
            else { continue }
            let work = folder.layout.work
            try fileSystem.removeTree(work)
            try fileSystem.makeDirectories(work, permissions: 0o700)
            let (unpacked, temporary) = (work.appending("old"), folder.unfinishedPack())
            defer {
                // What cannot be removed now is removed by the next run.
                try? fileSystem.removeTree(work)
                try? fileSystem.remove(temporary)
            }
            try Stager(fileSystem: fileSystem).stage(
                old, pack: folder.layout.packs.appending(old.pack.sha256), into: unpacked)
            if let delta = try make(from: old, in: unpacked, to: tree, in: source, as: temporary) {
                deltas.append(delta)
            }
        }
        return deltas
    }

    private func make(
        from old: Tree, in oldFolder: FilePath, to tree: Tree, in newFolder: FilePath, as temporary: FilePath
    ) throws -> DeltaReference? {
        let label = "\(tree.component) \(tree.platform): delta from \(old.release)"
        let writer = DeltaWriter(fileSystem: fileSystem, options: DeltaOptions(level: level))
        let start = clock.monotonicSeconds
        let written = try writer.write(
            from: old.entries, in: oldFolder, to: tree.entries, in: newFolder, as: temporary
        ) { progress in
            switch progress {
            case .split(let parts): report("\(label): the old tree is too large for one index, \(parts) are made")
            case .indexing(let part, let parts): report("\(label): indexing" + (parts > 1 ? " \(part)/\(parts)" : ""))
            case .compressing: break
            }
        }
        guard let written else { return nil }
        let delta = DeltaReference(
            from: old.release, fromTree: old.contentSHA256, length: written.length, sha256: written.sha256,
            reads: written.reads)
        guard Self.saves(delta, tree, from: old) else {
            report("\(label): not kept, fetching what changed costs no more")
            return nil
        }
        try folder.putInPlace(temporary, as: delta.sha256, length: delta.length)
        let seconds = Int((clock.monotonicSeconds - start).rounded())
        report("\(label): \(delta.length) bytes, made in \(seconds) s")
        return delta
    }

    /// Whether somebody who has all of the old tree would take it.
    private static func saves(_ delta: DeltaReference, _ tree: Tree, from old: Tree) -> Bool {
        var tree = tree
        tree.deltas = [delta]
        return ContentPlan(tree, from: Inventory(old, intact: Set(old.entries.indices))).way == .delta
    }

    /// The same part of another release; `nil` when that has none.
    private func tree(like tree: Tree, _ version: String, in editor: RepositoryEditor) throws -> Tree? {
        let path = RepositoryNames.tree(tree.component, tree.platform, version, of: tree.product)
        guard let target = try editor.target(path, of: tree.product) else { return nil }
        return try Tree.decoded(fromCompressed: try editor.bytes(of: target), at: path)
    }
}
