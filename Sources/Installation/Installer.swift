// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
public import Logging
internal import Packaging
public import Platform
internal import Replacement
internal import SystemPackage

/// Puts a release into a folder where nothing is yet: `ricambio install`.
public struct Installer: Sendable {
    public enum Stage: Sendable, Hashable {
        case downloading
        case staging
    }

    private let settings: InstallationSettings
    private let releases: any ReleaseSource
    private let fileSystem: any FileSystem
    private let logger: Logger

    /// Of `settings`, what says which product goes where; nothing is started.
    public init(
        settings: InstallationSettings, releases: any ReleaseSource, fileSystem: any FileSystem, logger: Logger
    ) {
        self.settings = settings
        self.releases = releases
        self.fileSystem = fileSystem
        self.logger = logger
    }

    private var layout: InstallationLayout { settings.layout }

    /// The folder appears at once and complete, or not at all. `nil` means the channel's current release.
    /// `progress` gets bytes done and in all, from any thread.
    public func install(
        version: String? = nil, progress: @escaping @Sendable (Stage, Int64, Int64) -> Void = { _, _, _ in }
    ) async throws(UpdateFailure) -> InstalledRelease {
        do {
            try refuseWhatIsThere()
            let resolved = try await releases.resolve(version: version)
            if resolved.isRecalled {
                throw UpdateFailure(.releaseRecalled, ["version": resolved.release.version])
            }
            try fileSystem.makeDirectories(layout.state, permissions: 0o700)
            guard let lock = try OwnerLock.take(layout.place, fileSystem: fileSystem) else {
                throw UpdateFailure(.locked, ["path": layout.lock.readable])
            }
            defer { lock.release() }
            try checkSpace(resolved)
            try fileSystem.makeDirectories(layout.downloads)
            let plan = ContentPlan(resolved.tree)
            try await releases.fetch(plan, of: resolved, into: layout.downloads) { progress(.downloading, $0, $1) }
            let settings = settings
            let fileSystem = fileSystem
            return try await blocking { flag in
                try Self.build(resolved, settings, fileSystem, flag: flag) { progress(.staging, $0, $1) }
            }
        } catch {
            throw UpdateFailure(error)
        }
    }

    /// Nobody's files are ever overwritten; an installation that is there is updated, not installed again.
    private func refuseWhatIsThere() throws {
        guard let found = try fileSystem.attributes(of: layout.live) else { return }
        let there = found.kind == .directory ? try fileSystem.entries(of: layout.live) : [layout.live.string]
        guard !there.isEmpty else { return }
        var names = there.prefix(5).joined(separator: ", ")
        if there.count > 5 { names += ", …" }
        throw UpdateFailure(.folderNotEmpty, ["path": layout.live.string, "reason": names])
    }

    private func checkSpace(_ resolved: ResolvedRelease) throws {
        let fetched = try fileSystem.attributes(of: layout.pack(resolved.tree.pack.sha256))?.size ?? 0
        let missing = max(0, resolved.tree.pack.length - fetched)
        // A handful for downloads and records.
        let needed =
            Space(for: resolved.tree.releaseEntries)
            + Space(bytes: missing + settings.limits.spareBytes, files: 64)
        if let lacking = try needed.lacking(at: layout.state, fileSystem: fileSystem).first {
            throw UpdateFailure(replacement: lacking)
        }
    }

    private static func build(
        _ resolved: ResolvedRelease, _ settings: InstallationSettings, _ fileSystem: any FileSystem,
        flag: CancellationFlag, progress: (Int64, Int64) -> Void
    ) throws -> InstalledRelease {
        let (layout, tree) = (settings.layout, resolved.tree)
        let (entries, rules) = (tree.releaseEntries, KeepRules(settings.keep))
        // An empty folder that the administrator has made says whose everything is to be.
        let live = try fileSystem.exists(layout.live) ? try fileSystem.folder(layout.live) : nil
        let staging = Staging(layout: layout, keep: rules, fileSystem: fileSystem)
        var folder = try staging.build(tree, entries, like: live, flag: flag) { folder in
            try Stager(fileSystem: fileSystem).stage(
                tree, pack: layout.pack(tree.pack.sha256), into: folder, progress: progress)
        }.record
        folder.witnesses = Witnesses.choose(for: entries, against: nil) { rules.rule(for: $0) == nil }
        let installed = InstalledRelease(
            product: settings.product, version: resolved.release.version, component: settings.component,
            platform: settings.platform, tree: tree.contentSHA256, folder: folder)
        try fileSystem.syncFileSystem(containing: layout.staged)
        // What it is stands there before it does: a crash in between leaves an empty place, not an unknown folder.
        try installed.save(layout, fileSystem)
        try fileSystem.remove(layout.live)
        try fileSystem.rename(layout.staged, to: layout.live)
        try fileSystem.syncDirectory(layout.parent)
        // It is installed: what cannot be removed now goes with the next update.
        for leftover in [layout.downloads, layout.building] { try? fileSystem.removeTree(leftover) }
        return installed
    }
}
