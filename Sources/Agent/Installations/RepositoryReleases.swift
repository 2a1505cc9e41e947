// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Packaging
import Platform
import SystemPackage
import TUF

/// The vendor's releases as one installation uses them: what a run installs, what the administrator may choose, which
/// client belongs to a server, and which packs the mirror may hand out.
actor RepositoryReleases: Vendor, PackIndex {
    /// Seconds before a pack that nobody knew is looked for again.
    static let unknownPackPatience = 10.0

    private let repository: ReleaseRepository
    private let component: String
    private let platform: String
    private let installationID: String
    private let fileSystem: any FileSystem
    private let clock: any WallClock
    private let installedVersion: @Sendable () async -> String?

    private var documents: [String: ReleaseDocument] = [:]
    private var packs: [String: Int64] = [:]
    private var indexed: Set<String> = []
    private var lastUnknown: Double?
    /// The vendor's packs are being looked up, for all who ask meanwhile.
    private var lookup: Task<Void, any Error>?

    init(
        repository: ReleaseRepository, component: String, platform: String, installationID: String,
        fileSystem: any FileSystem, clock: any WallClock, installedVersion: @escaping @Sendable () async -> String?
    ) {
        self.repository = repository
        self.component = component
        self.platform = platform
        self.installationID = installationID
        self.fileSystem = fileSystem
        self.clock = clock
        self.installedVersion = installedVersion
    }

    // MARK: For a run

    func resolve(version: String?) async throws -> ResolvedRelease {
        try await repository.refresh()
        let channel = try await repository.channelDocument()
        let offer = Offer(
            channel: channel, installed: await installedVersion(), installationID: installationID, now: clock.now)
        // What is recalled or installed is for whoever asked to say: a run names all that is wrong.
        let version = if let version { try offer.spelling(of: version) } else { try offer.version(for: nil) }
        let release = try await repository.release(version)
        let tree = try await repository.tree(release, component: component, platform: platform)
        packs[tree.pack.sha256] = tree.pack.length
        return ResolvedRelease(release: release, tree: tree, isRecalled: channel.recalled.contains(version))
    }

    nonisolated func fetch(
        _ plan: ContentPlan, of release: ResolvedRelease, into downloads: FilePath,
        progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws {
        try await repository.fetch(
            plan, of: release.tree, into: downloads, fileSystem: fileSystem, progress: progress)
    }

    // MARK: For the administrator

    /// One conditional request when nothing is new.
    func channel() async throws -> ChannelDocument {
        try await repository.refresh()
        return try await repository.channelDocument()
    }

    /// Every release of the channel, newest first.
    func summaries(installed: String?) async throws -> [ReleaseSummary] {
        let channel = try await channel()
        var summaries: [ReleaseSummary] = []
        for version in channel.releases {
            let release = try await document(version)
            summaries.append(
                ReleaseSummary(
                    version: version, date: release.date, severity: release.severity.rawValue, notes: release.notes,
                    isCurrent: version == channel.current, isInstalled: version == installed,
                    isRecalled: channel.recalled.contains(version),
                    fullPackBytes: release.part(component: component, platform: platform)?.packBytes))
        }
        return summaries
    }

    /// Whether a version's release has a client for `platform`.
    func hasClient(version: String, platform: String) async throws -> Bool {
        try await document(version).part(component: "client", platform: platform) != nil
    }

    /// Releases never change once they are published.
    private func document(_ version: String) async throws -> ReleaseDocument {
        if let known = documents[version] { return known }
        let document = try await repository.release(version)
        if documents.count > 200 { documents = [:] }
        documents[version] = document
        return document
    }

    // MARK: For the mirror

    func length(ofPack sha256: String) async throws -> Int64? {
        if let length = packs[sha256] { return length }
        // Somebody who asks for packs that do not exist must not make us ask the vendor each time.
        if let last = lastUnknown, clock.monotonicSeconds - last < Self.unknownPackPatience { return nil }
        let task = lookup ?? Task { try await lookUp() }
        lookup = task
        do {
            try await task.value
        } catch {
            throw Refusal(UpdateFailure(error))
        }
        if let length = packs[sha256] { return length }
        lastUnknown = clock.monotonicSeconds
        return nil
    }

    /// Learns the packs, deltas among them, of what is installed and of what the channel offers.
    private func lookUp() async throws {
        defer { lookup = nil }
        let channel = try await channel()
        for version in [await installedVersion(), channel.current].compactMap({ $0 }) { try await index(version) }
    }

    func objects(of versions: Set<String>) async throws -> Set<String> {
        try await repository.refresh()
        var paths = [RepositoryNames.channel(repository.channel, of: repository.product)]
        var objects: Set<String> = []
        for version in versions {
            // A release that the vendor took away is nothing that anybody could check any more.
            let path = RepositoryNames.release(version, of: repository.product)
            guard try await repository.sha256(ofTarget: path) != nil else { continue }
            paths.append(path)
            let release = try await document(version)
            for part in release.parts {
                paths.append(part.tree)
                let tree = try await repository.tree(release, component: part.component, platform: part.platform)
                objects.insert(tree.pack.sha256)
                objects.formUnion(tree.deltas.map(\.sha256))
            }
        }
        for path in paths {
            if let hash = try await repository.sha256(ofTarget: path) { objects.insert(hash) }
        }
        return objects
    }

    private func index(_ version: String) async throws {
        guard !indexed.contains(version) else { return }
        let release = try await document(version)
        for part in release.parts {
            let tree = try await repository.tree(release, component: part.component, platform: part.platform)
            packs[tree.pack.sha256] = tree.pack.length
            for delta in tree.deltas { packs[delta.sha256] = delta.length }
        }
        indexed.insert(version)
    }
}

extension Refusal {
    /// What a run would have failed with, as the answer to a request.
    init(_ failure: UpdateFailure) {
        let status =
            switch failure.code {
            case .vendorUnreachable, .packTampered, .metadataExpired, .metadataUntrusted, .metadataRolledBack,
                .metadataMalformed, .releaseUnsafe:
                502
            case .releaseUnknown, .partMissing, .channelUnknown, .productUnknown: 404
            case .updateRunning, .locked, .notInstalled, .alreadyInstalled, .notOfferedYet, .releaseRecalled,
                .versionTooOld, .tooLateToCancel:
                409
            default: 500
            }
        self.init(failure.code, status, failure.arguments)
    }
}
