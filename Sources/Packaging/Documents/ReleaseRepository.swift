// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage
public import TUF

/// One product's channel in a vendor's repository, as a reader sees it. Everything it returns was verified.
public actor ReleaseRepository {
    private let updater: Updater
    private let packsURL: String
    nonisolated let fetcher: any Fetcher
    public nonisolated let product: String
    public nonisolated let channel: String

    /// `baseURL` is the folder that has `metadata/`, `targets/` and `packs/`.
    public init(updater: Updater, baseURL: String, product: String, channel: String, fetcher: any Fetcher) {
        self.updater = updater
        packsURL = baseURL.hasSuffix("/") ? baseURL : baseURL + "/"
        self.product = product
        self.channel = channel
        self.fetcher = fetcher
    }

    /// Brings the metadata up to date; throws `untrusted` when it is refused, `fetch` when
    /// the vendor cannot be reached.
    public func refresh() async throws(PackagingError) {
        do {
            try await updater.refresh()
        } catch {
            throw PackagingError(error)
        }
    }

    public func channelDocument() async throws(PackagingError) -> ChannelDocument {
        let path = RepositoryNames.channel(channel, of: product)
        guard RepositoryNames.isValid(product: product), RepositoryNames.isValid(channel: channel),
            let bytes = try await target(path)
        else {
            throw PackagingError(
                .notFound(.channel), "The repository has no channel \(channel) of \(product).", at: path)
        }
        let document = try ChannelDocument.decoded(from: bytes, at: path)
        guard document.product == product, document.channel == channel else {
            throw PackagingError(.malformed, "This is \(document.channel) of \(document.product).", at: path)
        }
        return document
    }

    public func release(_ version: String) async throws(PackagingError) -> ReleaseDocument {
        let path = RepositoryNames.release(version, of: product)
        guard RepositoryNames.isValid(product: product), Version(version) != nil, let bytes = try await target(path)
        else {
            throw PackagingError(
                .notFound(.release), "The repository has no release \(version) of \(product).", at: path)
        }
        let document = try ReleaseDocument.decoded(from: bytes, at: path)
        guard document.product == product, document.version == version else {
            throw PackagingError(.malformed, "This is \(document.product) \(document.version).", at: path)
        }
        return document
    }

    /// The tree of one part of a release, checked and therefore safe to stage.
    public func tree(
        _ release: ReleaseDocument, component: String, platform: String
    ) async throws(PackagingError) -> Tree {
        let missing = PackagingError(
            .notFound(.part(version: release.version, component: component, platform: platform)),
            "\(release.product) \(release.version) has no \(component) for \(platform).")
        guard let part = release.part(component: component, platform: platform) else { throw missing }
        guard let bytes = try await target(part.tree) else { throw missing }
        let tree = try Tree.decoded(fromCompressed: bytes, at: part.tree)
        guard tree.product == release.product, tree.release == release.version, tree.component == component,
            tree.platform == platform, tree.contentSHA256 == part.treeSHA256, tree.pack.length == part.packBytes
        else {
            throw PackagingError(.malformed, "The tree is not the one that its release describes.", at: part.tree)
        }
        return tree
    }

    /// Fetches `packs/<sha256>` into `file`, resuming what `<file>.partial` has; `file` exists only once its length
    /// and SHA-256 are right. A `file` that is there and right is left alone. `progress` gets bytes done and in all.
    ///
    /// One call at a time for one `file`: two would write into the same partial file.
    ///
    /// Throws `tampered` (the partial file is removed), `fetch` (it stays, for the next call) or `file`.
    public nonisolated func fetchPack(
        _ pack: PackReference, to file: FilePath, fileSystem: any FileSystem,
        progress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
    ) async throws(PackagingError) {
        try pack.check()
        try await fetchBlob(pack.sha256, length: pack.length, to: file, fileSystem: fileSystem, progress: progress)
    }

    /// As ``fetchPack(_:to:fileSystem:progress:)``, of any blob in `packs/`.
    nonisolated func fetchBlob(
        _ sha256: String, length: Int64, to file: FilePath, fileSystem: any FileSystem,
        progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws(PackagingError) {
        try await PackDownload(
            sha256: sha256, length: length, url: url(ofPack: sha256), file: file, fileSystem: fileSystem,
            fetcher: fetcher, progress: progress
        ).run()
    }

    nonisolated func url(ofPack sha256: String) -> String { packsURL + RepositoryNames.pack(sha256) }

    /// SHA-256 of a target as signed metadata gives it: its name in a mirror. `nil` when there is no such target.
    public func sha256(ofTarget path: String) async throws(PackagingError) -> String? {
        do {
            return try await updater.target(path)?.sha256
        } catch {
            throw PackagingError(error)
        }
    }

    private func target(_ path: String) async throws(PackagingError) -> [UInt8]? {
        do {
            guard let target = try await updater.target(path) else { return nil }
            return try await updater.download(target)
        } catch {
            throw PackagingError(error)
        }
    }
}
