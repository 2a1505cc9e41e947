// SPDX-License-Identifier: Apache-2.0

/// A file below a repository's `public/`, or an object below a store's prefix.
public struct StoredFile: Sendable, Hashable {
    /// Relative, with `/`: `packs/<sha256>`.
    public var path: String
    /// Bytes.
    public var size: Int64
    /// The store's own mark of one content of the object; local files have none.
    public var etag: String?

    public init(path: String, size: Int64, etag: String? = nil) {
        self.path = path
        self.size = size
        self.etag = etag
    }
}

/// What to put into a store, in which order. A value without any input or output.
///
/// A stage may begin only when all of the one before is stored: whatever a reader finds then refers to nothing that is
/// missing, whenever the upload stops.
public struct UploadPlan: Sendable, Hashable {
    /// In order, but for ``roots``; the files of one stage may go side by side.
    public enum Stage: Int, Sendable, Hashable, CaseIterable {
        case packs, targets, metadata, roots, latestRoot, timestamp

        /// Never changes once written: may be cached for ever.
        public var isImmutable: Bool { self != .latestRoot && self != .timestamp }

        /// The `Cache-Control` header. What is replaced in place is cached for seconds, else readers would see
        /// a publication late.
        public var cacheControl: String {
            isImmutable ? "public, max-age=31536000, immutable" : "public, max-age=5"
        }
    }

    /// What the store must hold for it to write: its check and its writing are one step, so two publishers cannot
    /// overwrite one another.
    public enum Condition: Sendable, Hashable {
        /// `If-None-Match: *`
        case absent
        /// `If-Match`
        case unchanged(etag: String)
        case none
    }

    public struct Put: Sendable, Hashable {
        public var path: String
        public var size: Int64
        public var stage: Stage
        public var condition: Condition

        public var contentType: String {
            if path.hasSuffix(".json") { return "application/json" }
            return path.hasSuffix(".zst") ? "application/zstd" : "application/octet-stream"
        }
    }

    /// In order; what is in one stage may go side by side.
    public let stages: [[Put]]
    /// What the store has under names that do not tell the content: to be compared before anything is written.
    public let toCompare: [StoredFile]

    public var puts: [Put] { stages.flatMap(\.self) }
    /// Of all ``puts``.
    public var bytes: Int64 { puts.reduce(0) { $0 + $1.size } }

    /// `local` are the files that the repository's `timestamp.json` leads to, itself and the roots included. `remote`
    /// are all objects below the prefix, listed before anything is written. Immutable files that the store has in the
    /// same size are left alone.
    ///
    /// - Parameter rootsFirst: whether new roots go before `timestamp.json`. They follow it while readers of the root before
    ///   believe it too (``RootOrder``); else they must come first.
    /// Throws `conflict` and `incomplete`.
    public init(local: [StoredFile], remote: [StoredFile], rootsFirst: Bool = true) throws(UploadError) {
        let there = Dictionary(remote.map { ($0.path, $0) }, uniquingKeysWith: { _, last in last })
        var puts: [Stage: [Put]] = [:]
        var toCompare: [StoredFile] = []
        for file in local {
            guard let stage = Self.stage(of: file.path) else { throw Self.misplaced(file.path) }
            let found = there[file.path]
            if stage.isImmutable, let found {
                guard found.size == file.size else { throw Self.conflict(file.path) }
                if stage == .metadata || stage == .roots { toCompare.append(found) }
                continue
            }
            let condition = try Self.condition(stage, found)
            puts[stage, default: []].append(Put(path: file.path, size: file.size, stage: stage, condition: condition))
        }
        guard puts[.timestamp] != nil else {
            throw UploadError(.incomplete, "The repository has no metadata/timestamp.json. Nothing was uploaded.")
        }
        let order: [Stage] =
            rootsFirst ? Stage.allCases : [.packs, .targets, .metadata, .timestamp, .roots, .latestRoot]
        stages = order.compactMap { stage in
            // Readers count roots up: one after the other.
            guard let all = puts[stage]?.sorted(by: { Self.rank($0.path) < Self.rank($1.path) }) else { return nil }
            return all
        }.flatMap { stage in stage.first?.stage == .roots ? stage.map { [$0] } : [stage] }
        self.toCompare = toCompare.sorted { $0.path < $1.path }
    }

