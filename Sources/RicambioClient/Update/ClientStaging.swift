// SPDX-License-Identifier: Apache-2.0
import Packaging
import Platform
import Replacement
import SystemPackage

/// A new version that is complete beside the live one, both held open, so that nobody can put others in their place.
struct StagedClient: Sendable {
    let entries: [ReleaseEntry]
    let carryOver: CarryOver
    let old: any Folder
    let new: any Folder
    let folders: SwapRecord
    let verified: StagedRecord
    /// Of the person's files, as they were copied.
    let kept: KeptIndex
}

/// Builds the new folder beside the live one, with the person's files in it: everything that grows with size.
struct ClientStaging: Sendable {
    let folder: ClientFolder
    let keep: KeepRules

    private var place: Place { folder.place }
    private var fileSystem: any FileSystem { folder.fileSystem }

    /// `installed` is what the live folder is, `inventory` what it has of its release. Durable when it returns. Throws
    /// `PackagingError` for what another way of fetching may mend.
    func build(
        _ tree: Tree, from source: Stager.Source, installed: FolderRecord, inventory: Inventory?,
        progress: (Int64, Int64) -> Void
    ) throws -> StagedClient {
        let live = try fileSystem.folder(place.live)
        let entries = tree.releaseEntries
        try folder.clearStaged()
        var new = FolderRecord(id: randomName(), version: tree.release, tree: tree.contentSHA256, inode: 0, born: 0)
        let built = try FolderBuild(fileSystem: fileSystem).build(
            place.staged, entries: entries, like: live, check: {}
        ) { path in
            new = new.renewed(try fileSystem.folder(path).attributes())
            try folder.writeBuilding(new)
            try Stager(fileSystem: fileSystem).stage(tree, from: source, into: path, progress: progress)
        }
        let carryOver = CarryOver(rules: keep, release: entries)
        let pass = try carryOver.pass(from: live, into: built.folder, durable: false)
        try fileSystem.syncFileSystem(containing: place.staged)
        return StagedClient(
            entries: entries, carryOver: carryOver, old: live, new: built.folder,
            folders: SwapRecord(old: installed, inventory, new: new, of: entries, rules: keep),
            verified: built.record, kept: pass.index)
    }

    /// What changed since, while large files were copied, and what the system may have been told to write later; what was
    /// verified is looked at again.
    func copyAgain(_ staged: StagedClient) throws(ReplacementError) {
        let pass = try staged.carryOver.pass(from: staged.old, into: staged.new, since: staged.kept, durable: true)
        try staged.verified.verify(
            staged.new, entries: staged.entries, rules: keep, beside: Set(pass.beside)
        ) { () throws(ReplacementError) in }
    }

    private func isVendors(_ path: FilePath) -> Bool { keep.rule(for: path) == nil }

    // MARK: - What is live

    /// What the live folder is, before it is replaced. One that no update has put there is the program's that asks; one
    /// that was put there by hand since must be, by its content, the vendor's version that it says it is.
    func installed(_ version: String?, _ inventory: Inventory?) throws(ClientError) -> FolderRecord {
        let recorded = try folder.readState().folder
        let live = try ClientError.files { () throws(FileError) in try fileSystem.folder(place.live).attributes() }
        let claimed = FolderRecord(live, version: version ?? "", tree: inventory?.tree.contentSHA256 ?? "")
        guard let recorded else { return claimed }
        var candidates = [recorded]
        if let inventory {
            var byContent = claimed
            (byContent.inode, byContent.born) = (0, 0)
            byContent.witnesses = Witnesses.choose(
                for: inventory.tree.releaseEntries, against: nil, isUsable: isVendors)
            candidates.append(byContent)
        }
        var found = Found.absent
        for candidate in candidates {
            found = try ClientError.replacement { () throws(ReplacementError) in
                try Identifier(fileSystem).identify(place.live, among: [candidate])
            }
            if case .known(let record, _) = found { return record }
        }
        if case .unknown(let why) = found { throw ClientError(ReplacementError(.unknown(why), path: place.live)) }
        throw ClientError(ReplacementError(.missing, path: place.live))
    }
}
