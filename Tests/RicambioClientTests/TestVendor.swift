// SPDX-License-Identifier: Apache-2.0
import DeltaMaking
import Foundation
import Packaging
import Platform
import Synchronization
import SystemPackage
import TUF
import TUFRepository
import TestSupport

/// A vendor that publishes clients into a repository in a temporary folder.
struct TestVendor {
    let temporary: TemporaryFolder
    let clock: ManualClock
    /// Eight-byte words of the client that do not compress, at most 30,000.
    private let words: Int
    private let fileSystem = QuickFileSystem()

    var repository: FilePath { temporary / "repository" }
    var layout: RepositoryLayout { RepositoryLayout(repository) }
    private var keys: KeyStore { KeyStore(directory: layout.keys, fileSystem: fileSystem) }

    /// The default makes packs that come in several pieces.
    init(clock: ManualClock = ManualClock(), words: Int = 30_000) throws {
        self.words = words
        temporary = try TemporaryFolder(inMemory: true)
        self.clock = clock
        var options = RepositoryOptions()
        options.rootThreshold = 1
        options.rootKeyCount = 1
        try RepositoryEditor.create(
            at: temporary / "repository",
            keys: KeyStore(directory: RepositoryLayout(temporary / "repository").keys, fileSystem: fileSystem),
            options: options, clock: clock, fileSystem: fileSystem)
    }

    private static let noise: [UInt8] = {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        return (0..<30_000).flatMap { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return withUnsafeBytes(of: state, Array.init)
        }
    }()

    func root() throws -> [UInt8] { try fileSystem.read(layout.firstRoot, limit: 1 << 20) }

    /// The client of a version: its program, a preference of the vendor's, and the trusted root.
    func makeClient(_ version: String, in folder: FilePath) throws {
        try fileSystem.makeDirectories(folder.appending("lib"))
        try fileSystem.makeDirectories(folder.appending("preferences"))
        for (name, text, permissions) in [
            ("om-client", version, 0o755), ("VERSION", version, 0o644),
            ("preferences/client.yaml", "vendor's \(version)", 0o644),
        ] as [(String, String, UInt16)] {
            try fileSystem.replace(folder.pushing(FilePath(name)), with: Array(text.utf8), permissions: permissions)
        }
        try fileSystem.replace(
            folder.pushing("lib/data"), with: Array(Self.noise.prefix(8 * words)), permissions: 0o644)
        try fileSystem.replace(folder.appending("root.json"), with: try root(), permissions: 0o644)
    }

    func publish(
        _ version: String, product: String = "om", component: String = "client", rollout: Int = 100,
        recalled: [String] = [], minimum: String? = nil, fromVersion: String? = nil, deltaFrom old: String? = nil
    ) throws {
        let temporaryPack = layout.packs.appending("new")
        let written = try pack(version, in: temporary / "source", as: temporaryPack)
        let pack = layout.packs.appending(written.pack.sha256)
        // The same bytes are the same pack, whatever they belong to.
        if try fileSystem.exists(pack) {
            try fileSystem.remove(temporaryPack)
        } else {
            try fileSystem.rename(temporaryPack, to: pack)
        }
        var tree = Tree(
            product: product, release: version, component: component, platform: Platform.current,
            entries: written.entries, pack: written.pack)
        if let old { tree.deltas = [try makeDelta(from: old, to: tree)] }
        let treePath = RepositoryNames.tree(component, Platform.current, version, of: product)
        let release = ReleaseDocument(
            product: product, version: version, date: clock.now, notes: ["en": "Version \(version)."],
            requirements: Requirements(fromVersion: fromVersion),
            parts: [
                ReleasePart(
                    component: component, platform: Platform.current, tree: treePath, treeSHA256: tree.contentSHA256,
                    packBytes: tree.pack.length, installedBytes: tree.installedBytes)
            ])
        let channel = ChannelDocument(
            product: product, channel: "stable", current: version, releases: [version],
            rollout: Rollout(percentage: rollout, start: clock.now), recalled: recalled, minimum: minimum)
        var editor = try RepositoryEditor(opening: repository, keys: keys, clock: clock, fileSystem: fileSystem)
        if !editor.hasProduct(product) { try editor.addProduct(product) }
        try editor.addTarget(product: product, path: treePath, bytes: try tree.compressed())
        try editor.addTarget(
            product: product, path: RepositoryNames.release(version, of: product), bytes: try release.encoded())
        try editor.addTarget(
            product: product, path: RepositoryNames.channel("stable", of: product), bytes: try channel.encoded())
        try editor.commit()
    }

