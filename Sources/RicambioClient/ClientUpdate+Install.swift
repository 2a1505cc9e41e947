// SPDX-License-Identifier: Apache-2.0
import Packaging
import Platform
import SystemPackage
import TUF

extension ClientUpdate {
    /// Fetches, verifies, stages and puts the new version in place; the program goes on running from the old one,
    /// which is now named `<name>_old`, until it is relaunched. After an error the old version is in place, and what
    /// was fetched is used by the next attempt.
    public func install(
        _ update: AvailableUpdate, progress: @escaping @Sendable (ClientUpdateProgress) -> Void = { _ in }
    ) async throws(ClientError) {
        let (place, keep) = (self.place, self.keep)
        let lock = try await BlockingWork.run { () throws(ClientError) in try place.beginInstall(update) }
        defer { lock.release() }
        let inventory = await inventory(for: update)
        try await bring(update, ContentPlan(update.tree, from: inventory), inventory, progress)
        try await BlockingWork.run { () throws(ClientError) in
            progress(.swapping)
            try place.finishInstall(update, keep: keep)
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

    /// Fetches and stages; when the cheapest way fails in a way that the whole pack does not, once more with that.
    private func bring(
        _ update: AvailableUpdate, _ plan: ContentPlan, _ inventory: Inventory?,
        _ progress: @escaping @Sendable (ClientUpdateProgress) -> Void
    ) async throws(ClientError) {
        let place = self.place
        try await BlockingWork.run { () throws(ClientError) in try place.checkSpace(for: update, plan) }
        do throws(PackagingError) {
            try await update.repository.fetch(
                plan, of: update.tree, into: place.downloads, fileSystem: place.fileSystem
            ) { progress(.downloading(done: $0, total: $1)) }
            let source = Stager.Source(
                plan: plan, downloads: place.downloads, old: inventory.map { (folder: place.live, tree: $0.tree) })
            if !Task.isCancelled {
                try await BlockingWork.run { () throws(PackagingError) in
                    try place.stage(update.tree, source) { progress(.staging(done: $0, total: $1)) }
                }
            }
        } catch {
            guard let rest = plan.fallback(after: error, for: update.tree, from: inventory) else {
                throw ClientError(error)
            }
            return try await bring(update, rest, nil, progress)
        }
        guard !Task.isCancelled else { throw ClientError(.cancelled, "Cancelled. Nothing was changed.") }
    }
}

extension ClientFolder {
    /// Takes the lock, clears away what an earlier attempt left, and refuses what cannot succeed.
    fileprivate func beginInstall(_ update: AvailableUpdate) throws(ClientError) -> any HeldLock {
        guard !name.isEmpty, parent.isAbsolute else {
            throw ClientError(.folder, "\(live) is not the absolute path of a folder.")
        }
        let held: (any HeldLock)?
        do {
            held = try lock()
        } catch {
            throw ClientError(
                .folder,
                "This program cannot update itself, because it may not write to \(parent): \(error.reason) "
                    + "Ask your administrator to update it, or for the right to write there.")
        }
        guard let held else {
            throw ClientError(.busy, "Another program is updating \(live) right now.")
        }
        do {
            try prepare(update)
        } catch {
            held.release()
            throw error
        }
        return held
    }

    private func prepare(_ update: AvailableUpdate) throws(ClientError) {
        if case .unconfirmed(let version) = try recover() {
            throw ClientError(
                .busy, "Version \(version) was put in place and is to be started first; start the program anew.")
        }
        let (here, there, blocked) = try ClientError.files { () throws(FileError) in
            try fileSystem.makeDirectories(downloads)
            return (
                try fileSystem.attributes(of: live), try fileSystem.attributes(of: state), try fileSystem.exists(old)
            )
        }
        guard let here, here.kind == .directory else {
            throw ClientError(.folder, "\(live) is not a folder, or a symlink to one: name the folder itself.")
        }
        guard here.device == there?.device else {
            throw ClientError(.folder, "\(live) is on another file system than \(parent); they cannot change places.")
        }
        guard !blocked else {
            throw ClientError(.folder, "\(old) is in the way: move it away, then update again.")
        }
    }

    /// Of the version that an update put here.
    fileprivate func tree(installed version: String) -> Tree? {
        guard let bytes = try? fileSystem.read(tree(of: version), limit: 512 << 20) else { return nil }
        return try? Tree.decoded(from: bytes)
    }

    /// Before the first byte is fetched.
    fileprivate func checkSpace(for update: AvailableUpdate, _ plan: ContentPlan) throws(ClientError) {
        let (fetched, free) = try ClientError.files { () throws(FileError) in
            (
                try plan.fetchedBytes(of: update.tree, in: downloads, fileSystem: fileSystem),
                try fileSystem.freeBytes(at: state)
            )
        }
        let needed = max(0, plan.bytes - fetched) + update.installedBytes + (16 << 20)
        guard free >= needed else {
            throw ClientError(
                .folder, "\(parent) has \(free) bytes free; the update needs \(needed). Nothing was changed.")
        }
    }

    fileprivate func stage(
        _ tree: Tree, _ source: Stager.Source, progress: (Int64, Int64) -> Void
    ) throws(PackagingError) {
        try PackagingError.files { () throws(FileError) in try fileSystem.removeTree(staged) }
        try Stager(fileSystem: fileSystem).stage(tree, from: source, into: staged, progress: progress)
    }

    private var trees: FilePath { state.appending("trees") }
    private func tree(of version: String) -> FilePath { trees.appending("\(version).json") }

    fileprivate func finishInstall(_ update: AvailableUpdate, keep: [KeepPattern]) throws(ClientError) {
        try ClientError.files { () throws(FileError) in
            _ = try KeptFiles(patterns: keep, live: live, staged: staged, fileSystem: fileSystem).carryOver()
        }
        let tree: [UInt8]
        do {
            tree = try update.tree.encoded()
        } catch {
            throw ClientError(error)
        }
        try ClientError.files { () throws(FileError) in
            try fileSystem.removeTree(trees)
            try fileSystem.makeDirectories(trees)
            try fileSystem.replace(self.tree(of: update.version), with: tree, permissions: 0o644)
        }
        try swap(
            to: InstalledClient(
                product: update.product, version: update.version, component: update.tree.component,
                platform: update.tree.platform))
        // The update has succeeded; what cannot be removed now goes with the next one.
        try? fileSystem.removeTree(downloads)
    }
}
