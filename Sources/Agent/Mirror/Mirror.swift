// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import HTTPSemantics
import Platform
import SystemPackage
import TUF

/// What a mirror knows from signed metadata about the packs it may hand out.
protocol PackIndex: Sendable {
    /// Bytes of a pack that belongs to a release of this installation; `nil` for any other.
    func length(ofPack sha256: String) async throws -> Int64?
}

/// Pull-through mirror of one installation's repository for its workstations.
///
/// Targets and packs are named by their SHA-256: they are fetched once however many ask, checked against that name, and
/// kept while there is space. A pack is handed out while it still arrives. Metadata is passed on as the vendor gives
/// it, for a moment from memory, and stale when the vendor cannot be reached: workstations check its signatures and its
/// age themselves.
actor Mirror {
    /// Something to answer with. Knowing it costs no fetch where signed metadata gives its length; opening it may.
    struct Content: Sendable {
        var length: Int64
        var entityTag: EntityTag
        /// Its bytes never change.
        var isImmutable: Bool
        var open: @Sendable () async throws -> Body
    }

    /// Where an answer's bytes are.
    enum Body: Sendable {
        case bytes([UInt8])
        /// In the cache, which holds it in its place as long as the lease is held.
        case file(any OpenFile, CacheLease)
        /// On its way from the vendor.
        case growing(GrowingFile, any OpenFile, CacheLease)
    }

    static let metadataLimit = 64 << 20
    static let targetLimit: Int64 = 1 << 30
    /// Seconds that metadata is answered from memory; the timestamp, which says that there is something new, for less.
    static let metadataFreshness = 60.0
    static let timestampFreshness = 5.0
    static let remembered = 2000
    /// Bytes that a fetch leaves free: the agent's database, its outbox and the applications are on the same disk.
    static let spareBytes: Int64 = 64 << 20

    let folder: FilePath
    let upstream: String
    let fetcher: any Fetcher
    let cache: MirrorCache
    let fileSystem: any FileSystem
    private let index: any PackIndex
    private let clock: any WallClock

    private struct Metadata: Sendable {
        /// `nil`: the vendor has no such file.
        var bytes: [UInt8]?
        var fetchedAt: Double
    }

    private var metadata: [String: Metadata] = [:]
    /// Metadata and targets that are being fetched: they are small, and answered when they are there.
    private var fetching: [MirrorPath: Task<Content, any Error>] = [:]
    /// Packs that are being fetched, by SHA-256: they are answered meanwhile.
    var growing: [String: GrowingFile] = [:]
    /// What broken fetches have brought, by SHA-256.
    var left: [String: MirrorDownload.Progress] = [:]

    init(
        folder: FilePath, upstream: String, fetcher: any Fetcher, index: any PackIndex, cache: MirrorCache,
        fileSystem: any FileSystem, clock: any WallClock
    ) {
        self.folder = folder
        self.cache = cache
        self.upstream = upstream
        self.fetcher = fetcher
        self.index = index
        self.fileSystem = fileSystem
        self.clock = clock
    }

    /// Makes the folders, drops what an earlier process left half fetched, and takes up what it left whole.
    func prepare() throws {
        try? fileSystem.removeTree(incoming)
        for folder in [folder, incoming, objects, folder.appending("metadata")] {
            try fileSystem.makeDirectories(folder)
        }
        try cache.adopt(objects)
    }

    /// Drops every target and pack but these, and what is being handed out or fetched right now.
    func keep(only names: Set<String>) throws { try cache.keep(only: names, in: objects) }

    var incoming: FilePath { folder.appending("incoming") }
    private var objects: FilePath { folder.appending("objects") }

    /// Targets and packs alike: a name is a content.
    func object(_ sha256: String) -> FilePath { objects.appending(sha256) }

    func content(_ path: MirrorPath) async throws -> Content {
        switch path {
        case .metadata(let name):
            if let known = metadata[name], clock.monotonicSeconds - known.fetchedAt < Self.freshness(name) {
                return try Self.content(known.bytes)
            }
        case .target(_, let sha256):
            if let content = stored(sha256) { return content }
        case .pack(let sha256):
            if let content = stored(sha256) { return content }
            guard let length = try await index.length(ofPack: sha256) else { throw Refusal.notFound }
            return Content(length: length, entityTag: EntityTag(strong: sha256), isImmutable: true) {
                try await self.follow(pack: sha256, length: length)
            }
        }
        // Whoever asks while it is being fetched waits for the same fetch.
        if let task = fetching[path] { return try await task.value }
        let task = Task { try await self.fetch(path) }
        fetching[path] = task
        defer { fetching[path] = nil }
        return try await task.value
    }

    private func fetch(_ path: MirrorPath) async throws -> Content {
        switch path {
        case .metadata(let name): return try await fetchMetadata(name)
        case .target(_, let sha256), .pack(let sha256):
            try await fetchTarget(path, sha256: sha256)
            guard let content = stored(sha256) else { throw Refusal.notFound }
            return content
        }
    }

    private func stored(_ sha256: String) -> Content? {
        let (file, fileSystem) = (object(sha256), fileSystem)
        guard let (lease, size) = cache.lease(file) else { return nil }
        return Content(length: size, entityTag: EntityTag(strong: sha256), isImmutable: true) {
            .file(try fileSystem.openForReading(file), lease)
        }
    }

    // MARK: Metadata

    private static func freshness(_ name: String) -> Double {
        name == "timestamp.json" ? timestampFreshness : metadataFreshness
    }

    private func fetchMetadata(_ name: String) async throws -> Content {
        let url = upstream + MirrorPath.metadata(name).upstream
        do {
            let bytes = try await fetcher.bytes(url, limit: Self.metadataLimit)
            remember(name, bytes)
            try fileSystem.replace(copy(of: name), with: bytes, permissions: 0o644)
            return try Self.content(bytes)
        } catch let error as FetchError where error.code == .notFound {
            remember(name, nil)
            throw Refusal.notFound
        } catch let error as FetchError {
            // Stale is better than nothing: the workstation decides how old is too old.
            if let known = metadata[name] { return try Self.content(known.bytes) }
            let copy = copy(of: name)
            if try fileSystem.attributes(of: copy) != nil {
                return try Self.content(try fileSystem.read(copy, limit: Self.metadataLimit))
            }
            throw Refusal(.vendorUnreachable, 502, ["url": upstream, "reason": error.reason])
        }
    }

    private func copy(of name: String) -> FilePath { folder.appending("metadata").appending(name) }

    private func remember(_ name: String, _ bytes: [UInt8]?) {
        if metadata.count >= Self.remembered { metadata = [:] }
        metadata[name] = Metadata(bytes: bytes, fetchedAt: clock.monotonicSeconds)
    }

    private static func content(_ bytes: [UInt8]?) throws -> Content {
        guard let bytes else { throw Refusal.notFound }
        let hash = Secret.hex(SHA256.hash(data: bytes))
        return Content(length: Int64(bytes.count), entityTag: EntityTag(strong: hash), isImmutable: false) {
            .bytes(bytes)
        }
    }
}
