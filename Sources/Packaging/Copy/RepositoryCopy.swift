// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage
internal import Synchronization
public import TUF

/// What a copy carries.
public struct CopiedRelease: Sendable, Hashable, Codable {
    public var product: String
    public var version: String
    /// `component platform`, of each part whose content is there.
    public var parts: [String]
    /// Bytes of packs.
    public var packBytes: Int64
}

/// Copies one release of a repository into a folder that is a repository of its own: the same signed files, fewer of them.
/// Whoever reads the copy verifies it from the vendor's root as if it were the original.
///
/// It reads as a customer does, so all that is copied was verified; and it writes in a publisher's order, so that who reads the folder
/// meanwhile sees the old state or the new one.
public struct RepositoryCopy: Sendable {
    private let source: String
    private let trustedRoot: [UInt8]
    private let fetcher: any Fetcher
    private let folder: FilePath
    private let fileSystem: any FileSystem
    private let clock: any WallClock

    /// - Parameters:
    ///   - source: the repository's address; ends with a slash.
    ///   - folder: is made if it is absent.
    public init(
        of source: String, trustedRoot: [UInt8], fetcher: any Fetcher, to folder: FilePath,
        fileSystem: any FileSystem, clock: any WallClock
    ) {
        self.source = source
        self.trustedRoot = trustedRoot
        self.fetcher = fetcher
        self.folder = folder
        self.fileSystem = fileSystem
        self.clock = clock
    }

    /// Which packs are copied.
    public enum Content: Sendable, Hashable {
        /// The full packs.
        case packs
        /// The deltas from these versions; the full pack of a part that has none of them.
        case deltas(from: Set<String>)
        /// Whatever the source has: it is a copy itself.
        case whateverIsThere
    }

    /// - Parameters:
    ///   - version: `nil` means the channel's current release.
    ///   - parts: only these, as `component platform`; `nil` means all of them, or those that the source has.
    ///
    /// Throws `exists` when the folder has another repository, or a newer state of this one; `notFound` when the source lacks
    /// something that was asked for.
    public func run(
        product: String, channel: String, version: String?, parts wanted: Set<String>? = nil,
        content: Content = .packs,
        progress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
    ) async throws(PackagingError) -> CopiedRelease {
        let recorder = Recorder(fetcher, source)
        let updater = Updater(
            store: NoMetadataStore(), trustedRoot: trustedRoot, metadataURL: source + "metadata/",
            targetsURL: source + "targets/", fetcher: recorder, clock: clock)
        let repository = ReleaseRepository(
            updater: updater, baseURL: source, product: product, channel: channel, fetcher: recorder)
        try await repository.refresh()
        let document = try await repository.channelDocument()
        let release = try await repository.release(version ?? document.current)
        // Small, and what an administrator's list of releases is made of.
        for other in document.releases where other != release.version {
            do throws(PackagingError) { _ = try await repository.release(other) } catch {
                guard content == .whateverIsThere, Self.isMissing(error) else { throw error }
            }
        }
        let packs = folder.appending("packs")
        try PackagingError.files { () throws(FileError) in try fileSystem.makeDirectories(packs) }
        var copied = CopiedRelease(product: product, version: release.version, parts: [], packBytes: 0)
        for part in release.parts {
            let name = "\(part.component) \(part.platform)"
            guard wanted?.contains(name) ?? true else { continue }
            guard let bytes = try await copy(part, of: release, content, to: packs, from: repository, progress) else {
                continue
            }
            copied.parts.append(name)
            copied.packBytes += bytes
        }
        if let missing = wanted?.subtracting(copied.parts).sorted().first {
            throw PackagingError(.notFound(.release), "\(product) \(release.version) has no \(missing).")
        }
        try write(recorder.files)
        return copied
    }

