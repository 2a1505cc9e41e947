// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Foundation
internal import Packaging
internal import Platform
internal import SystemPackage

/// Builds the new folder beside the live one, with the kept files in it, and makes it durable: everything that grows
/// with size, while the service is up.
struct Staging: Sendable {
    struct Result: Sendable {
        var oldFolder: FolderIdentity
        var newFolder: FolderIdentity
        var kept: CarryOver.Result
    }

    let layout: InstallationLayout
    let keep: [KeepRule]
    let fileSystem: any FileSystem

    func build(
        _ tree: Tree, from source: Stager.Source, flag: CancellationFlag, progress: @Sendable (Int64, Int64) -> Void
    ) throws -> Result {
        let discard = Discard(layout: layout, fileSystem: fileSystem)
        for leftover in [layout.staged, layout.superseded, layout.kept] { try discard.discard(leftover) }
        guard let live = try fileSystem.attributes(of: layout.live) else {
            throw UpdateFailure(.folderMissing, ["path": layout.live.string])
        }
        try flag.check()
        try fileSystem.makeDirectories(layout.trees)
        try fileSystem.replace(layout.tree(of: tree.release), with: try tree.encoded(), permissions: 0o644)
        try Stager(fileSystem: fileSystem).stage(tree, from: source, into: layout.staged, progress: progress)
        try fileSystem.setPermissions(live.permissions, of: layout.staged)
        try flag.check()
        let kept = try bringAhead(tree, since: .none, flag: flag)
        guard let staged = try fileSystem.attributes(of: layout.staged) else {
            throw UpdateFailure(.folderMissing, ["path": layout.staged.string])
        }
        return Result(oldFolder: FolderIdentity(live), newFolder: FolderIdentity(staged), kept: kept)
    }

    /// A pass of ``CarryOver`` while the service is up. One sync of the file system makes all of it durable.
    func bringAhead(_ tree: Tree, since earlier: KeptIndex, flag: CancellationFlag) throws -> CarryOver.Result {
        let result = try carryOver(tree, durable: false).run(since: earlier, flag: flag)
        try fileSystem.syncFileSystem(containing: layout.staged)
        try fileSystem.replace(layout.kept, with: Array(try JSONEncoder().encode(result.index)), permissions: 0o600)
        return result
    }

    /// The pass while it is down: what it copied is durable when it returns.
    func bringChanged(_ tree: Tree, since earlier: KeptIndex, flag: CancellationFlag) throws -> CarryOver.Result {
        try carryOver(tree, durable: true).run(since: earlier, flag: flag)
    }

    /// What a run before a crash had staged; `nil` when it has to be built anew.
    func staged(_ version: String) -> (tree: Tree, kept: KeptIndex)? {
        guard let bytes = try? fileSystem.read(layout.tree(of: version), limit: 512 << 20),
            let tree = try? Tree.decoded(from: bytes),
            let index = try? fileSystem.read(layout.kept, limit: 1 << 30),
            let kept = try? JSONDecoder().decode(KeptIndex.self, from: Data(index)),
            (try? fileSystem.exists(layout.staged)) == true
        else { return nil }
        return (tree, kept)
    }

    private func carryOver(_ tree: Tree, durable: Bool) -> CarryOver {
        CarryOver(
            from: layout.live, into: layout.staged, tree: tree, rules: keep, durable: durable, fileSystem: fileSystem)
    }
}

/// Deletes folders so that a crash leaves nothing that looks like an application: first the name goes, then the rest.
struct Discard: Sendable {
    let layout: InstallationLayout
    let fileSystem: any FileSystem

    /// Absent is fine.
    func discard(_ path: FilePath) throws {
        guard try fileSystem.exists(path) else { return }
        try fileSystem.makeDirectories(layout.trash)
        try fileSystem.rename(path, to: layout.trash.appending(UUID().uuidString))
        try empty()
    }

    /// What a crash left half-deleted.
    func empty() throws { try fileSystem.removeTree(layout.trash) }
}
