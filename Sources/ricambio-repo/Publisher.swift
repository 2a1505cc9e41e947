// SPDX-License-Identifier: Apache-2.0
internal import Packaging
internal import Platform
internal import SystemPackage

internal import TUFRepository

/// What the release engineer asks to be published.
struct PublishRequest {
    struct Part: Hashable {
        var component: Component
        var platform: String
        var folder: FilePath
    }

    var product: String
    var version: String
    var channel = "stable"
    var parts: [Part]
    /// Text by language code.
    var notes: [String: String] = [:]
    var severity = Severity.normal
    var migratesData = false
    var minimumFrom: String?
    var rollout = 100
    var rampHours = 0.0
    var level = PackWriter.defaultLevel
    /// From how many of the channel's last releases a delta is made.
    var deltas = 3
    /// Besides these, from which versions.
    var deltaFrom: [String] = []
}

/// What was published of one part.
struct PublishedPart {
    var component: String
    var platform: String
    var files: Int
    var installedBytes: Int64
    var packBytes: Int64
    var deltas: [DeltaReference]
}

/// Turns folders into a signed release.
///
/// The order is what keeps a reader from ever seeing half a release, and a publisher that is killed from doing harm:
/// packs, then the documents that name them, then metadata, `timestamp.json` last. Until that last file is in place
/// nothing refers to what was written, and the next run writes it again or finds it there.
struct Publisher {
    let folder: VendorFolder
    /// If not those that open without being asked for.
    var keys: KeyStore?
    let clock: any WallClock
    /// Warnings and progress for people, a line each.
    var report: (String) -> Void = { _ in }

    private var fileSystem: any FileSystem { folder.fileSystem }

    func publish(_ request: PublishRequest) throws -> [PublishedPart] {
        let version = try check(request)
        var editor = try folder.edit(clock: clock, keys: keys)
        try refuseExisting(version, of: request.product, in: editor)
        let channel = try channelDocument(request, in: editor)
        let deltas = Deltas(folder: folder, level: request.level, clock: clock, report: report)
        let bases = try deltas.bases(request, channel, in: editor)
        try removeUnfinished()
        try editor.addProduct(request.product)

        var parts: [ReleasePart] = []
        var published: [PublishedPart] = []
        for part in request.parts {
            var tree = try pack(part, of: request)
            tree.deltas = try deltas.make(to: tree, from: part.folder, bases, in: editor)
            try tree.check()
            let path = RepositoryNames.tree(
                part.component.rawValue, part.platform, request.version, of: request.product)
            try editor.addTarget(product: request.product, path: path, bytes: try tree.compressed())
            parts.append(
                ReleasePart(
                    component: tree.component, platform: tree.platform, tree: path,
                    treeSHA256: tree.contentSHA256, packBytes: tree.pack.length,
                    installedBytes: tree.installedBytes))
            published.append(
                PublishedPart(
                    component: tree.component, platform: tree.platform, files: tree.fileCount,
                    installedBytes: tree.installedBytes, packBytes: tree.pack.length, deltas: tree.deltas))
        }
        try addRelease(request, parts, to: &editor)
        try addToChannel(channel, request, in: &editor)
        try editor.commit()
        return published
    }

    /// Everything that can be refused before anything is read.
    private func check(_ request: PublishRequest) throws -> Version {
        guard RepositoryNames.isValid(product: request.product) else {
            throw VendorError(
                .usage,
                "“\(request.product)” cannot name a product: lower-case letters, digits and “-”, at most 64, and none of TUF's own role names."
            )
        }
        guard let version = Version(request.version) else {
            throw VendorError(
                .usage,
                "“\(request.version)” is not a version: it starts with a digit and has letters, digits, “.”, “-” and “_” only."
            )
        }
        guard RepositoryNames.isValid(channel: request.channel) else {
            throw VendorError(
                .usage, "“\(request.channel)” cannot name a channel: lower-case letters, digits and “-”, at most 64.")
        }
        guard !request.parts.isEmpty else {
            throw VendorError(.usage, "Name at least one folder with --server, --client or --standalone.")
        }
        var seen: Set<String> = []
        for part in request.parts {
            guard RepositoryNames.isValid(platform: part.platform) else {
                throw VendorError(
                    .usage, "“\(part.platform)” cannot name a platform: it looks like linux-x86_64.")
            }
            guard seen.insert("\(part.component) \(part.platform)").inserted else {
                throw VendorError(.usage, "The \(part.component) for \(part.platform) is named twice.")
            }
            try checkPlace(of: part.folder)
        }
        if let from = request.minimumFrom, Version(from) == nil {
            throw VendorError(.usage, "--minimum-from: “\(from)” is not a version.")
        }
        guard (0...100).contains(request.rollout) else {
            throw VendorError(.usage, "--rollout is a percentage, 0 to 100.")
        }
        guard (0...100).contains(request.deltas) else { throw VendorError(.usage, "--deltas is from 0 to 100.") }
        return version
    }

