// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Foundation
internal import Packaging
internal import Platform
internal import SystemPackage

/// What must be right before anyone is disturbed. Everything that is wrong is found, not only the first.
struct Preflight: Sendable {
    private let settings: InstallationSettings
    private let data: [FilePath]
    private let fileSystem: any FileSystem
    private let now: Date

    /// `data` is where the data that the release migrates really is: ``DataSnapshots/places(of:_:)``.
    init(_ settings: InstallationSettings, data: [FilePath], fileSystem: any FileSystem, now: Date) {
        self.settings = settings
        self.data = data
        self.fileSystem = fileSystem
        self.now = now
    }

    private var layout: InstallationLayout { settings.layout }

    /// `installed` is what the live folder is.
    func check(
        _ resolved: ResolvedRelease, _ content: Content, installed: InstalledRelease, flag: CancellationFlag
    ) -> [UpdateFailure] {
        var failures: [UpdateFailure] = []
        func add(_ check: () throws -> UpdateFailure?) {
            do {
                if let failure = try check() { failures.append(failure) }
            } catch {
                failures.append(UpdateFailure(error))
            }
        }
        add { version(resolved, installed) }
        add { clock(resolved) }
        add { try programs(resolved) }
        add { try folder() }
        add { try mounts() }
        add { try isWritable(layout.parent) }
        add { try isWritable(layout.state) }
        add { try oldFolder(installed) }
        add { try dataPlaces() }
        // Space means nothing in a place that cannot be used at all.
        if failures.isEmpty { add { try space(resolved, content, flag: flag) } }
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
        if let required = release.requirements.agentVersion.flatMap({ Version($0) }),
            let agent = settings.agentVersion.flatMap({ Version($0) }), agent < required
        {
            return UpdateFailure(.agentTooOld, ["version": agent.text, "required": required.text])
        }
        return nil
    }

    /// A clock that is behind would make old metadata look fresh, and deadlines lie. A day is for time zones.
    private func clock(_ resolved: ResolvedRelease) -> UpdateFailure? {
        let date = resolved.release.date
        guard now.addingTimeInterval(24 * 3600) < date else { return nil }
        let reason = "now: \(now.ISO8601Format()), release \(resolved.release.version): \(date.ISO8601Format())"
        return UpdateFailure(.clockWrong, ["reason": reason])
    }

    /// The new version can be started, and asked how it is, only if it has the programs for it.
    private func programs(_ resolved: ResolvedRelease) throws -> UpdateFailure? {
        var programs = settings.command.prefix(1)
        if case .command(let arguments) = settings.health.probe { programs += arguments.prefix(1) }
        let check = ProgramCheck(settings: settings, tree: resolved.tree, fileSystem: fileSystem)
        for program in programs where try !check.willRun(program) {
            let reason = "version \(resolved.release.version) has no such program in the application folder"
            return UpdateFailure(.serviceCannotStart, ["command": program, "reason": reason])
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

    /// Renaming takes what is mounted along, or is refused; deleting would empty it. So nothing is mounted there.
    private func mounts() throws -> UpdateFailure? {
        for folder in [layout.live, layout.state.removingLastComponent(), layout.state] {
            if try fileSystem.attributes(of: folder)?.isMountPoint == true { return mounted(folder) }
        }
        for folder in [layout.live, layout.state] {
            if let place = try fileSystem.mountPoints(below: folder).first { return mounted(place, in: folder) }
        }
        return nil
    }

    private func mounted(_ place: FilePath, in folder: FilePath? = nil) -> UpdateFailure {
        let other = (folder ?? place.removingLastComponent()).string
        return UpdateFailure(
            .notSameFileSystem,
            ["path": place.string, "other": other, "reason": "something is mounted at \(place.string)"])
    }

    /// A copy of data is put beside it and changes places with it.
    private func dataPlaces() throws -> UpdateFailure? {
        for data in data {
            let parent = data.removingLastComponent()
            // The new version makes what is not there.
            guard let above = try fileSystem.attributes(of: FilePath(parent.string + "/.")) else { continue }
            if let found = try fileSystem.attributes(of: data) {
                guard found.device == above.device, !found.isMountPoint else {
                    return UpdateFailure(.notSameFileSystem, ["path": data.string, "other": parent.string])
                }
                if let place = try fileSystem.mountPoints(below: data).first { return mounted(place, in: data) }
            }
            if let failure = try isWritable(parent) { return failure }
        }
        return nil
    }

    private func space(
        _ resolved: ResolvedRelease, _ content: Content, flag: CancellationFlag
    ) throws -> UpdateFailure? {
        let kept = try KeptScanner(rules: settings.keep, fileSystem: fileSystem).scan(layout.live, flag: flag)
        let keptBytes = kept.reduce(Int64(0)) { $0 + ($1.kind == .file && !$1.immutable ? $1.size : 0) }
        var needed = [
            layout.state: resolved.tree.installedBytes
                + (try content.bytesToFetch(resolved.tree, layout, fileSystem)) + keptBytes
                + (resolved.release.requirements.freeBytes ?? 0) + settings.limits.spareBytes
        ]
        // On one file system with the rest, or on another: each place is asked for all that lands there.
        let state = try fileSystem.attributes(of: layout.state)?.device
        for data in data {
            let parent = data.removingLastComponent()
            guard let device = try fileSystem.attributes(of: FilePath(parent.string + "/."))?.device else { continue }
            needed[device == state ? layout.state : parent, default: settings.limits.spareBytes] +=
                try size(of: data, flag: flag)
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
