// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage
internal import TUF

extension ReleaseRepository {
    /// Fetches what a plan needs into the folder `downloads`, and goes on with what is there from before. Packs and deltas
    /// are verified; what only staging can verify is verified there. `progress` gets bytes done and in all.
    ///
    /// One call at a time for one folder. Throws `tampered`, `fetch` (what has come stays, for the next call) or `file`.
    public nonisolated func fetch(
        _ plan: ContentPlan, of tree: Tree, into downloads: FilePath, fileSystem: any FileSystem,
        progress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
    ) async throws(PackagingError) {
        let files = plan.files(of: tree, in: downloads)
        let total = plan.bytes
        guard plan.way != .pack else {
            return try await fetchPack(tree.pack, to: files.pack, fileSystem: fileSystem, progress: progress)
        }
        var before: Int64 = 0
        if let delta = plan.delta, let file = files.delta {
            try await fetchBlob(delta.sha256, length: delta.length, to: file, fileSystem: fileSystem) { done, _ in
                progress(done, total)
            }
            before = delta.length
        }
        if let file = files.ranges {
            let fetched = before
            try await RangesDownload(
                ranges: plan.ranges, url: url(ofPack: tree.pack.sha256), file: file, fileSystem: fileSystem,
                fetcher: fetcher, progress: { progress(fetched + $0, total) }
            ).run()
        }
    }
}