    private func pack(_ version: String, in folder: FilePath, as file: FilePath) throws -> WrittenPack {
        try fileSystem.removeTree(folder)
        try makeClient(version, in: folder)
        let scan = try TreeScanner(fileSystem: fileSystem).scan(folder)
        return try PackWriter(fileSystem: fileSystem, level: 1).write(scan, to: file)
    }

    /// `tree` is the one whose content lies in `source`.
    private func makeDelta(from version: String, to tree: Tree) throws -> DeltaReference {
        let (folder, file) = (temporary / "old", temporary / "delta")
        let packed = try pack(version, in: folder, as: temporary / "old.pack")
        let old = Tree(
            product: tree.product, release: version, component: tree.component, platform: tree.platform,
            entries: packed.entries, pack: packed.pack)
        let written = try DeltaWriter(fileSystem: fileSystem, options: DeltaOptions(level: 1)).write(
            from: old.entries, in: folder, to: tree.entries, in: temporary / "source", as: file)
        guard let written else { throw FetchError(.notFound, url: version, reason: "there is nothing to make of it") }
        try fileSystem.rename(file, to: layout.packs.appending(written.sha256))
        return DeltaReference(
            from: version, fromTree: old.contentSHA256, length: written.length, sha256: written.sha256,
            reads: written.reads)
    }

    /// Changes one byte of every pack, as a broken disk or a hostile mirror would.
    func damagePacks() throws {
        for name in try fileSystem.entries(of: layout.packs) {
            let file = layout.packs.appending(name)
            var bytes = try fileSystem.read(file, limit: 1 << 28)
            bytes[bytes.count / 2] ^= 1
            try fileSystem.replace(file, with: bytes, permissions: 0o644)
        }
    }
}

/// Serves a repository's folder under `http://vendor/`, in small pieces, and can break off.
final class FolderFetcher: Fetcher {
    static let base = "http://vendor/"
    private let folder: FilePath
    private let fileSystem = POSIXFileSystem()
    private struct State {
        var requests: [FetchRequest] = []
        var packBytesUntilBreak: Int?
        var isAway = false
    }
    private let state = Mutex(State())

    init(_ vendor: TestVendor) {
        folder = vendor.layout.served
    }

    var packRequests: [FetchRequest] { state.withLock { $0.requests }.filter { $0.url.contains("/packs/") } }

    func breakPacks(after bytes: Int?) { state.withLock { $0.packBytesUntilBreak = bytes } }

    func goAway() { state.withLock { $0.isAway = true } }

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        let isAway = state.withLock { state in
            state.requests.append(request)
            return state.isAway
        }
        guard !isAway else { throw FetchError(.unreachable, url: request.url, reason: "nobody answers") }
        let path = String(request.url.dropFirst(Self.base.count)).removingPercentEncoding ?? ""
        guard let bytes = try? fileSystem.read(folder.pushing(FilePath(path)), limit: 1 << 28) else {
            throw FetchError(.notFound, url: request.url, reason: "not there")
        }
        var rest = bytes.dropFirst(Int(request.offset)).prefix(Int(request.length ?? Int64(bytes.count)))
        while !rest.isEmpty {
            let piece = rest.prefix(20_000)
            rest = rest.dropFirst(piece.count)
            if path.hasPrefix("packs/"), state.withLock({ Self.mustBreak(&$0, piece.count) }) {
                throw FetchError(.unreachable, url: request.url, reason: "the line broke")
            }
            do {
                try await receive(piece)
            } catch let error as FetchError {
                throw error
            } catch {
                throw FetchError(.receiver, url: request.url, reason: "\(error)")
            }
        }
    }

    private static func mustBreak(_ state: inout State, _ count: Int) -> Bool {
        guard let left = state.packBytesUntilBreak else { return false }
        state.packBytesUntilBreak = max(0, left - count)
        return left < count
    }
}
