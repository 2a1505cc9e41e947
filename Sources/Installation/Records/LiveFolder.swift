// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Foundation
internal import Packaging
internal import Platform
internal import Replacement
internal import SystemPackage

/// What stands at the live path, against what is recorded to be there.
struct LiveFolder: Sendable {
    let settings: InstallationSettings
    let fileSystem: any FileSystem

    private var layout: InstallationLayout { settings.layout }

    /// By the record; in an installation of format 1, which has none, by the tree that was put there.
    func find(_ installed: InstalledRelease) throws -> Found {
        guard try isLinkTheSame() else { return .unknown(.noFolder) }
        let record = try installed.folder ?? recordOfFormat1(installed)
        let found = try Identifier(fileSystem).identify(
            layout.live, among: [record] + installed.retained.map(\.record))
        guard case .unknown = found, let built = built() else { return found }
        let byNote = try Identifier(fileSystem).identify(layout.live, among: [built])
        if case .known(_, .inode) = byNote { return byNote }
        return found
    }

    /// The new folder of a run that could note nothing any more: what was built here is known by the note of its building.
    private func built() -> FolderRecord? {
        guard let bytes = try? fileSystem.read(layout.building, limit: 1 << 20) else { return nil }
        return try? APIJSON.decode(FolderRecord.self, from: Data(bytes))
    }

    /// What is installed, by what is found: the record is renewed when the folder is a copy of what it was, and an earlier
    /// version that the customer has put back by hand is the installed one. Throws when it is none that is known.
    func require(_ installed: InstalledRelease, now: Date) throws -> InstalledRelease {
        let found = try find(installed)
        if let failure = Self.failure(found, layout) { throw failure }
        guard case .known(let record, _) = found else { throw UpdateFailure(.folderUnknown) }
        var settled = installed
        settled.folder = record
        let kept = installed.retained.first { $0.record.id == record.id }
        guard kept != nil || record.id != installed.folder?.id, installed.folder != nil else { return settled }
        settled.version = record.version
        settled.tree = record.tree
        if let kept,
            case .known(_, .inode) = try Identifier(fileSystem).identify(layout.old, among: [kept.record])
        {
            // It was copied back and not moved: there are two of them now.
            settled.folder?.id = randomName()
            return settled
        }
        settled.retained.removeAll { $0.record.id == record.id }
        // The two may have changed places.
        if let before = installed.folder,
            case .known(let old, _) = try Identifier(fileSystem).identify(layout.old, among: [before])
        {
            let now = now.timeIntervalSince1970
            settled.retained.insert(
                RetainedFolder(record: old, retired: now, until: now + settings.retentionSeconds), at: 0)
        }
        return settled
    }

    static func failure(_ found: Found, _ layout: InstallationLayout) -> UpdateFailure? {
        switch found {
        case .known: nil
        case .absent: UpdateFailure(.folderMissing, ["path": layout.live.readable])
        case .unknown(let why): UpdateFailure(unknown: why, at: layout.live)
        }
    }

    /// The configured path is a link that still leads here.
    private func isLinkTheSame() throws -> Bool {
        guard let link = settings.link else { return true }
        return try fileSystem.followingLinks(link).lexicallyNormalized() == layout.live
    }

    private func recordOfFormat1(_ installed: InstalledRelease) throws -> FolderRecord {
        let folder = try fileSystem.attributes(of: layout.live)
        var record = FolderRecord(
            id: randomName(), version: installed.version, tree: installed.tree, inode: folder?.inode ?? 0,
            born: folder?.born ?? 0)
        guard let tree = storedTree(installed.version) else { return record }
        let rules = KeepRules(settings.keep)
        // By content: what was recorded of the folder itself, if anything, does not outlive a restored backup.
        (record.inode, record.born) = (0, 0)
        record.witnesses = Witnesses.choose(for: tree.releaseEntries, against: nil) { rules.rule(for: $0) == nil }
        return record
    }

    /// `nil` when it is not there or not to be read: less is known then, and nothing is wrong.
    func storedTree(_ version: String) -> Tree? {
        guard let bytes = try? fileSystem.read(layout.tree(of: version), limit: 512 << 20) else { return nil }
        return try? Tree.decoded(from: bytes)
    }
}

extension UpdateFailure {
    init(unknown why: UnknownFolder, at path: FilePath) {
        self.init(.folderUnknown, ["path": path.readable, "why": "\(why)"])
    }
}
