// SPDX-License-Identifier: Apache-2.0
import SystemPackage
import TUF

/// What is published at the moment, by way of `timestamp.json`: files of a commit that did not come to its end are
/// not reached. Every signature is checked, expiry is not (an expired repository must be renewable).
struct LoadedRepository {
    let lifetimes: Lifetimes
    let root: Root
    let targets: EditableMetadata
    private(set) var products: [String: EditableMetadata] = [:]
    let snapshot: EditableMetadata
    let timestamp: EditableMetadata

    init(_ files: RepositoryFiles) throws(RepositoryError) {
        let layout = files.layout
        guard let version = try files.newestRootVersion() else {
            throw RepositoryError(.notARepository, "\(layout.metadata) has no root")
        }
        root = try Self.root(try files.read(layout.metadata("root", version: version)))
        let (timestamp, stamp) = try Self.load(
            files, layout.metadata.appending("timestamp.json"), "timestamp", root[.timestamp], as: Timestamp.self)
        let (snapshot, list) = try Self.load(
            files, layout.metadata("snapshot", version: stamp.snapshot.version), "snapshot", root[.snapshot],
            as: Snapshot.self)
        func targets(_ name: String, _ keys: RoleKeys) throws(RepositoryError) -> (EditableMetadata, Targets) {
            guard let file = list.file("\(name).json") else {
                throw RepositoryError(.notARepository, "the snapshot does not list \(name)")
            }
            return try Self.load(files, layout.metadata(name, version: file.version), name, keys, as: Targets.self)
        }
        let (top, content) = try targets("targets", root[.targets])
        for role in content.delegations?.roles ?? [] {
            products[role.name] = try targets(role.name, role.keys).0
        }
        self.timestamp = timestamp
        self.snapshot = snapshot
        self.targets = top
        lifetimes = try Self.lifetimes(files)
    }

    private static func root(_ bytes: [UInt8]) throws(RepositoryError) -> Root {
        try metadata("read the newest root") { () throws(TUFError) in
            let document = try SignedMetadata(parsing: bytes, role: "root")
            let root = try document.unchecked(as: Root.self, role: "root")
            try document.verify(by: root[.root], role: "root")
            return root
        }
    }

    private static func load<Content: RoleMetadata>(
        _ files: RepositoryFiles, _ file: FilePath, _ role: String, _ keys: RoleKeys, as type: Content.Type
    ) throws(RepositoryError) -> (EditableMetadata, Content) {
        let bytes = try files.read(file)
        return try metadata("read \(file)") { () throws(TUFError) in
            let document = try SignedMetadata(parsing: bytes, role: role)
            return (EditableMetadata(document.signed), try document.verified(as: type, by: keys, role: role))
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
