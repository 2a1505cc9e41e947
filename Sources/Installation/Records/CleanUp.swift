// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Foundation
internal import Packaging
internal import Platform
internal import Replacement
internal import SystemPackage

/// Writes what the live folder is now, and removes what a run leaves behind. Each part does without the others, may be
/// repeated after a crash, and needs no space; what cannot be removed is answered, stays known, and is tried again.
struct CleanUp: Sendable {
    let settings: InstallationSettings
    let fileSystem: any FileSystem

    private var layout: InstallationLayout { settings.layout }
    private var trash: Trash { Trash(layout.place, fileSystem: fileSystem) }
    private var retained: Retained { Retained(layout.place, fileSystem: fileSystem) }

    // MARK: - The truth

    /// Whether it has been written that the journal's new version is the installed one.
    func isRecorded(_ journal: Journal) -> Bool {
        guard let new = journal.folders?.new.id else { return false }
        return (try? InstalledRelease.load(layout, fileSystem))?.folder?.id == new
    }

    /// The new version stays, and the old folder is kept for its time, if any: in one note.
    func record(_ journal: Journal, now: Date) throws {
        let before = try InstalledRelease.load(layout, fileSystem)
        var installed = InstalledRelease(
            product: settings.product, version: journal.run.to, component: settings.component,
            platform: settings.platform, tree: journal.treeSHA256 ?? "", folder: journal.folders?.new,
            retained: before?.retained ?? [])
        if let old = journal.folders?.old, !installed.retained.contains(where: { $0.record.id == old.id }) {
            let now = now.timeIntervalSince1970
            installed.retained.insert(
                RetainedFolder(record: old, retired: now, until: now + settings.retentionSeconds), at: 0)
        }
        try installed.save(layout, fileSystem)
    }

    // MARK: - After a run

    func afterwards(_ journal: Journal, _ ending: Ending, now: Date) -> [UpdateFailure] {
        var failures: [UpdateFailure] = []
        switch ending {
        case .updated:
            failures += removeDownloads() + removed(layout.building)
            failures += listOld(journal)
            failures += expired(now: now)
        case .cancelled: failures += notUpdated(keepsDownload: true)
        case .failed(let failure):
            // What was fetched and verified is worth keeping, unless it is what was wrong.
            failures += notUpdated(
                keepsDownload: failure.code != .packTampered && failure.code != .notEnoughSpace)
        case .rolledBack: failures += notUpdated(keepsDownload: false)
        case .stranded: return []
        }
        keepTrees()
        return failures
    }

    /// What was fetched is not needed once it is built; the disk may be full.
    func removeDownloads() -> [UpdateFailure] { removed(layout.downloads) }

    private func notUpdated(keepsDownload: Bool) -> [UpdateFailure] {
        let staging = Staging(layout: layout, keep: KeepRules(settings.keep), fileSystem: fileSystem)
        var failures = attempt { try staging.clear() }
        if failures.isEmpty { failures += removed(layout.building) }
        if !keepsDownload { failures += removed(layout.downloads) }
        return failures + swept()
    }

    // MARK: - Earlier versions

    /// What an earlier version's folder holds as it is retired: afterwards a folder with more in it is not deleted unless
    /// it is certainly the same. One that goes at once needs no list.
    private func listOld(_ journal: Journal) -> [UpdateFailure] {
        guard let old = journal.folders?.old, settings.retentionSeconds > 0 else { return [] }
        return attempt {
            let folder = try fileSystem.folder(layout.old)
            _ = try retained.retire(old, in: folder, now: 0, until: 0)
        }
    }

    /// Deletes earlier versions whose time is over, and what could not be deleted before.
    func expired(now: Date) -> [UpdateFailure] {
        var failures: [UpdateFailure] = []
        failures += attempt {
            guard var installed = try InstalledRelease.load(layout, fileSystem) else { return }
            let over = installed.retained.filter { $0.isOver(at: now.timeIntervalSince1970) }
            failures += remove(over, from: &installed)
            removeForeign(installed, now: now)
        }
        return failures + swept()
    }

    /// First the folder's name goes, then its content, then the note of it. One that is not there any more, or was put
    /// there by somebody else, is only forgotten.
    private func remove(_ folders: [RetainedFolder], from installed: inout InstalledRelease) -> [UpdateFailure] {
        guard !folders.isEmpty else { return [] }
        var failures: [UpdateFailure] = []
        failures += attempt {
            let others = [installed.folder].compactMap(\.self)
            let entries = try retained.list(installed.retained, others: others)
            for entry in entries where folders.contains(entry.folder) {
                failures += attempt {
                    if case .known = entry.found {
                        failures += try trash.discard(entry.path, as: entry.found).map {
                            UpdateFailure(leftBehind: $0.error)
                        }
                    }
                    // One whose name could not go is tried again.
                    if case .known = entry.found, try fileSystem.exists(entry.path) { return }
                    installed.retained.removeAll { $0.record.id == entry.folder.record.id }
                    try installed.save(layout, fileSystem)
                }
            }
        }
        return failures
    }

    /// Bytes that earlier versions take, which may go early.
    func freeable(_ installed: InstalledRelease) throws -> Int64 {
        try sizes(installed).values.reduce(0, +)
    }

