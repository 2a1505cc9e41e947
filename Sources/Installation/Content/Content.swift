// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Packaging
internal import Platform
internal import Replacement
internal import SystemPackage

/// What an installation has of its release, and the plan that follows for another one.
struct Content: Sendable {
    let plan: ContentPlan
    /// `nil` when the tree of what is installed is not known: everything is fetched.
    let inventory: Inventory?

    /// Hashes the live folder against the tree that was put there. Blocks until done.
    static func plan(
        _ tree: Tree, installed version: String?, layout: InstallationLayout, fileSystem: any FileSystem,
        flag: CancellationFlag
    ) throws -> Content {
        var found: Inventory?
        if let version { found = try inventory(of: version, layout, fileSystem, flag) }
        return Content(plan: ContentPlan(tree, from: found), inventory: found)
    }

    private static func inventory(
        of version: String, _ layout: InstallationLayout, _ fileSystem: any FileSystem, _ flag: CancellationFlag
    ) throws -> Inventory? {
        // Without the document nothing is known of the folder, and all of it is fetched: slower, never wrong.
        guard let bytes = try? fileSystem.read(layout.tree(of: version), limit: 512 << 20),
            let tree = try? Tree.decoded(from: bytes)
        else { return nil }
        return try Inventory(of: layout.live, against: tree, fileSystem: fileSystem) { _, _ in try flag.check() }
    }

    /// The vendor's files that the customer has changed, or removed.
    var changed: Set<FilePath> {
        guard let inventory else { return [] }
        return inventory.changed(in: inventory.tree.releaseEntries)
    }

    /// What to try when this way failed; `nil` when nothing is left.
    func fallback(after error: any Error, for tree: Tree) -> Content? {
        guard let error = error as? PackagingError,
            let plan = plan.fallback(after: error, for: tree, from: inventory)
        else { return nil }
        return Content(plan: plan, inventory: nil)
    }

    func source(_ layout: InstallationLayout) -> Stager.Source {
        Stager.Source(
            plan: plan, downloads: layout.downloads, old: inventory.map { (folder: layout.live, tree: $0.tree) })
    }

    /// Bytes that still have to be fetched: what an earlier attempt left counts.
    func bytesToFetch(_ tree: Tree, _ layout: InstallationLayout, _ fileSystem: any FileSystem) throws -> Int64 {
        max(0, plan.bytes - (try plan.fetchedBytes(of: tree, in: layout.downloads, fileSystem: fileSystem)))
    }

    var summary: ContentSummary {
        let choices = plan.candidates.map {
            ContentSummary.Choice(way: $0.way.rawValue, bytes: $0.bytes, requests: $0.requests)
        }
        return ContentSummary(
            way: plan.way.rawValue, bytesFetched: plan.bytes, bytesReused: plan.reusedBytes, requests: plan.requests,
            choices: choices)
    }
}

extension Inventory {
    /// Files that are not what the tree says; `entries` are the tree's.
    func changed(in entries: [ReleaseEntry]) -> Set<FilePath> {
        var changed: Set<FilePath> = []
        for (index, entry) in entries.enumerated() where !intact.contains(index) {
            if case .file = entry.kind { changed.insert(entry.path) }
        }
        return changed
    }
}
