// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import Packaging
internal import Platform
internal import SystemPackage

internal import TUFRepository

struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Drops releases that no channel has, and files that no reader can ask for.",
        discussion: """
            Files go only when nothing that was current within the last days leads to them; roots never go. What this run \
            drops from the metadata therefore goes from the disk in a run after that time.
            """)

    @Argument(help: "The repository's folder.")
    var directory: String
    @Option(help: ArgumentHelp("For how long readers of older metadata find what they ask for.", valueName: "days"))
    var keepDays = 30
    @Option(
        help: ArgumentHelp(
            "Keep only the newest of each channel, besides the current one and those from the minimum on.",
            valueName: "number"))
    var keepReleases: Int?
    @Flag(help: "Change nothing; say what would go.")
    var dryRun = false
    @Flag(help: "As JSON.")
    var json = false
    @OptionGroup var passphrase: PassphraseOptions

    func validate() throws {
        guard (7...3650).contains(keepDays) else {
            throw ValidationError("--keep-days is from 7 (for so long is a timestamp valid) to 3650.")
        }
        guard keepReleases ?? 1 >= 1 else { throw ValidationError("--keep-releases is at least 1.") }
    }

    func run() async throws {
        let folder = VendorFolder(path: FilePath(directory), fileSystem: POSIXFileSystem())
        let pruner = Pruner(folder: folder, clock: SystemWallClock(), keepDays: keepDays, keepReleases: keepReleases)
        let pruned = try pruner.run(keys: try passphrase.keys(folder), dryRun: dryRun)
        if json { return try Terminal.sayJSON(pruned) }
        let verb = dryRun ? "would drop" : "dropped"
        for release in pruned.releases { Terminal.say("\(verb) \(release) from the metadata") }
        for file in pruned.files { Terminal.say("\(verb) \(file.path)") }
        let bytes = pruned.files.reduce(0) { $0 + $1.bytes }
        Terminal.say("\(pruned.files.count) files, \(Terminal.megabytes(bytes))")
    }
}

/// What a run of ``Pruner`` did, or would do.
struct Pruned: Encodable {
    /// `PRODUCT VERSION`.
    var releases: [String]
    var files: [PrunePlan.File]
}

struct Pruner {
    let folder: VendorFolder
    let clock: any WallClock
    let keepDays: Int
    let keepReleases: Int?

    func run(keys: KeyStore? = nil, dryRun: Bool = false) throws -> Pruned {
        // The lock is held until the last file is gone.
        var editor = try folder.edit(clock: clock, keys: keys)
        var releases: [String] = []
        for product in editor.productNames { releases += try drop(from: product, in: &editor, dryRun: dryRun) }
        if !dryRun { try editor.commit() }
        let files: [PrunePlan.File]
        do {
            files = try removals(editor)
        } catch let error as VendorError {
            throw VendorError(error.code, "\(error.sentence) Nothing was removed.")
        }
        if !dryRun { try remove(files) }
        return withExtendedLifetime(editor) { Pruned(releases: releases, files: files) }
    }

    /// Shortens the channels, and takes releases that none has any more out of the product's targets.
    private func drop(
        from product: String, in editor: inout RepositoryEditor, dryRun: Bool
    ) throws -> [String] {
        var channels = try Channels(product, in: editor)
        var listed: Set<String> = []
        for channel in try channels.all() {
            let shortened = keepReleases.map { channel.keepingNewest($0) } ?? channel
            if shortened != channel, !dryRun { try channels.put(shortened) }
            listed.formUnion(shortened.releases)
        }
        editor = channels.editor
        var dropped: [String] = []
        for version in try VendorFolder.versions(of: product, in: editor) where !listed.contains(version.text) {
            for target in try editor.targets(of: product) where target.path.hasPrefix("\(product)/\(version.text)/") {
                try editor.removeTarget(product: product, path: target.path)
            }
            dropped.append("\(product) \(version.text)")
        }
        return dropped
    }

    private func removals(_ editor: RepositoryEditor) throws -> [PrunePlan.File] {
        var reachability = Reachability(folder: folder)
        let all = try folder.servedFiles()
        let states = try all.compactMap { path -> PrunePlan.State? in
            guard path.hasPrefix("metadata/"), path.hasSuffix(".snapshot.json"),
                let version = Int64(path.dropFirst("metadata/".count).dropLast(".snapshot.json".count))
            else { return nil }
            let published = try reachability.published(version, lifetimeDays: editor.lifetimes.snapshot)
            return .init(version: version, published: published)
        }
        let plan = PrunePlan(states, current: editor.snapshotVersion, keepDays: keepDays, now: clock.now)
        for version in plan.kept { try reachability.follow(snapshot: version) }
        try reachability.followPending()
        let files = try all.map { path in
            let size = try folder.fileSystem.attributes(of: folder.layout.served.appending(path))?.size ?? 0
            return PrunePlan.File(path: path, bytes: size)
        }
        return PrunePlan.removals(files, reachable: reachability.paths)
    }

    /// Metadata before what it leads to: a run that is killed leaves nothing that leads nowhere.
    private func remove(_ files: [PrunePlan.File]) throws {
        let order = ["metadata/", "targets/", "packs/"]
        for prefix in order {
            for file in files where file.path.hasPrefix(prefix) {
                try folder.fileSystem.remove(folder.layout.served.appending(file.path))
            }
        }
        for file in files where file.path.hasPrefix("targets/") {
            // Only the folders of versions: those of products and channels are never empty for long.
            let parent = folder.layout.served.appending(file.path).removingLastComponent()
            if try folder.fileSystem.exists(parent), try folder.fileSystem.entries(of: parent).isEmpty {
                try folder.fileSystem.remove(parent)
            }
        }
    }
}