    private func sizes(_ installed: InstalledRelease) throws -> [String: Int64] {
        var sizes: [String: Int64] = [:]
        let live = LiveFolder(settings: settings, fileSystem: fileSystem)
        for entry in try retained.list(installed.retained, others: [installed.folder].compactMap(\.self)) {
            // Without the list of what is the vendor's nobody can tell what is the customer's.
            guard case .known = entry.found, live.storedTree(entry.folder.record.version) != nil else { continue }
            sizes[entry.folder.record.id] = try retained.bytesToFree(entry.path)
        }
        return sizes
    }

    /// Removes earlier versions, the oldest first, until so many bytes are free; the customer's own files in them stay.
    func free(_ bytes: Int64, of installed: InstalledRelease, flag: CancellationFlag) throws {
        var installed = installed
        let given = Retained.release(installed.retained, bytes: try sizes(installed), needed: bytes)
        let entries = try retained.list(installed.retained, others: [installed.folder].compactMap(\.self))
        for entry in entries where given.contains(entry.folder) {
            try saveForeign(entry, flag)
            // What of it cannot be deleted is tried again; whether there is room enough shows when the new one is built.
            _ = remove([entry.folder], from: &installed)
        }
    }

    /// Neither the vendor's nor kept: what a keep rule means has been carried over long since.
    private func saveForeign(_ entry: Retained.Entry, _ flag: CancellationFlag) throws {
        let live = LiveFolder(settings: settings, fileSystem: fileSystem)
        guard case .known = entry.found, let tree = live.storedTree(entry.folder.record.version) else { return }
        let (folder, entries) = (try fileSystem.folder(entry.path), tree.releaseEntries)
        // A survey names so many; what it named is gone from there when it is asked again.
        while true {
            let inventory = try Inventory(of: entry.path, against: tree, fileSystem: fileSystem)
            let survey = try Survey(
                of: folder, installed: entries, release: entries, changed: inventory.changed(in: entries),
                rules: KeepRules(settings.keep), account: .current, check: flag.asked)
            let paths = try (survey.foreign?.paths ?? []).filter { try folder.attributes(at: $0) != nil }
            guard !paths.isEmpty else { return }
            let record = entry.folder.record
            if let failure = try retained.saveForeign(paths, of: folder, record: record).first { throw failure }
        }
    }

    /// Foreign files of folders that had to go early stay as long as the folders would have.
    private func removeForeign(_ installed: InstalledRelease, now: Date) {
        guard let names = try? fileSystem.entries(of: layout.place.foreign) else { return }
        for name in names {
            let folder = layout.place.foreign.appending(name)
            if let end = foreignEnd(folder), end <= now { try? fileSystem.removeTree(folder) }
        }
    }

    private func foreignEnd(_ folder: FilePath) -> Date? {
        guard let found = try? fileSystem.attributes(of: folder) else { return nil }
        let saved = Double(found.born == 0 ? found.changed : found.born) / 1e9
        return Date(timeIntervalSince1970: saved + settings.retentionSeconds)
    }

    /// The versions that are kept, the newest first, where they are.
    func kept() -> [OldFolder] {
        guard let installed = try? InstalledRelease.load(layout, fileSystem),
            let entries = try? retained.list(
                installed.retained, others: [installed.folder].compactMap(\.self))
        else { return [] }
        return entries.compactMap { entry in
            guard case .known = entry.found else { return nil }
            return OldFolder(
                id: entry.folder.record.id, path: entry.path.readable, version: entry.folder.record.version,
                until: Date(timeIntervalSince1970: entry.folder.until))
        }
    }

    /// Foreign files of versions that had to go early, by the version's folder.
    func keptForeign() -> [OldFolder] {
        guard let names = try? fileSystem.entries(of: layout.place.foreign) else { return [] }
        return names.prefix(100).compactMap { name in
            let folder = layout.place.foreign.appending(name)
            return foreignEnd(folder).map { OldFolder(id: name, path: folder.readable, version: "", until: $0) }
        }
    }

    // MARK: - Small parts

    private func swept() -> [UpdateFailure] {
        let left = trash.sweepTemporaries(in: layout.state) + trash.sweepProbes() + trash.sweep()
        return left.map { UpdateFailure(leftBehind: $0.error) } + Staging.strangers(layout, fileSystem)
    }

    private func removed(_ path: FilePath) -> [UpdateFailure] {
        attempt { try fileSystem.removeTree(path) }
    }

    private func attempt(_ body: () throws -> Void) -> [UpdateFailure] {
        do {
            try body()
            return []
        } catch {
            let failure = UpdateFailure(error)
            let path = failure.arguments["path"] ?? layout.state.readable
            return [UpdateFailure(.leftBehind, ["path": path, "reason": failure.reason])]
        }
    }

    /// Documents of versions that are neither installed nor kept.
    private func keepTrees() {
        guard let installed = try? InstalledRelease.load(layout, fileSystem),
            let names = try? fileSystem.entries(of: layout.trees)
        else { return }
        let versions = [installed.version] + installed.retained.map(\.record.version)
        let wanted = Set(versions.map { layout.tree(of: $0).lastComponent?.string })
        for name in names where !wanted.contains(name) { try? fileSystem.remove(layout.trees.appending(name)) }
    }
}
