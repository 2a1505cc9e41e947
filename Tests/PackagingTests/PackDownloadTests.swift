// SPDX-License-Identifier: Apache-2.0
import Platform
import Synchronization
import SystemPackage
import TUF
import TestSupport
import Testing

@testable import Packaging

@Suite struct PackDownloadTests {
    private let folder: TemporaryFolder
    private let content = noise(10_500)
    private var reference: PackReference {
        PackReference(
            length: Int64(content.count), sha256: ContentHash.sha256(content),
            frames: [Frame(offset: 0, length: Int64(content.count), uncompressedLength: 20_000)])
    }
    private var file: FilePath { folder / "pack" }
    private var partial: FilePath { folder / "pack.partial" }

    init() throws {
        folder = try TemporaryFolder()
    }

    private func fetch(
        _ server: ScriptedFetcher, fileSystem: any FileSystem = files,
        progress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
    ) async throws {
        let updater = Updater(
            store: MemoryMetadataStore(), trustedRoot: nil, metadataURL: "http://vendor/metadata/",
            targetsURL: "http://vendor/targets/", fetcher: server, clock: ManualClock())
        let repository = ReleaseRepository(
            updater: updater, baseURL: "http://vendor", product: "om-business", channel: "stable", fetcher: server)
        try await repository.fetchPack(reference, to: file, fileSystem: fileSystem, progress: progress)
    }

    private func expectComplete() throws {
        #expect(try files.read(file, limit: .max) == content)
        #expect(try files.attributes(of: partial) == nil)
    }

    @Test("A pack is one request to packs/<sha256>, and progress grows to its length")
    func whole() async throws {
        let server = ScriptedFetcher(content)
        let seen = Mutex<[Int64]>([])
        try await fetch(server) { done, total in seen.withLock { $0.append(total == 10_500 ? done : -1) } }
        try expectComplete()
        #expect(server.requests.map(\.url) == ["http://vendor/packs/\(reference.sha256)"])
        let progress = seen.withLock { $0 }
        #expect(progress == progress.sorted() && progress.first == 0 && progress.last == 10_500)
    }

    @Test("What is there and right is not fetched again")
    func present() async throws {
        try folder.write("pack", content)
        let server = ScriptedFetcher(content)
        try await fetch(server)
        #expect(server.requests.isEmpty)
        try expectComplete()
    }

    @Test("What is there and wrong is replaced, never believed")
    func presentButWrong() async throws {
        try folder.write("pack", noise(10_500, seed: 2))
        try await fetch(ScriptedFetcher(content))
        try expectComplete()
    }

    @Test("A download cut at any place goes on there", arguments: [0, 1, 999, 1000, 5000, 10_499])
    func cut(after count: Int) async throws {
        let server = ScriptedFetcher(content, [.cut(after: count)])
        if count == 0 {
            // Nothing came, so trying at once again is pointless: the caller decides when.
            #expect(await failure { try await fetch(server) } == "fetch")
            #expect(try files.attributes(of: file) == nil)
        }
        try await fetch(server)
        #expect(server.offsets == [0, Int64(count)])
        try expectComplete()
    }

    @Test("A download goes on in the next process, from the partial file")
    func nextProcess() async throws {
        let down = ScriptedFetcher(content, [.cut(after: 4000), .fail(.unreachable)])
        #expect(await failure { try await fetch(down) } == "fetch")
        #expect(try files.attributes(of: file) == nil)
        #expect(try files.attributes(of: partial)?.size == 4000)
        let server = ScriptedFetcher(content)
        try await fetch(server)
        #expect(server.offsets == [4000])
        try expectComplete()
    }

    @Test("A partial file that is complete is verified and named without a request")
    func completePartial() async throws {
        try folder.write("pack.partial", content)
        let server = ScriptedFetcher(content)
        try await fetch(server)
        #expect(server.requests.isEmpty)
        try expectComplete()
    }

    @Test("Where ranges are refused the download starts again from its beginning")
    func rangeRefused() async throws {
        try folder.write("pack.partial", Array(content.prefix(4000)))
        let server = ScriptedFetcher(content, [.refuseRange, .refuseRange])
        try await fetch(server)
        #expect(server.offsets == [4000, 0])
        try expectComplete()
    }

    @Test("Short answers that claim to be whole are continued")
    func short() async throws {
        let server = ScriptedFetcher(content, [.short(3000), .short(3000)])
        try await fetch(server)
        #expect(server.offsets == [0, 3000, 6000])
        try expectComplete()
    }

    @Test("A partial file that a power cut spoilt, or that is too long, costs a second download, not the update")
    func spoiltPartial() async throws {
        try folder.write("pack.partial", [UInt8](repeating: 0, count: 4000))
        let server = ScriptedFetcher(content)
        try await fetch(server)
        #expect(server.offsets == [4000, 0])
        try expectComplete()
        try files.remove(file)
        try folder.write("pack.partial", content + content)
        try await fetch(ScriptedFetcher(content))
        try expectComplete()
    }

    @Test("A tampered pack is refused, and nothing unverified has its name: arbitrary installation")
    func tampered() async throws {
        var evil = content
        evil[77] ^= 1
        #expect(await failure { try await fetch(ScriptedFetcher(evil)) } == "tampered")
        #expect(try files.entries(of: folder.path).isEmpty)
    }

    @Test("A pack without end is cut off at its length: endless data")
    func endless() async throws {
        let server = ScriptedFetcher(content, [.send(content + noise(1_000_000))])
        #expect(await failure { try await fetch(server) } == "tampered")
        #expect(try files.entries(of: folder.path).isEmpty)
    }

    @Test("A pack that the vendor does not have is an error at once, not a retry")
    func notFound() async throws {
        let server = ScriptedFetcher(content, [.fail(.notFound)])
        #expect(await failure { try await fetch(server) } == "fetch")
        #expect(server.requests.count == 1)
    }

    @Test("A server that cuts for ever is given up in the end, with what came kept")
    func cutsForEver() async throws {
        let server = ScriptedFetcher(content, Array(repeating: .cut(after: 10), count: 100))
        #expect(await failure { try await fetch(server) } == "fetch")
        #expect(server.requests.count == PackDownload.maximumAttempts)
        #expect(try files.attributes(of: partial)?.size == Int64(10 * PackDownload.maximumAttempts))
    }

    @Test("A full disk is reported as such, and nothing unverified has the pack's name")
    func fullDisk() async throws {
        for change in 1...6 {
            let full = CrashingFileSystem(files, fault: .full(from: change))
            #expect(await failure { try await fetch(ScriptedFetcher(content), fileSystem: full) } == "file")
            #expect(try files.attributes(of: file) == nil)
        }
        try await fetch(ScriptedFetcher(content))
        try expectComplete()
    }

    @Test("Killed at any change of the disk, the download never leaves an unverified pack and can be resumed")
    func killed() async throws {
        var change = 0
        var hasCrashed = true
        while hasCrashed {
            change += 1
            try files.removeTree(file)
            try files.removeTree(partial)
            let crashing = CrashingFileSystem(files, fault: .crash(at: change))
            let code = await failure { try await fetch(ScriptedFetcher(content), fileSystem: crashing) }
            hasCrashed = crashing.hasCrashed
            #expect(code == (hasCrashed ? "file" : "no error"))
            if try files.exists(file) { try expectComplete() }
            try await fetch(ScriptedFetcher(content))
            try expectComplete()
        }
        #expect(change > 12)
    }
}
