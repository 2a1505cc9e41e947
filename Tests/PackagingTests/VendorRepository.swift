// SPDX-License-Identifier: Apache-2.0
import Packaging
import Platform
import Synchronization
import SystemPackage
import TUF
import TestSupport

@testable import ricambio_repo

/// Serves a repository's public folder without a network, and remembers what was asked for.
final class FolderFetcher: Fetcher {
    static let base = "http://vendor/"
    private let root: FilePath
    private let asked = Mutex<[String]>([])

    init(_ root: FilePath) {
        self.root = root
    }

    var paths: [String] { asked.withLock { $0 } }

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        let path = String(request.url.dropFirst(Self.base.count))
        asked.withLock { $0.append(path) }
        let bytes: [UInt8]
        do {
            bytes = try POSIXFileSystem().read(root.appending(path), limit: .max)
        } catch {
            throw FetchError(.notFound, url: request.url, reason: "\(error)")
        }
        do {
            try await receive(bytes.dropFirst(Int(request.offset)))
        } catch {
            throw FetchError(.receiver, url: request.url, reason: "\(error)")
        }
    }
}

/// A vendor's repository in a temporary folder.
struct VendorRepository {
    let folder: FilePath
    var clock = ManualClock()

    init(in folder: TemporaryFolder, named name: String = "repository") throws {
        self.folder = folder / name
        _ = try InitCommand.create(self.folder, clock: clock, fileSystem: files)
    }

    init(existing folder: FilePath, clock: ManualClock = ManualClock()) {
        self.folder = folder
        self.clock = clock
    }

    func publisher(_ fileSystem: any FileSystem = files) -> Publisher {
        Publisher(folder: VendorFolder(path: folder, fileSystem: fileSystem), clock: clock)
    }

    static func request(_ version: String, _ source: FilePath, product: String = "om-business") -> PublishRequest {
        PublishRequest(
            product: product, version: version,
            parts: [.init(component: .server, platform: "linux-x86_64", folder: source)], level: 3)
    }

    @discardableResult
    func publish(_ version: String, _ source: FilePath) throws -> [PublishedPart] {
        try publisher().publish(Self.request(version, source))
    }

    /// What a customer sees who starts from nothing but the first root.
    func reader(_ fetcher: FolderFetcher? = nil, channel: String = "stable") throws -> ReleaseRepository {
        let served = folder.appending("public")
        let fetcher = fetcher ?? FolderFetcher(served)
        let updater = Updater(
            store: MemoryMetadataStore(),
            trustedRoot: try files.read(served.appending("metadata/1.root.json"), limit: 1 << 20),
            metadataURL: FolderFetcher.base + "metadata/", targetsURL: FolderFetcher.base + "targets/",
            fetcher: fetcher, clock: clock)
        return ReleaseRepository(
            updater: updater, baseURL: FolderFetcher.base, product: "om-business", channel: channel, fetcher: fetcher)
    }
}