    /// A folder that contains the repository would publish the private keys.
    private func checkPlace(of source: FilePath) throws {
        let source = VendorFolder.resolved(source)
        let repository = VendorFolder.resolved(folder.path)
        guard !repository.starts(with: source), !source.starts(with: repository) else {
            throw VendorError(
                .refused, "\(source) and the repository \(repository) lie in one another: the keys must stay private.")
        }
    }

    private func refuseExisting(_ version: Version, of product: String, in editor: RepositoryEditor) throws {
        guard editor.hasProduct(product) else { return }
        for existing in try VendorFolder.versions(of: product, in: editor) where existing == version {
            throw VendorError(
                .exists,
                "\(product) \(existing) is published already, and a published release never changes: publish a higher version."
            )
        }
    }

    /// What a publisher that was killed left; the lock says that nobody is writing it.
    private func removeUnfinished() throws {
        try fileSystem.makeDirectories(folder.layout.packs)
        for name in try fileSystem.entries(of: folder.layout.packs) where name.hasPrefix(VendorFolder.unfinished) {
            try fileSystem.remove(folder.layout.packs.appending(name))
        }
        try fileSystem.removeTree(folder.layout.work)
    }

    private func pack(_ part: PublishRequest.Part, of request: PublishRequest) throws -> Tree {
        let label = "\(part.component) \(part.platform)"
        let start = clock.monotonicSeconds
        let scan = try naming(part) { try TreeScanner(fileSystem: fileSystem).scan(part.folder) }
        for warning in scan.warnings { report("warning: \(label): \(warning)") }
        report(
            "\(label): packing \(scan.entries.count) entries, \(Terminal.megabytes(scan.totalBytes)), at level "
                + "\(request.level)")
        let temporary = folder.unfinishedPack()
        do {
            let written = try naming(part) {
                try PackWriter(fileSystem: fileSystem, level: request.level).write(scan, to: temporary)
            }
            try folder.putInPlace(temporary, as: written.pack.sha256, length: written.pack.length)
            let tree = Tree(
                product: request.product, release: request.version, component: part.component.rawValue,
                platform: part.platform, entries: written.entries, pack: written.pack)
            try tree.check()
            let seconds = Int((clock.monotonicSeconds - start).rounded())
            report(
                "\(label): \(tree.fileCount) files, \(Terminal.megabytes(tree.installedBytes)), packed to "
                    + "\(Terminal.megabytes(tree.pack.length)) in \(seconds) s")
            return tree
        } catch {
            // The first error is what matters; what cannot be removed now is removed by the next run.
            try? fileSystem.remove(temporary)
            throw error
        }
    }

    /// Says which folder an error is about.
    private func naming<Value>(_ part: PublishRequest.Part, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as PackagingError {
            let failure = VendorError(error)
            throw VendorError(
                failure.code, "Nothing was published. The folder \(part.folder), \(failure.sentence)")
        }
    }

    private func addRelease(
        _ request: PublishRequest, _ parts: [ReleasePart], to editor: inout RepositoryEditor
    ) throws {
        let release = ReleaseDocument(
            product: request.product, version: request.version, date: clock.now, notes: request.notes,
            severity: request.severity, requirements: Requirements(fromVersion: request.minimumFrom),
            migratesData: request.migratesData, parts: parts)
        try release.check()
        try editor.addTarget(
            product: request.product, path: RepositoryNames.release(request.version, of: request.product),
            bytes: try release.encoded())
    }

    private func channelDocument(
        _ request: PublishRequest, in editor: RepositoryEditor
    ) throws -> ChannelDocument? {
        guard editor.hasProduct(request.product) else { return nil }
        let path = RepositoryNames.channel(request.channel, of: request.product)
        return try editor.target(path, of: request.product).map {
            try ChannelDocument.decoded(from: try editor.bytes(of: $0), at: path)
        }
    }

    private func addToChannel(
        _ existing: ChannelDocument?, _ request: PublishRequest, in editor: inout RepositoryEditor
    ) throws {
        let path = RepositoryNames.channel(request.channel, of: request.product)
        let rollout = Rollout(percentage: request.rollout, start: clock.now, rampHours: request.rampHours)
        let channel =
            (existing
            ?? ChannelDocument(
                product: request.product, channel: request.channel, current: request.version, releases: [],
                rollout: rollout)).adding(request.version, rollout: rollout)
        if channel.current != request.version {
            report(
                "note: the channel \(request.channel) keeps \(channel.current) as its current release, which is newer.")
        }
        try channel.check()
        try editor.addTarget(product: request.product, path: path, bytes: try channel.encoded())
    }
}