    /// Throws `older` when uploading would take readers back: they would refuse the store as rolled back.
    /// `remote` is `nil` when the store has no timestamp yet.
    public static func checkNotOlder(local: Int64, remote: Int64?) throws(UploadError) {
        guard let remote, local < remote else { return }
        throw UploadError(
            .older,
            "The store has version \(remote) of timestamp.json, this repository only \(local): somebody else has published. Nothing was uploaded; bring this repository up to date first."
        )
    }

    /// Objects of the store that the repository's folder does not have any more (`prune` took them away), in an order in which
    /// nothing that is left leads nowhere. Roots stay, and so does whatever is no file of a repository.
    public static func removals(keeping local: Set<String>, remote: [StoredFile]) -> [StoredFile] {
        let gone = remote.compactMap { file -> (stage: Stage, file: StoredFile)? in
            guard let stage = stage(of: file.path), [.packs, .targets, .metadata].contains(stage),
                !local.contains(file.path)
            else { return nil }
            return (stage, file)
        }
        return gone.sorted { ($1.stage.rawValue, $0.file.path) < ($0.stage.rawValue, $1.file.path) }.map(\.file)
    }

    private static func rank(_ path: String) -> (Int64, String) {
        let name = path.split(separator: "/").last ?? ""
        return (name.split(separator: ".").first.flatMap { Int64($0) } ?? 0, path)
    }

    /// `nil` for what is no file of a repository.
    static func stage(of path: String) -> Stage? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 2, !parts.contains(where: { $0.isEmpty || $0.hasPrefix(".") }) else { return nil }
        switch (String(parts[0]), parts.count) {
        case ("packs", 2) where isSHA256(parts[1]): return .packs
        case ("targets", 3...) where isHashed(parts[parts.count - 1]): return .targets
        case ("metadata", 2): return metadataStage(String(parts[1]))
        default: return nil
        }
    }

    private static func metadataStage(_ name: String) -> Stage? {
        if name == "timestamp.json" { return .timestamp }
        if name == "root.json" { return .latestRoot }
        let parts = name.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let version = Int64(parts[0]), version > 0, parts[0].first != "0",
            parts[1].hasSuffix(".json"), parts[1].count > ".json".count
        else { return nil }
        return parts[1] == "root.json" ? .roots : .metadata
    }

    private static func condition(_ stage: Stage, _ found: StoredFile?) throws(UploadError) -> Condition {
        guard stage == .timestamp, let found else {
            // A newest root that is repeated does no harm; readers count up N.root.json.
            return stage == .latestRoot ? .none : .absent
        }
        guard let etag = found.etag else {
            throw UploadError(
                .conflict,
                "The store gives no ETag for \(found.path), so another publisher could be overwritten. Nothing was uploaded."
            )
        }
        return .unchanged(etag: etag)
    }

    private static func misplaced(_ path: String) -> UploadError {
        UploadError(
            .incomplete,
            "public/\(path) is no file of a repository, though its metadata leads there. Nothing was uploaded."
        )
    }

    /// What is written once is there with other content.
    static func conflict(_ path: String) -> UploadError {
        UploadError(
            .conflict,
            "The store has another \(path) than this repository, and this file never changes once it is written: another repository is there, or somebody has published from an older copy of this one. Nothing was uploaded."
        )
    }

    /// The SHA-256 that a file's name begins with, lower-case hex: of packs and targets.
    static func namedHash(_ path: String) -> String? {
        let name = path.split(separator: "/").last ?? ""
        return isSHA256(name.prefix(64)) ? String(name.prefix(64)) : nil
    }

    private static func isHashed(_ name: Substring) -> Bool {
        name.dropFirst(64).first == "." && isSHA256(name.prefix(64))
    }

    private static func isSHA256(_ name: Substring) -> Bool {
        name.utf8.count == 64 && name.allSatisfy { ("0"..."9").contains($0) || ("a"..."f").contains($0) }
    }
}
