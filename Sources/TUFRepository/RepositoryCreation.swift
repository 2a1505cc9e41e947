// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage
import TUF

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension RepositoryEditor {
    /// Makes an empty repository with new keys: root keys, and one each for targets, snapshot and timestamp.
    /// `exists` when there is one; a creation that was killed is taken up again.
    public static func create(
        at folder: FilePath, keys: KeyStore, options: RepositoryOptions = RepositoryOptions(),
        clock: any WallClock, fileSystem: any FileSystem
    ) throws(RepositoryError) {
        guard (1...max(1, options.rootKeyCount)).contains(options.rootThreshold) else {
            throw RepositoryError(
                .missingKey, "a threshold of \(options.rootThreshold) cannot be met by \(options.rootKeyCount) keys")
        }
        let layout = RepositoryLayout(folder)
        let files = RepositoryFiles(layout: layout, fileSystem: fileSystem)
        for directory in [layout.metadata, layout.targets, layout.packs] {
            try TUFRepository.files("make \(directory)") { () throws(FileError) in
                try fileSystem.makeDurableDirectories(directory)
            }
        }
        let lock = try files.lock()
        defer { withExtendedLifetime(lock) {} }
        let timestampFile = layout.metadata.appending("timestamp.json")
        guard try !files.exists(timestampFile) else {
            throw RepositoryError(.exists, "there is a repository at \(folder) already")
        }
        try files.write(layout.settings, options.lifetimes.json.prettyBytes(), permissions: 0o600)
        let signers = try makeKeys(keys, options: options)
        for (file, bytes) in try firstDocuments(signers, options: options, layout: layout, now: clock.now) {
            try files.write(file, bytes)
        }
    }

    private static func makeKeys(
        _ keys: KeyStore, options: RepositoryOptions
    ) throws(RepositoryError) -> [TopLevelRole: [any Signer]] {
        var signers: [TopLevelRole: [any Signer]] = [:]
        for number in 1...options.rootKeyCount {
            signers[.root, default: []].append(try keys.signerOrNew("root-\(number)", unattended: false))
        }
        for role in [TopLevelRole.targets, .snapshot, .timestamp] {
            // Snapshot and timestamp are renewed from cron, where nobody types a passphrase.
            signers[role] = [try keys.signerOrNew(role.rawValue, unattended: role != .targets)]
        }
        return signers
    }

    /// In the order in which they are written: `timestamp.json` last.
    private static func firstDocuments(
        _ signers: [TopLevelRole: [any Signer]], options: RepositoryOptions, layout: RepositoryLayout, now: Date
    ) throws(RepositoryError) -> [(FilePath, [UInt8])] {
        func expiry(_ days: Int) -> Date { now + Double(days) * 86_400 }
        let lifetimes = options.lifetimes
        do {
            let root = try EditableMetadata.root(
                keys: signers.mapValues { $0.map(\.key) }, thresholds: [.root: options.rootThreshold],
                expires: expiry(lifetimes.root)
            ).document(signedBy: signers[.root] ?? [])
            let targets = try EditableMetadata.targets(expires: expiry(lifetimes.targets))
                .document(signedBy: signers[.targets] ?? [])
            var list = EditableMetadata.snapshot(expires: expiry(lifetimes.snapshot))
            list.setMeta("targets.json", version: 1, bytes: targets)
            let snapshot = try list.document(signedBy: signers[.snapshot] ?? [])
            var stamp = EditableMetadata.timestamp(expires: expiry(lifetimes.timestamp))
            stamp.setMeta("snapshot.json", version: 1, bytes: snapshot)
            let timestamp = try stamp.document(signedBy: signers[.timestamp] ?? [])
            return [
                (layout.firstRoot, root), (layout.metadata.appending("root.json"), root),
                (layout.metadata("targets", version: 1), targets),
                (layout.metadata("snapshot", version: 1), snapshot),
                (layout.metadata.appending("timestamp.json"), timestamp),
            ]
        } catch {
            throw RepositoryError(.badKey, "the first metadata cannot be signed: \(error)")
        }
    }
}
