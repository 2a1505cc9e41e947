// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Packaging
internal import Platform
internal import SystemPackage
internal import TUF

internal import TUFRepository

/// Follows the metadata of a repository's folder to every file that a reader can be led to. The files are the vendor's
/// own: they are read, not verified (that is `verify`'s matter). What cannot be read stops it: nothing is removed,
/// and nothing uploaded, on a guess.
struct Reachability {
    let folder: VendorFolder
    private(set) var paths: Set<String> = ["metadata/root.json", "metadata/timestamp.json"]
    private var readRoles: Set<String> = []

    init(folder: VendorFolder) {
        self.folder = folder
    }

    /// Every root up to a version: each client climbs through all of them.
    mutating func follow(rootsTo version: Int64) {
        for version in 1...max(1, version) { paths.insert("metadata/\(version).root.json") }
    }

    /// From `N.snapshot.json`.
    mutating func follow(snapshot version: Int64) throws {
        let path = "metadata/\(version).snapshot.json"
        paths.insert(path)
        let list = try content(path, "snapshot", as: Snapshot.self)
        for name in list.fileNames {
            guard let file = list.file(name) else { continue }
            let role = String(name.dropLast(".json".count))
            try follow(role: role, at: "metadata/\(file.version).\(percentEncoded(role)).json")
        }
    }

    /// What waits for signatures refers to files that are there already.
    mutating func followPending() throws {
        let pending = folder.layout.pending
        guard try folder.fileSystem.exists(pending) else { return }
        for name in try folder.fileSystem.entries(of: pending) where name.hasSuffix(".json") && name != "root.json" {
            let bytes = try folder.fileSystem.read(pending.appending(name), limit: 1 << 30)
            let document = try SignedMetadata(parsing: bytes, role: name)
            try follow(try document.unchecked(as: Targets.self, role: name))
        }
    }

    private mutating func follow(role: String, at path: String) throws {
        paths.insert(path)
        guard readRoles.insert(path).inserted else { return }
        try follow(try content(path, role, as: Targets.self))
    }

    private mutating func follow(_ role: Targets) throws {
        for name in role.paths {
            guard let target = try role.target(name) else { continue }
            let path = "targets/" + target.location(consistentSnapshot: true)
            guard paths.insert(path).inserted, name.hasSuffix(".tree.zst") else { continue }
            let tree = try Tree.decoded(fromCompressed: try bytes(path), at: path)
            paths.insert(RepositoryNames.pack(tree.pack.sha256))
            for delta in tree.deltas { paths.insert(RepositoryNames.pack(delta.sha256)) }
        }
    }

    /// When the metadata was signed, as its expiry tells, or its file was written, whichever is later.
    func published(_ version: Int64, lifetimeDays: Int) throws -> Date {
        let path = "metadata/\(version).snapshot.json"
        let file = folder.layout.served.appending(path)
        let written = try folder.fileSystem.attributes(of: file)?.modified ?? 0
        let signed = try content(path, "snapshot", as: Snapshot.self).header.expires - Double(lifetimeDays) * 86_400
        return max(signed, Date(timeIntervalSince1970: Double(written) / 1e9))
    }

    private func content<Content: RoleMetadata>(
        _ path: String, _ role: String, as type: Content.Type
    ) throws -> Content {
        do {
            return try SignedMetadata(parsing: try bytes(path), role: role).unchecked(as: type, role: role)
        } catch let error as TUFError {
            throw VendorError(.damaged, "\(path): \(error).")
        }
    }

    private func bytes(_ path: String) throws -> [UInt8] {
        try folder.fileSystem.read(folder.layout.served.appending(path), limit: 1 << 30)
    }
}
