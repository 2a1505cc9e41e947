// SPDX-License-Identifier: Apache-2.0
import DeltaMaking
import Platform
import Synchronization
import SystemPackage
import TUF
import TestSupport

@testable import Packaging

/// An installed release, the next one, and a vendor that has its pack and a delta.
///
/// `program` changes a little, `library` wholly, `moved` only its place, `same` and `texts` not at all; `added` is new.
struct ContentScene {
    let folder: TemporaryFolder
    let old: Tree
    private(set) var new: Tree
    let installed: FilePath
    private let blobs: [String: [UInt8]]

    init() throws {
        folder = try TemporaryFolder()
        let (program, same) = (noise(400_000, seed: 1), noise(300_000, seed: 2))
        var changed = program
        for index in stride(from: 1000, to: changed.count, by: 40_000) { changed[index] &+= 1 }
        try folder.write("1.0/bin/program", program, permissions: 0o755)
        try folder.write("1.0/lib/library", noise(200_000, seed: 3))
        try folder.write("1.0/lib/moved", noise(150_000, seed: 4))
        try folder.write("1.0/lib/same", same)
        try folder.write("1.0/texts/it.txt", "buongiorno")
        try folder.write("2.0/bin/program", changed, permissions: 0o755)
        try folder.write("2.0/lib/added", noise(1000, seed: 6))
        try folder.write("2.0/lib/library", noise(200_000, seed: 5))
        try folder.write("2.0/lib/same", same)
        try folder.write("2.0/share/moved", noise(150_000, seed: 4))
        try folder.write("2.0/texts/empty", "")
        try folder.write("2.0/texts/it.txt", "buongiorno")
        try folder.link("2.0/current", to: "bin/program")
        let (first, second) = (
            try pack(folder / "1.0", in: folder, named: "pack-1"), try pack(folder / "2.0", in: folder, named: "pack-2")
        )
        old = first.tree
        var new = second.tree
        new.release = "2.0"
        let delta = folder / "delta"
        let written = try DeltaWriter(fileSystem: files, options: DeltaOptions(level: 3)).write(
            from: old.entries, in: folder / "1.0", to: new.entries, in: folder / "2.0", as: delta)
        var blobs = [new.pack.sha256: try files.read(second.pack, limit: .max)]
        if let written {
            new.deltas = [
                DeltaReference(
                    from: "1.0", fromTree: old.contentSHA256, length: written.length, sha256: written.sha256,
                    reads: written.reads)
            ]
            blobs[written.sha256] = try files.read(delta, limit: .max)
        }
        self.new = new
        self.blobs = blobs
        installed = folder / "installed"
        try files.copyTree(folder / "1.0", to: installed)
    }

    var downloads: FilePath {
        get throws {
            try files.makeDirectories(folder / "downloads")
            return folder / "downloads"
        }
    }

    mutating func forgetDeltas() { new.deltas = [] }
    /// As from a tool that did not say what its delta reads.
    mutating func forgetReads() { new.deltas[0].reads = nil }

    func inventory() throws -> Inventory { try Inventory(of: installed, against: old, fileSystem: files) }
    func plan() throws -> ContentPlan { ContentPlan(new, from: try inventory()) }

    func vendor(_ fault: PackServer.Fault = .none) -> PackServer { PackServer(blobs, fault) }

    func fetch(_ plan: ContentPlan, from vendor: PackServer) async throws {
        let updater = Updater(
            store: MemoryMetadataStore(), trustedRoot: nil, metadataURL: "", targetsURL: "", fetcher: vendor,
            clock: ManualClock())
        let repository = ReleaseRepository(
            updater: updater, baseURL: "http://vendor", product: "om-business", channel: "stable", fetcher: vendor)
        try await repository.fetch(plan, of: new, into: try downloads, fileSystem: files)
    }

    /// Builds the new folder, and says how it differs from what it should be.
    func stage(_ plan: ContentPlan, _ inventory: Inventory?) throws -> TreeComparison {
        let staged = folder / "staged"
        try files.removeTree(staged)
        let source = Stager.Source(
            plan: plan, downloads: try downloads, old: inventory.map { (folder: installed, tree: $0.tree) })
        try Stager(fileSystem: files).stage(new, from: source, into: staged)
        return try TreeVerifier(fileSystem: files).compare(staged, with: new)
    }
}

/// Serves packs, with one fault.
final class PackServer: Fetcher {
    enum Fault: Sendable {
        case none
        /// Each connection breaks after so many bytes.
        case cut(every: Int)
        /// The first connection breaks after so many bytes; then nothing is to be had until it is mended.
        case down(after: Int)
        /// The first connection stalls after so many bytes.
        case stall(after: Int)
        /// The first answer ends early, as if that were all.
        case short(Int)
        /// Ranges are answered by the whole, which a fetcher refuses.
        case noRanges
        /// From so many bytes on, the first answer is something else.
        case garbage(after: Int)
    }

    private let blobs: [String: [UInt8]]
    private let state: Mutex<(fault: Fault, requests: [FetchRequest], bytes: Int)>

    init(_ blobs: [String: [UInt8]], _ fault: Fault) {
        self.blobs = blobs
        state = Mutex((fault, [], 0))
    }

    var requests: [FetchRequest] { state.withLock { $0.requests } }
    /// Sent in all.
    var bytes: Int { state.withLock { $0.bytes } }
    func mend() { state.withLock { $0.fault = .none } }

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        let (fault, isFirst) = state.withLock { state in
            state.requests.append(request)
            return (state.fault, state.requests.count == 1)
        }
        guard let blob = blobs[String(request.url.split(separator: "/").last ?? "")] else {
            throw FetchError(.notFound, url: request.url, reason: "404")
        }
        let end = request.length.map { min(blob.count, Int(request.offset + $0)) } ?? blob.count
        let content = blob[Int(request.offset)..<end]
        switch fault {
        case .none: try await send(content, receive)
        case .cut(let count):
            try await send(content.prefix(count), receive)
            if content.count > count { throw FetchError(.unreachable, url: request.url, reason: "cut") }
        case .down(let count):
            if isFirst { try await send(content.prefix(count), receive) }
            throw FetchError(.unreachable, url: request.url, reason: "down")
        case .stall(let count):
            try await send(isFirst ? content.prefix(count) : content, receive)
            if isFirst { throw FetchError(.stalled, url: request.url, reason: "stalled") }
        case .short(let count): try await send(isFirst ? content.prefix(count) : content, receive)
        case .noRanges:
            guard request.offset == 0, request.length == nil else {
                throw FetchError(.rangeNotSupported, url: request.url, reason: "the whole file was sent")
            }
            try await send(content, receive)
        case .garbage(let count):
            guard isFirst, content.count > count else { return try await send(content, receive) }
            try await send(content.prefix(count) + content.dropFirst(count).map { ~$0 }, receive)
        }
    }

    private func send(
        _ bytes: ArraySlice<UInt8>, _ receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        var rest = bytes
        while !rest.isEmpty {
            let piece = rest.prefix(4000)
            rest = rest.dropFirst(piece.count)
            do {
                try await receive(piece)
            } catch let error as FetchError {
                throw error
            } catch {
                throw FetchError(.receiver, url: "", reason: "\(error)")
            }
            state.withLock { $0.bytes += piece.count }
        }
    }
}
