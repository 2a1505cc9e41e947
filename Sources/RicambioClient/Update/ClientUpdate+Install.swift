// SPDX-License-Identifier: Apache-2.0
import Packaging
import Platform
import Replacement
import SystemPackage
import TUF

extension ClientUpdate {
    /// Fetches, verifies, stages and puts the new version in place; the program goes on running from the old one,
    /// which is now named `<name>_old`, until it is relaunched. After an error the old version is in place, and what
    /// was fetched is used by the next attempt. What somebody else has put in the way is left alone, and named.
    public func install(
        _ update: AvailableUpdate, progress: @escaping @Sendable (ClientUpdateProgress) -> Void = { _ in }
    ) async throws(ClientError) {
        let (place, keep) = (self.place, self.keep)
        let lock = try await BlockingWork.run { () throws(ClientError) in try place.beginInstall(keep) }
        defer { lock.release() }
        let inventory = await inventory(for: update)
        let installed = try await BlockingWork.run { () throws(ClientError) in
            try ClientStaging(folder: place, keep: keep).installed(update.from, inventory)
        }
        let bringing = Bringing(update: update, installed: installed, inventory: inventory, progress: progress)
        let staged = try await bring(bringing, ContentPlan(update.tree, from: inventory), inventory)
        try await BlockingWork.run { () throws(ClientError) in
            progress(.swapping)
            try place.finishInstall(update, staged, ClientStaging(folder: place, keep: keep))
        }
    }

    /// What is here of the version that is installed. One that was not put here by an update is described by the vendor's own
    /// document; without either, everything is fetched.
    private func inventory(for update: AvailableUpdate) async -> Inventory? {
        let place = self.place
        guard let from = update.from else { return nil }
        var tree = await BlockingWork.run { place.tree(installed: from) }
        if tree == nil, let release = try? await update.repository.release(from) {
            tree = try? await update.repository.tree(
                release, component: update.tree.component, platform: update.tree.platform)
        }
        guard let tree else { return nil }
        return await BlockingWork.run { try? Inventory(of: place.live, against: tree, fileSystem: place.fileSystem) }
    }

    /// What stays the same whichever way the content comes.
    private struct Bringing: Sendable {
        var update: AvailableUpdate
        var installed: FolderRecord
        var inventory: Inventory?
        var progress: @Sendable (ClientUpdateProgress) -> Void
    }

    /// Fetches and stages; when the cheapest way fails in a way that the whole pack does not, once more with that.
    private func bring(
        _ bringing: Bringing, _ plan: ContentPlan, _ reused: Inventory?
    ) async throws(ClientError) -> StagedClient {
        let (place, keep, tree, progress) = (self.place, self.keep, bringing.update.tree, bringing.progress)
        try await BlockingWork.run { () throws(ClientError) in
            let missing = try place.bytesToFetch(plan, of: tree)
            try ClientPreflight(folder: place, keep: keep).checkContent(tree, bytesToFetch: missing)
        }
        do {
            try await bringing.update.repository.fetch(
                plan, of: tree, into: place.downloads, fileSystem: place.fileSystem
            ) { progress(.downloading(done: $0, total: $1)) }
            guard !Task.isCancelled else { throw ClientError.cancelledUpdate }
            let source = Stager.Source(
                plan: plan, downloads: place.downloads, old: reused.map { (folder: place.live, tree: $0.tree) })
            let staged = try await BlockingWork.run {
                try ClientStaging(folder: place, keep: keep).build(
                    tree, from: source, installed: bringing.installed, inventory: bringing.inventory
                ) { progress(.staging(done: $0, total: $1)) }
            }
            guard !Task.isCancelled else { throw ClientError.cancelledUpdate }
            return staged
        } catch {
            guard let reason = error as? PackagingError,
                let rest = plan.fallback(after: reason, for: tree, from: reused)
            else { throw ClientError(error) }
            return try await bring(bringing, rest, nil)
        }
    }
}

extension ClientFolder {
    /// Takes the lock, clears away what an earlier attempt left, and refuses what cannot succeed.
    fileprivate func beginInstall(_ keep: KeepRules) throws(ClientError) -> any HeldLock {
        guard live.lastComponent != nil, parent.isAbsolute else {
            throw ClientError(.folder, "\(live.readable) is not the absolute path of a folder.")
        }
        let held: (any HeldLock)?
        do {
            held = try lock()
        } catch {
            throw ClientError(
                .folder,
                "This program cannot update itself, because it may not write to \(parent.readable): \(error.reason) "
                    + "Ask your administrator to update it, or for the right to write there.")
        }
        guard let held else { throw busy }
        do throws(ClientError) {
            if case .unconfirmed(let version) = try recover() {
                throw ClientError(
                    .busy, "Version \(version) was put in place and is to be started first; start the program anew.")
            }
            try ClientError.files { () throws(FileError) in try fileSystem.makeDirectories(downloads) }
            try ClientPreflight(folder: self, keep: keep).checkPlaces()
        } catch {
            held.release()
            throw error
        }
        return held
    }

    /// Of the version that an update put here.
    fileprivate func tree(installed version: String) -> Tree? {
        guard let bytes = try? fileSystem.read(treeFile(of: version), limit: 512 << 20) else { return nil }
        return try? Tree.decoded(from: bytes)
    }

    /// What an earlier attempt left counts.
    fileprivate func bytesToFetch(_ plan: ContentPlan, of tree: Tree) throws(ClientError) -> Int64 {
        let fetched = try ClientError.files { () throws(FileError) in
            try plan.fetchedBytes(of: tree, in: downloads, fileSystem: fileSystem)
        }
        return max(0, plan.bytes - fetched)
    }

    fileprivate func finishInstall(
        _ update: AvailableUpdate, _ staged: StagedClient, _ staging: ClientStaging
    ) throws(ClientError) {
        let tree: [UInt8]
        do {
            tree = try update.tree.encoded()
        } catch {
            throw ClientError(error)
        }
        try ClientError.files { () throws(FileError) in
            try fileSystem.makeDirectories(trees)
            try fileSystem.replace(treeFile(of: update.version), with: tree, permissions: 0o644)
        }
        try ClientError.replacement { () throws(ReplacementError) in try staging.copyAgain(staged) }
        let new = InstalledClient(
            product: update.product, version: update.version, component: update.tree.component,
            platform: update.tree.platform)
        try swap(to: new, staged.folders, held: Swap.Held(old: staged.old, new: staged.new))
        keepTrees(of: [update.version, update.from].compactMap(\.self))
        // The update has succeeded; what cannot be removed now goes with the next one.
        try? fileSystem.removeTree(downloads)
    }
}
