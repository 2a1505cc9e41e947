// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ObjectStore
internal import Platform
internal import SystemPackage
internal import TUFRepository

struct SyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Puts what is published into an S3-compatible object store.",
        discussion: """
            Packs, targets, metadata, timestamp.json last: wherever it stops, readers find a whole repository, and the next \
            run goes on with what is missing. Writes are conditional: of two who publish at the same time, one is told so. \
            Needs no key of the repository; credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if they are \
            temporary, AWS_SESSION_TOKEN.
            """)

    @Argument(help: "The repository's folder.")
    var directory: String
    @Option(help: ArgumentHelp("Where to.", valueName: "s3://bucket/prefix"))
    var to: String
    @OptionGroup var store: StoreOptions
    @Flag(help: "Remove what “prune” has removed here.")
    var delete = false
    @Flag(help: "Change nothing; say what would be.")
    var dryRun = false
    @Flag(help: "As JSON.")
    var json = false

    func run() async throws {
        let (folder, clock) = (
            VendorFolder(path: FilePath(directory), fileSystem: POSIXFileSystem()), SystemWallClock()
        )
        let bucket = try store.bucket(to)
        let credentials = try StoreOptions.credentials()
        let (delete, dryRun) = (delete, dryRun)
        let uploaded = try await StoreOptions.withStore(bucket, credentials: credentials, clock: clock) { store in
            try await Self.sync(
                folder, to: store, clock: clock, delete: delete, dryRun: dryRun, report: Terminal.complain)
        }
        if json { return try Terminal.sayJSON(uploaded) }
        if dryRun {
            for path in uploaded.written { Terminal.say("would write \(path)") }
            for path in uploaded.removed { Terminal.say("would remove \(path)") }
        }
        for line in Self.lines(uploaded, to: bucket, dryRun: dryRun) { Terminal.say(line) }
    }

    /// The repository's lock is held to the end: what is uploaded is one publication, and nothing of it is pruned meanwhile.
    static func sync(
        _ folder: VendorFolder, to store: any ObjectStore, clock: any WallClock, delete: Bool = false,
        dryRun: Bool = false, report: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> Uploaded {
        let editor = try folder.edit(clock: clock)
        var reachability = Reachability(folder: folder)
        reachability.follow(rootsTo: editor.root.version)
        try reachability.follow(snapshot: editor.snapshotVersion)
        let kept = delete ? Set(try folder.servedFiles()) : nil
        let upload = RepositoryUpload(
            to: store, from: folder.layout.served, fileSystem: folder.fileSystem, report: report)
        let uploaded = try await upload.run(reachability.paths, removingAllBut: kept, dryRun: dryRun)
        return withExtendedLifetime(editor) { uploaded }
    }

    static func lines(_ uploaded: Uploaded, to bucket: S3Bucket, dryRun: Bool = false) -> [String] {
        let verb = dryRun ? "would be" : "were"
        var lines = ["\(uploaded.written.count) files \(verb) uploaded, \(Terminal.megabytes(uploaded.bytes))"]
        if !uploaded.removed.isEmpty { lines.append("\(uploaded.removed.count) files \(verb) removed") }
        if !dryRun {
            lines.append(
                "version \(uploaded.timestamp) is published; readers of a public bucket use \(bucket.readersURL)")
        }
        return lines
    }
}
