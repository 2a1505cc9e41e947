// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Foundation
internal import Platform
internal import SystemPackage

/// Removes what a run leaves behind, and writes what the live folder is now. May be repeated after a crash.
struct CleanUp: Sendable {
    let settings: InstallationSettings
    let fileSystem: any FileSystem

    private var layout: InstallationLayout { settings.layout }
    private var discard: Discard { Discard(layout: layout, fileSystem: fileSystem) }

    func recordNewVersion(_ journal: Journal, now: Date) throws {
        var installed = InstalledRelease(
            product: settings.product, version: journal.run.to, component: settings.component,
            platform: settings.platform, tree: journal.treeSHA256 ?? "")
        let until = now.addingTimeInterval(settings.retentionSeconds)
        // Recorded as ours before it is deleted: a `<name>_old` that could not be deleted is no stranger's next time.
        if let folder = journal.oldFolder {
            installed.previous = .init(version: journal.run.from, folder: folder, until: until)
        }
        try installed.save(layout, fileSystem)
    }

    /// The new version stays.
    func afterUpdate(_ journal: Journal, now: Date) throws {
        try recordNewVersion(journal, now: now)
        try removeExpired(now: now)
        try discard.discard(layout.superseded)
        try removeSnapshots(journal)
        for leftover in [layout.downloads, layout.kept] { try fileSystem.removeTree(leftover) }
        let versions = [journal.run.to] + (settings.retentionSeconds > 0 ? [journal.run.from] : [])
        try keepTrees(of: versions)
        try discard.empty()
    }

    /// The old version stays: the update failed, was cancelled or rolled back.
    func afterNoUpdate(_ journal: Journal, keepsDownload: Bool) throws {
        try discard.discard(layout.staged)
        try removeSnapshots(journal)
        try fileSystem.removeTree(layout.kept)
        if !keepsDownload { try fileSystem.removeTree(layout.downloads) }
        if let installed = try InstalledRelease.load(layout, fileSystem) {
            try keepTrees(of: [installed.version] + (installed.previous.map { [$0.version] } ?? []))
        }
        try discard.empty()
    }

    /// Deletes `<name>_old` when its time is over.
    func removeExpired(now: Date) throws {
        guard var installed = try InstalledRelease.load(layout, fileSystem), let previous = installed.previous,
            previous.until <= now
        else { return }
        // Only what an update left there; what somebody put in its place is theirs.
        if let found = try fileSystem.attributes(of: layout.old), FolderIdentity(found) == previous.folder {
            try discard.discard(layout.old)
        }
        installed.previous = nil
        try installed.save(layout, fileSystem)
    }

    private func removeSnapshots(_ journal: Journal) throws {
        let snapshots = DataSnapshots(installation: settings.id, fileSystem: fileSystem)
        for snapshot in journal.snapshots { try snapshots.remove(snapshot) }
    }

    private func keepTrees(of versions: [String]) throws {
        guard try fileSystem.exists(layout.trees) else { return }
        let names = Set(versions.map { layout.tree(of: $0).lastComponent?.string })
        for name in try fileSystem.entries(of: layout.trees) where !names.contains(name) {
            try fileSystem.remove(layout.trees.appending(name))
        }
    }
}
