// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Foundation
internal import Packaging
internal import Platform
internal import Replacement
internal import SystemPackage

/// Builds the new folder beside the live one, with the kept files in it, and makes it durable: everything that grows
/// with size, while the service is up.
struct Staging: Sendable {
    struct Result: Sendable {
        var version: StagedVersion
        var folders: SwapRecord
        var pass: CarryOver.Pass
    }

    let layout: InstallationLayout
    let keep: KeepRules
    let fileSystem: any FileSystem

    /// `installed` is what the live folder is, `inventory` what it has of its release.
    func build(
        _ tree: Tree, from source: Stager.Source, installed: FolderRecord, inventory: Inventory?,
        flag: CancellationFlag, progress: @Sendable (Int64, Int64) -> Void
    ) throws -> Result {
        let live = try fileSystem.folder(layout.live)
        let entries = tree.releaseEntries
        let built = try build(tree, entries, like: live, flag: flag) { folder in
            try Stager(fileSystem: fileSystem).stage(tree, from: source, into: folder, progress: progress)
        }
        try flag.check()
        let carryOver = CarryOver(rules: keep, release: entries)
        let pass = try carryOver.pass(from: live, into: built.folder, since: .none, durable: false, check: flag.asked)
        try fileSystem.syncFileSystem(containing: layout.staged)
        let folders = SwapRecord(old: installed, inventory, new: built.record, of: entries, rules: keep)
        return Result(
            version: StagedVersion(
                entries: entries, carryOver: carryOver, old: live, new: built.folder, verified: built.verified,
                kept: pass.index),
            folders: folders, pass: pass)
    }

    /// A release's folder at the place for it. What it is known by is written down before anything is put in it: what a
    /// crash leaves there is then known for what it is. `live` is `nil` for a first installation.
    func build(
        _ tree: Tree, _ entries: [ReleaseEntry], like live: (any Folder)?, flag: CancellationFlag,
        stage: (FilePath) throws -> Void
    ) throws -> (folder: any Folder, record: FolderRecord, verified: StagedRecord) {
        try clear()
        try fileSystem.makeDirectories(layout.trees)
        try fileSystem.replace(layout.tree(of: tree.release), with: try tree.encoded(), permissions: 0o644)
        var record = FolderRecord(id: randomName(), version: tree.release, tree: tree.contentSHA256, inode: 0, born: 0)
        let (folder, verified) = try FolderBuild(fileSystem: fileSystem).build(
            layout.staged, entries: entries, like: live, check: flag.asked
        ) { folder in
            record = record.renewed(try fileSystem.folder(folder).attributes())
            try fileSystem.replace(layout.building, with: Array(try APIJSON.encode(record)), permissions: 0o600)
            try stage(folder)
        }
        return (folder, record, verified)
    }

    /// Frees the place where the new folder is built: see ``Trash/clearStaged(_:)``.
    func clear() throws {
        let note = try? fileSystem.read(layout.building, limit: 1 << 20)
        let built = note.flatMap { try? APIJSON.decode(FolderRecord.self, from: Data($0)) }
        try Trash(layout.place, fileSystem: fileSystem).clearStaged(built)
    }

    /// What was moved out of the way and nobody knows: somebody has to look at it.
    static func strangers(_ layout: InstallationLayout, _ fileSystem: any FileSystem) -> [UpdateFailure] {
        guard let listing = try? fileSystem.folder(layout.state).list() else { return [] }
        let strangers = listing.indices.filter { listing.name($0).starts(with: Place.strangerPrefix.utf8) }
        return strangers.prefix(20).map { index in
            let path = layout.state.appending(listing.component(index))
            return UpdateFailure(.leftBehind, ["path": path.readable, "reason": "no update is known to have made it"])
        }
    }

    /// Once more while the service is up: what changed since is copied, and what was verified is looked at again.
    func copyAgain(_ staged: StagedVersion, flag: CancellationFlag) throws -> (StagedVersion, CarryOver.Pass) {
        var staged = staged
        let pass = try staged.carryOver.pass(
            from: staged.old, into: staged.new, since: staged.kept, durable: false, check: flag.asked)
        staged.kept = pass.index
        try staged.verified.verify(
            staged.new, entries: staged.entries, rules: keep, beside: Set(pass.beside), check: flag.asked)
        try fileSystem.syncFileSystem(containing: layout.staged)
        return (staged, pass)
    }

    /// The pass while it is down: what it copied is durable when it returns.
    func copyChanged(_ staged: StagedVersion, flag: CancellationFlag) throws -> CarryOver.Pass {
        try staged.carryOver.pass(
            from: staged.old, into: staged.new, since: staged.kept, durable: true, check: flag.asked)
    }
}
