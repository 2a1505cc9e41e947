// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Foundation
internal import Packaging
internal import Platform
internal import Replacement
internal import SystemPackage

/// What must be right before anyone is disturbed. What the down time relies on is tried, not assumed, and everything
/// that is wrong is found, not only the first.
struct Preflight: Sendable {
    /// What was found.
    struct Report: Sendable {
        var failures: [UpdateFailure] = []
        var survey: Survey?
        /// In the order of the data.
        var dataSizes: [DataSize] = []
        /// Bytes that have to be freed first, and can be: earlier releases that are kept.
        var bytesToFree: Int64 = 0
    }

    let settings: InstallationSettings
    /// Where the data that the release migrates really is; empty when it migrates none.
    let data: [FilePath]
    /// What declared commands will save, as they say.
    let commandBytes: Int64
    let fileSystem: any FileSystem
    let now: Date

    private var layout: InstallationLayout { settings.layout }

    /// `installed` is what the live folder is, `freeable` the bytes of earlier ones that may go.
    func check(
        _ resolved: ResolvedRelease, _ content: Content, installed: InstalledRelease, freeable: Int64,
        flag: CancellationFlag
    ) -> Report {
        var report = Report()
        func add(_ check: () throws -> [UpdateFailure]) {
            do { report.failures += try check() } catch { report.failures.append(UpdateFailure(error)) }
        }
        add { [version(resolved, installed), clock(resolved), try programs(resolved)].compactMap(\.self) }
        add { try mounts() }
        add { TryOut(layout.place, fileSystem: fileSystem).obstacles().map { UpdateFailure(replacement: $0) } }
        add { try oldFolder(installed) }
        add { snapshots.tryOut(data).map { UpdateFailure(replacement: $0) } }
        add {
            report.dataSizes = try data.map { try snapshots.size(of: [$0], check: flag.asked) }
            return []
        }
        add {
            let survey = try survey(resolved, content, flag)
            report.survey = survey
            return survey.obstacles.map { UpdateFailure(replacement: $0) }
        }
        // Space means nothing in a place that cannot be used at all.
        if report.failures.isEmpty, let survey = report.survey {
            add {
                let space = try self.space(resolved, content, survey, report.dataSizes, freeable: freeable)
                report.bytesToFree = space.bytesToFree
                return space.failures
            }
        }
        return report
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

    /// A `<name>_old` that no update left behind belongs to somebody.
    private func oldFolder(_ installed: InstalledRelease) throws -> [UpdateFailure] {
        let found = try Identifier(fileSystem).identify(
            layout.old, among: installed.retained.map(\.record))
        guard case .unknown = found else { return [] }
        return [UpdateFailure(.folderInTheWay, ["path": layout.old.readable])]
    }

    /// Renaming takes what is mounted along, or is refused; deleting would empty it. So nothing is mounted there.
    private func mounts() throws -> [UpdateFailure] {
        for folder in [layout.live, layout.state.removingLastComponent(), layout.state] {
            if try fileSystem.attributes(of: folder)?.isMountPoint == true { return [mounted(folder)] }
        }
        for folder in [layout.live, layout.state] {
            if let place = try fileSystem.mountPoints(below: folder).first { return [mounted(place, in: folder)] }
        }
        let (live, state) = (try fileSystem.attributes(of: layout.live), try fileSystem.attributes(of: layout.state))
        guard live?.device != state?.device else { return [] }
        return [
            UpdateFailure(.notSameFileSystem, ["path": layout.live.readable, "other": layout.state.readable])
        ]
    }

    private func mounted(_ place: FilePath, in folder: FilePath? = nil) -> UpdateFailure {
        let other = (folder ?? place.removingLastComponent()).readable
        return UpdateFailure(
            .notSameFileSystem,
            ["path": place.readable, "other": other, "reason": "something is mounted at \(place.readable)"])
    }

    private func survey(_ resolved: ResolvedRelease, _ content: Content, _ flag: CancellationFlag) throws -> Survey {
        let installed = content.inventory?.tree.releaseEntries
        return try Survey(
            of: try fileSystem.folder(layout.live), installed: installed, release: resolved.tree.releaseEntries,
            changed: content.changed, rules: KeepRules(settings.keep), account: .current, check: flag.asked)
    }

    private var snapshots: DataSnapshots {
        DataSnapshots(installation: settings.id, run: "preflight", fileSystem: fileSystem)
    }

    /// Each file system is asked for all that lands on it.
    private func space(
        _ resolved: ResolvedRelease, _ content: Content, _ survey: Survey, _ sizes: [DataSize], freeable: Int64
    ) throws -> (failures: [UpdateFailure], bytesToFree: Int64) {
        let tree = resolved.tree
        var needed = Space(for: tree.releaseEntries) + survey.keptSpace
        needed += Space(
            bytes: try content.bytesToFetch(tree, layout, fileSystem) + commandBytes
                + (resolved.release.requirements.freeBytes ?? 0) + settings.limits.spareBytes,
            // A handful for downloads, journal and records.
            files: 64)
        var failures: [UpdateFailure] = []
        let state = try fileSystem.attributes(of: layout.state)?.device
        var elsewhere: [UInt64: (folder: FilePath, needed: Space)] = [:]
        for (place, size) in zip(data, sizes) {
            let space = Space(bytes: size.bytes, files: Int64(size.entries))
            if let device = try device(above: place), device != state {
                let spare = (place.removingLastComponent(), Space(bytes: settings.limits.spareBytes))
                elsewhere[device, default: spare].needed += space
            } else {
                needed += space
            }
        }
        for (folder, needed) in elsewhere.values.sorted(by: { $0.folder.string < $1.folder.string }) {
            failures += try needed.lacking(at: folder, fileSystem: fileSystem).map { UpdateFailure(replacement: $0) }
        }
        var bytesToFree: Int64 = 0
        for lacking in try needed.lacking(at: layout.state, fileSystem: fileSystem) {
            if case .notEnoughBytes(let free, let needed) = lacking.code, needed - free <= freeable {
                bytesToFree = needed - free
            } else {
                failures.append(UpdateFailure(replacement: lacking))
            }
        }
        return (failures, bytesToFree)
    }

    /// The new version makes a folder that is not there.
    private func device(above data: FilePath) throws -> UInt64? {
        let parent = data.removingLastComponent()
        return try fileSystem.attributes(of: FilePath(parent.string + "/."))?.device
            ?? fileSystem.attributes(of: layout.state)?.device
    }
}
