// SPDX-License-Identifier: Apache-2.0
import Crypto
import Platform
import SystemPackage
import TUF

/// What is looked at before the first byte is written.
extension RepositoryUpload {
    func describe(_ path: String) throws(UploadError) -> StoredFile {
        do {
            if let found = try fileSystem.attributes(of: place(path)), found.kind == .file {
                return StoredFile(path: path, size: found.size)
            }
        } catch {
            throw UploadError(.file(error), "\(error) Nothing was uploaded.")
        }
        throw UploadError(
            .incomplete, "The metadata leads to public/\(path), which is not there. Nothing was uploaded; see “verify”."
        )
    }

    /// Whether the store has this very publication already. Throws `older` or `conflict` when what it has is not a former state
    /// of this repository.
    func checkNotOlder(_ stamp: Stamp) async throws(UploadError) -> Bool {
        let found = try await asked { () async throws(StoreError) in
            try await store.read(Self.timestamp, limit: Self.limit)
        }
        guard let found else { return false }
        let remote = try readable("timestamp.json of the store") { () throws(TUFError) in
            try SignedMetadata(parsing: found, role: "timestamp").unchecked(as: Timestamp.self, role: "timestamp")
        }
        try UploadPlan.checkNotOlder(local: stamp.document.version, remote: remote.version)
        if remote.version == stamp.document.version {
            guard found == stamp.bytes else { throw UploadPlan.conflict(Self.timestamp) }
            return true
        }
        // What somebody published from another copy of this repository would vanish without a word.
        let versions = try snapshotVersions()
        let path = "metadata/\(remote.snapshot.version).snapshot.json"
        guard versions.contains(remote.snapshot.version) else {
            // Pruned here since.
            if let oldest = versions.min(), remote.snapshot.version < oldest { return false }
            throw UploadPlan.conflict(path)
        }
        let own = try read(path)
        guard remote.snapshot.hashes?["sha256"].map({ $0 == sha256Hex(own) }) ?? true else {
            throw UploadPlan.conflict(path)
        }
        return false
    }

    private func snapshotVersions() throws(UploadError) -> [Int64] {
        let suffix = ".snapshot.json"
        do {
            return try fileSystem.entries(of: place("metadata")).filter { $0.hasSuffix(suffix) }
                .compactMap { Int64($0.dropLast(suffix.count)) }
        } catch {
            throw UploadError(.file(error), "\(error) Nothing was uploaded.")
        }
    }

    /// The repository's own `timestamp.json`.
    struct Stamp {
        var bytes: [UInt8]
        var document: Timestamp
    }

    func stamp() throws(UploadError) -> Stamp {
        let bytes = try read(Self.timestamp)
        let document = try readable("timestamp.json") { () throws(TUFError) in
            try SignedMetadata(parsing: bytes, role: "timestamp").unchecked(as: Timestamp.self, role: "timestamp")
        }
        return Stamp(bytes: bytes, document: document)
    }

    func rootsFirst(_ stamp: Stamp, _ remote: [StoredFile]) throws(UploadError) -> Bool {
        let versions = remote.compactMap { file -> Int64? in
            guard UploadPlan.stage(of: file.path) == .roots else { return nil }
            return Int64(file.path.dropFirst("metadata/".count).prefix { $0 != "." })
        }
        var root: [UInt8]?
        if let newest = versions.max(), remote.contains(where: { $0.path == Self.timestamp }) {
            root = try read("metadata/\(newest).root.json")
        }
        let list = try read("metadata/\(stamp.document.snapshot.version).snapshot.json")
        let targets = try readable("the snapshot") { () throws(TUFError) in
            try SignedMetadata(parsing: list, role: "snapshot").unchecked(as: Snapshot.self, role: "snapshot")
        }.file("targets.json")
        var documents: [TopLevelRole: [UInt8]] = [.timestamp: stamp.bytes, .snapshot: list]
        if let targets { documents[.targets] = try read("metadata/\(targets.version).targets.json") }
        return try readable("the metadata") { () throws(TUFError) in
            try RootOrder.rootsFirst(after: root, documents: documents)
        }
    }

    /// Whether the store's object is the repository's file. An ETag that is the MD5 of the file saves fetching the object;
    /// stores are free to make theirs another way.
    func isSame(_ object: StoredFile) async throws(UploadError) -> Bool {
        let own = try read(object.path)
        if let etag = object.etag, etag.filter({ $0 != "\"" }) == hex(Insecure.MD5.hash(data: own)) { return true }
        let found = try await asked { () async throws(StoreError) in
            try await store.read(object.path, limit: Self.limit)
        }
        return found == own
    }
}
