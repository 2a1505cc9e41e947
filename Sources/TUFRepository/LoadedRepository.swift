// SPDX-License-Identifier: Apache-2.0
import SystemPackage
import TUF

/// What is published at the moment, by way of `timestamp.json`: files of a commit that did not come to its end are
/// not reached. Every signature is checked, expiry is not (an expired repository must be renewable).
///
/// When new keys were published and the publisher was killed before it signed with them, roles are still signed by
/// the keys of the root before: they are taken, and signed anew at the next opportunity.
struct LoadedRepository {
    let lifetimes: Lifetimes
    let rootMetadata: EditableMetadata
    let root: Root
    /// Top-level roles that only the keys of the root before have signed.
    private(set) var outdated: Set<String> = []
    let targets: EditableMetadata
    private(set) var products: [String: EditableMetadata] = [:]
    let snapshot: EditableMetadata
    let timestamp: EditableMetadata

    init(_ files: RepositoryFiles) throws(RepositoryError) {
        let layout = files.layout
        guard let version = try files.newestRootVersion() else {
            throw RepositoryError(.notARepository, "\(layout.metadata) has no root")
        }
        (rootMetadata, root) = try Self.root(try files.read(layout.metadata("root", version: version)))
        let roots = try [root] + Self.before(root, files)
        let loader = Loader(files: files)
        var outdated: Set<String> = []
        func load<Content: RoleMetadata>(
            _ file: FilePath, _ role: TopLevelRole, as type: Content.Type
        ) throws(RepositoryError) -> (EditableMetadata, Content) {
            let loaded = try loader.load(file, role.rawValue, roots.map { $0[role] }, as: type)
            if loaded.isOutdated { outdated.insert(role.rawValue) }
            return (loaded.metadata, loaded.content)
        }
        let (timestamp, stamp) = try load(
            layout.metadata.appending("timestamp.json"), .timestamp, as: Timestamp.self)
        let (snapshot, list) = try load(
            layout.metadata("snapshot", version: stamp.snapshot.version), .snapshot, as: Snapshot.self)
        func file(_ name: String) throws(RepositoryError) -> FilePath {
            guard let file = list.file("\(name).json") else {
                throw RepositoryError(.notARepository, "the snapshot does not list \(name)")
            }
            return layout.metadata(name, version: file.version)
        }
        let (top, content) = try load(try file("targets"), .targets, as: Targets.self)
        for role in content.delegations?.roles ?? [] {
            products[role.name] = try loader.load(
                try file(role.name), role.name, [role.keys], as: Targets.self
            ).metadata
        }
        self.outdated = outdated
        self.timestamp = timestamp
        self.snapshot = snapshot
        self.targets = top
        lifetimes = try Self.lifetimes(files)
    }

    private static func root(_ bytes: [UInt8]) throws(RepositoryError) -> (EditableMetadata, Root) {
        try metadata("read the newest root") { () throws(TUFError) in
            let document = try SignedMetadata(parsing: bytes, role: "root")
            let root = try document.unchecked(as: Root.self, role: "root")
            try document.verify(by: root[.root], role: "root")
            return (EditableMetadata(document.signed), root)
        }
    }

    /// None before the first.
    private static func before(_ root: Root, _ files: RepositoryFiles) throws(RepositoryError) -> [Root] {
        let file = files.layout.metadata("root", version: root.version - 1)
        guard try files.exists(file) else { return [] }
        return [try Self.root(try files.read(file)).1]
    }

    private struct Loader {
        let files: RepositoryFiles

        /// - Parameter candidates: the keys that should have signed, then those that may have before.
        func load<Content: RoleMetadata>(
            _ file: FilePath, _ role: String, _ candidates: [RoleKeys], as type: Content.Type
        ) throws(RepositoryError) -> (metadata: EditableMetadata, content: Content, isOutdated: Bool) {
            let bytes = try files.read(file)
            return try metadata("read \(file)") { () throws(TUFError) in
                let document = try SignedMetadata(parsing: bytes, role: role)
                let signed = EditableMetadata(document.signed)
                if let keys = candidates.first, let content = try? document.verified(as: type, by: keys, role: role) {
                    return (signed, content, false)
                }
                for keys in candidates.dropFirst() {
                    guard let content = try? document.verified(as: type, by: keys, role: role) else { continue }
                    return (signed, content, true)
                }
                guard let keys = candidates.first else { throw TUFError(.threshold, "nobody may sign it", role: role) }
                return (signed, try document.verified(as: type, by: keys, role: role), false)
            }
        }
    }

    private static func lifetimes(_ files: RepositoryFiles) throws(RepositoryError) -> Lifetimes {
        guard try files.exists(files.layout.settings) else { return Lifetimes() }
        let bytes = try files.read(files.layout.settings)
        do {
            return Lifetimes(try JSONValue(parsing: bytes))
        } catch {
            throw RepositoryError(.notARepository, "\(files.layout.settings) is not JSON: \(error)")
        }
    }
}
