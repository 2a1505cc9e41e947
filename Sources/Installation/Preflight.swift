// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Packaging
internal import Platform
internal import SystemPackage

/// What must be right before anyone is disturbed. Everything that is wrong is found, not only the first.
struct Preflight: Sendable {
    private let settings: InstallationSettings
    private let fileSystem: any FileSystem

    init(_ settings: InstallationSettings, fileSystem: any FileSystem) {
        self.settings = settings
        self.fileSystem = fileSystem
    }

    private var layout: InstallationLayout { settings.layout }

    /// `installed` is what the live folder is.
    func check(_ resolved: ResolvedRelease, installed: InstalledRelease, flag: CancellationFlag) -> [UpdateFailure] {
        var failures: [UpdateFailure] = []
        func add(_ check: () throws -> UpdateFailure?) {
            do {
                if let failure = try check() { failures.append(failure) }
            } catch {
                failures.append(UpdateFailure(error))
            }
        }
        add { version(resolved, installed) }
        add { try folder() }
        add { try isWritable(layout.parent) }
        add { try isWritable(layout.state) }
        add { try oldFolder(installed) }
        add { try data(resolved) }
        // Space means nothing in a place that cannot be used at all.
        if failures.isEmpty { add { try space(resolved, flag: flag) } }
        return failures
    }

    private func version(_ resolved: ResolvedRelease, _ installed: InstalledRelease) -> UpdateFailure? {
        let release = resolved.release
        if resolved.isRecalled { return UpdateFailure(.releaseRecalled, ["version": release.version]) }
        guard let from = Version(installed.version) else { return nil }
        if let to = Version(release.version), from == to {
            return UpdateFailure(.alreadyInstalled, ["version": release.version])
        }
        if let required = release.requirements.fromVersion.flatMap({ Version($0) }), from < required {
            return UpdateFailure(.versionTooOld, ["version": installed.version, "required": required.text])
        }
        return nil
    }

    private func folder() throws -> UpdateFailure? {
        guard let live = try fileSystem.attributes(of: layout.live), live.kind == .directory else {
            return UpdateFailure(.folderMissing, ["path": layout.live.string])
        }
        guard let state = try fileSystem.attributes(of: layout.state), state.device == live.device else {
            return UpdateFailure(
                .notSameFileSystem, ["path": layout.live.string, "other": layout.state.string])
        }
        return nil
    }

    /// Tried out: what the mode says is not all that decides.
    private func isWritable(_ folder: FilePath) throws -> UpdateFailure? {
        let probe = folder.appending(".ricambio-probe")
        do {
            try fileSystem.remove(probe)
            try fileSystem.makeDirectory(probe, permissions: 0o700)
            try fileSystem.remove(probe)
            return nil
        } catch {
            var failure = UpdateFailure(error)
            failure.arguments["path"] = folder.string
            return failure
        }
    }

    /// A `<name>_old` that no update left behind belongs to somebody.
    private func oldFolder(_ installed: InstalledRelease) throws -> UpdateFailure? {
        guard let found = try fileSystem.attributes(of: layout.old) else { return nil }
        guard FolderIdentity(found) != installed.previous?.folder else { return nil }
        return UpdateFailure(.folderInTheWay, ["path": layout.old.string])
    }

    /// A copy of data is put beside it and changes places with it.
    private func data(_ resolved: ResolvedRelease) throws -> UpdateFailure? {
        guard resolved.release.migratesData else { return nil }
        for data in settings.data {
            guard let found = try fileSystem.attributes(of: data) else { continue }
            let parent = data.removingLastComponent()
            guard try fileSystem.attributes(of: parent)?.device == found.device else {
                return UpdateFailure(.notSameFileSystem, ["path": data.string, "other": parent.string])
            }
            if let failure = try isWritable(parent) { return failure }
        }
        return nil
    }

    private func space(_ resolved: ResolvedRelease, flag: CancellationFlag) throws -> UpdateFailure? {
        let fetched = try fileSystem.attributes(of: layout.pack(resolved.tree.pack.sha256))?.size ?? 0
        let kept = try KeptScanner(rules: settings.keep, fileSystem: fileSystem).scan(layout.live, flag: flag)
        let keptBytes = kept.reduce(Int64(0)) { $0 + ($1.kind == .file && !$1.immutable ? $1.size : 0) }
        var needed = [
            layout.state: resolved.tree.installedBytes + max(0, resolved.tree.pack.length - fetched) + keptBytes
                + (resolved.release.requirements.freeBytes ?? 0) + settings.limits.spareBytes
        ]
        if resolved.release.migratesData {
            // On one file system with the rest, or on another: each place is asked for all that lands there.
            let state = try fileSystem.attributes(of: layout.state)?.device
            for data in settings.data {
                let parent = data.removingLastComponent()
                guard let device = try fileSystem.attributes(of: parent)?.device else { continue }
                needed[device == state ? layout.state : parent, default: settings.limits.spareBytes] +=
                    try size(of: data, flag: flag)
            }
        }
        for (place, bytes) in needed.sorted(by: { $0.key.string < $1.key.string }) {
            let free = try fileSystem.freeBytes(at: place)
            guard free < bytes else { continue }
            return UpdateFailure(
                .notEnoughSpace, ["path": place.string, "free": String(free), "needed": String(bytes)])
        }
        return nil
    }

    private func size(of path: FilePath, flag: CancellationFlag) throws -> Int64 {
        try flag.check()
        guard let found = try fileSystem.attributes(of: path) else { return 0 }
        guard found.kind == .directory else { return found.kind == .file ? found.size : 0 }
        return try fileSystem.entries(of: path).reduce(0) { try $0 + size(of: path.appending($1), flag: flag) }
    }
}