    /// Bytes of packs; `nil` when the source has nothing of the part, and need not.
    private func copy(
        _ part: ReleasePart, of release: ReleaseDocument, _ content: Content, to packs: FilePath,
        from repository: ReleaseRepository, _ progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws(PackagingError) -> Int64? {
        do throws(PackagingError) {
            let tree = try await repository.tree(release, component: part.component, platform: part.platform)
            let blobs = Self.blobs(tree, content)
            let total = blobs.reduce(0) { $0 + $1.length }
            var (done, isThere) = (Int64(0), false)
            for blob in blobs {
                let before = done
                do throws(PackagingError) {
                    try await repository.fetchBlob(
                        blob.sha256, length: blob.length, to: packs.appending(blob.sha256), fileSystem: fileSystem
                    ) { count, _ in progress(before + count, total) }
                    isThere = true
                    done += blob.length
                } catch {
                    guard content == .whateverIsThere, Self.isMissing(error) else { throw error }
                    try discardPartial(packs.appending(blob.sha256))
                }
            }
            return isThere ? done : nil
        } catch {
            guard content == .whateverIsThere, Self.isMissing(error) else { throw error }
            return nil
        }
    }

    private func discardPartial(_ file: FilePath) throws(PackagingError) {
        try PackagingError.files { () throws(FileError) in
            try fileSystem.remove(FilePath(file.string + ".partial"))
        }
    }

    private static func isMissing(_ error: PackagingError) -> Bool {
        switch error.code {
        case .fetch(let fetch): fetch.code == .notFound
        case .untrusted(let trust): trust.code == .notFound
        default: false
        }
    }

    private static func blobs(_ tree: Tree, _ content: Content) -> [(sha256: String, length: Int64)] {
        let pack = [(tree.pack.sha256, tree.pack.length)]
        switch content {
        case .packs: return pack
        case .deltas(let from):
            let deltas = tree.deltas.filter { from.contains($0.from) }.map { ($0.sha256, $0.length) }
            return deltas.isEmpty ? pack : deltas
        case .whateverIsThere: return pack + tree.deltas.map { ($0.sha256, $0.length) }
        }
    }

    // MARK: Writing

    /// Targets, then metadata, the timestamp last.
    private func write(_ files: [String: [UInt8]]) throws(PackagingError) {
        let stamp = "metadata/timestamp.json"
        try refuseOlder(files[stamp] ?? [])
        let isMetadata = { (path: String) in path.hasPrefix("metadata/") }
        let order = files.keys.sorted { a, b in
            (a == stamp ? 2 : isMetadata(a) ? 1 : 0, a) < (b == stamp ? 2 : isMetadata(b) ? 1 : 0, b)
        }
        for path in order {
            guard let bytes = files[path] else { continue }
            let file = path.split(separator: "/").reduce(folder) { $0.appending(String($1)) }
            let isReplaced = path == stamp
            try PackagingError.files { () throws(FileError) in
                if let found = try fileSystem.attributes(of: file), !isReplaced {
                    guard found.size == Int64(bytes.count), try fileSystem.read(file, limit: bytes.count) == bytes
                    else {
                        throw FileError(.exists, operation: "write another content to", path: file.string)
                    }
                    return
                }
                try fileSystem.makeDurableDirectories(file.removingLastComponent())
                try fileSystem.replace(file, with: bytes, permissions: 0o644)
            }
        }
    }

    private func refuseOlder(_ new: [UInt8]) throws(PackagingError) {
        let file = folder.appending("metadata").appending("timestamp.json")
        let old: [UInt8]? = try PackagingError.files { () throws(FileError) -> [UInt8]? in
            guard try fileSystem.exists(file) else { return nil }
            return try fileSystem.read(file, limit: 1 << 20)
        }
        guard let old else { return }
        do {
            let versions = try [old, new].map { bytes throws(TUFError) in
                try SignedMetadata(parsing: bytes, role: "timestamp").unchecked(as: Timestamp.self, role: "timestamp")
                    .version
            }
            guard versions[0] > versions[1] else { return }
        } catch {
            throw PackagingError(error)
        }
        throw PackagingError(.exists, "A newer state of the repository is there already.", at: folder.string)
    }
}

/// Remembers nothing: the copy must have every file that somebody needs who begins with the root.
private struct NoMetadataStore: MetadataStore {
    func load(_ role: String) throws(FileError) -> [UInt8]? { nil }
    func save(_ role: String, _ bytes: [UInt8]) throws(FileError) {}
    func remove(_ role: String) throws(FileError) {}
}

/// Keeps what is read of metadata and targets, by their paths: exactly what another reader will ask for.
private final class Recorder: Fetcher {
    private let fetcher: any Fetcher
    private let base: String
    private let recorded = Mutex<[String: [UInt8]]>([:])

    init(_ fetcher: any Fetcher, _ base: String) {
        self.fetcher = fetcher
        self.base = base
    }

    var files: [String: [UInt8]] { recorded.withLock { $0 } }

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        let path = String(request.url.dropFirst(base.count))
        guard path.hasPrefix("metadata/") || path.hasPrefix("targets/") else {
            return try await fetcher.fetch(request, receive: receive)
        }
        var bytes: [UInt8] = []
        try await fetcher.fetch(request) { chunk in
            try await receive(chunk)
            bytes += chunk
        }
        recorded.withLock { $0[path] = bytes }
    }
}
