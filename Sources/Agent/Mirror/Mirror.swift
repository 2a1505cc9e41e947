// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
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
/// kept. Metadata is passed on as the vendor gives it, for a moment from memory, and stale when the vendor cannot be
/// reached: workstations check its signatures and its age themselves.
actor Mirror {
    /// Something to answer with.
    struct Content: Sendable {
        enum Source: Sendable {
            case bytes([UInt8])
            case file(FilePath)
        }

        var source: Source
        var length: Int64
        /// With its quotes.
        var entityTag: String
        /// Its bytes never change.
        var isImmutable: Bool
    }

    static let metadataLimit = 64 << 20
    static let targetLimit: Int64 = 1 << 30
    /// Seconds that metadata is answered from memory; the timestamp, which says that there is something new, for less.
    static let metadataFreshness = 60.0
    static let timestampFreshness = 5.0
    static let remembered = 2000
    /// Bytes that a fetch leaves free: the agent's database, its outbox and the applications are on the same disk.
    static let spareBytes: Int64 = 64 << 20

    private let folder: FilePath
    private let upstream: String
    private let fetcher: any Fetcher
    private let index: any PackIndex
    private let fileSystem: any FileSystem
    private let clock: any WallClock

    private struct Metadata: Sendable {
        /// `nil`: the vendor has no such file.
        var bytes: [UInt8]?
        var fetchedAt: Double
    }

    private var metadata: [String: Metadata] = [:]
    private var fetching: [MirrorPath: Task<Content, any Error>] = [:]

    init(
        folder: FilePath, upstream: String, fetcher: any Fetcher, index: any PackIndex, fileSystem: any FileSystem,
        clock: any WallClock
    ) {
        self.folder = folder
        self.upstream = upstream
        self.fetcher = fetcher
        self.index = index
        self.fileSystem = fileSystem
        self.clock = clock
    }

    /// Makes the folders and drops what an earlier process left half fetched.
    func prepare() throws {
        try? fileSystem.removeTree(incoming)
        for folder in [folder, incoming, folder.appending("objects"), folder.appending("metadata")] {
            try fileSystem.makeDirectories(folder)
        }
    }

    /// Drops every target and pack but these. What is being handed out right now is handed out to its end.
    func keep(only names: Set<String>) throws {
        for name in try fileSystem.entries(of: folder.appending("objects")) where !names.contains(name) {
            try fileSystem.remove(object(name))
        }
    }

    private var incoming: FilePath { folder.appending("incoming") }

    /// Targets and packs alike: a name is a content.
    private func object(_ sha256: String) -> FilePath { folder.appending("objects").appending(sha256) }

    func content(_ path: MirrorPath) async throws -> Content {
        switch path {
        case .metadata(let name):
            if let known = metadata[name], clock.monotonicSeconds - known.fetchedAt < Self.freshness(name) {
                return try Self.content(known.bytes)
            }
        case .target(_, let sha256), .pack(let sha256):
            if let content = try stored(sha256) { return content }
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
        case .target(_, let sha256):
            try await fetchObject(path, sha256: sha256, limit: Self.targetLimit, exact: nil)
            return try storedOrNotFound(sha256)
        case .pack(let sha256):
            guard let length = try await index.length(ofPack: sha256) else { throw Refusal.notFound }
            try await fetchObject(path, sha256: sha256, limit: length, exact: length)
            return try storedOrNotFound(sha256)
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
        return Content(
            source: .bytes(bytes), length: Int64(bytes.count), entityTag: "\"\(hash)\"", isImmutable: false)
    }

    // MARK: Targets and packs

    private func stored(_ sha256: String) throws -> Content? {
        let file = object(sha256)
        guard let attributes = try fileSystem.attributes(of: file), attributes.kind == .file else { return nil }
        return Content(
            source: .file(file), length: attributes.size, entityTag: "\"\(sha256)\"", isImmutable: true)
    }

    private func storedOrNotFound(_ sha256: String) throws -> Content {
        guard let content = try stored(sha256) else { throw Refusal.notFound }
        return content
    }

    private func fetchObject(_ path: MirrorPath, sha256: String, limit: Int64, exact: Int64?) async throws {
        let (free, needed) = (try fileSystem.freeBytes(at: incoming), (exact ?? 0) + Self.spareBytes)
        guard free >= needed else {
            throw Refusal(
                .notEnoughSpace, 507, ["path": folder.string, "free": "\(free)", "needed": "\(needed)"])
        }
        let temporary = incoming.appending(Secret.identifier())
        defer { try? fileSystem.remove(temporary) }
        let file = try fileSystem.openForWriting(temporary, permissions: 0o644, resume: false)
        var (hash, length) = (SHA256(), Int64(0))
        do {
            try await fetcher.fetch(FetchRequest(url: upstream + path.upstream)) { chunk in
                length += Int64(chunk.count)
                guard length <= limit else {
                    throw FetchError(.tooLong, url: path.upstream, reason: "more than \(limit) bytes")
                }
                chunk.withUnsafeBytes { hash.update(bufferPointer: $0) }
                try file.write(chunk)
            }
        } catch {
            try? file.close()
            switch error.code {
            case .notFound: throw Refusal.notFound
            case .tooLong: throw Refusal(.packTampered, 502, ["reason": error.reason])
            default: throw Refusal(.vendorUnreachable, 502, ["url": upstream, "reason": error.reason])
            }
        }
        guard Secret.hex(hash.finalize()) == sha256, exact.map({ $0 == length }) ?? true else {
            try? file.close()
            throw Refusal(.packTampered, 502, ["reason": "SHA-256"])
        }
        try await BlockingWork.run { () throws(FileError) in
            try file.sync()
            try file.close()
        }
        let place = object(sha256)
        if try fileSystem.attributes(of: place) == nil { try fileSystem.rename(temporary, to: place) }
        try fileSystem.syncDirectory(place.removingLastComponent())
    }
}
