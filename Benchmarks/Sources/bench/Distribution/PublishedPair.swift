// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Packaging
internal import Platform
internal import Synchronization
internal import SystemPackage
internal import TUF

/// Both versions as releases of one repository, made by the vendor's executable; and what a reader asks it for.
struct PublishedPair {
    let repository: String
    let packBytes: Double
    let deltaBytes: Double
    /// Of making the delta alone; whole seconds.
    let deltaSeconds: Double
    let oldTree: String
    let newTree: String

    private static let part = "server-linux-x86_64.tree.zst"

    init(_ pair: Pair, bin: String, in workshop: Workshop, _ report: inout Report) async throws {
        repository = workshop.path + "/repository"
        let log = workshop.path + "/publish.log"
        let (repository, program) = (repository, bin + "/ricambio-repo")
        func publish(_ version: String, _ folder: String, _ options: [String]) throws {
            _ = try Child.run(
                [program, "publish", repository, "product", version, "--server", "linux-x86_64=\(folder)"] + options,
                errors: log)
        }
        _ = try Child.run([program, "init", repository], errors: log)
        // Of the old version only the content matters.
        try publish("1.0", pair.old, ["--level", "3"])
        let reader = Reader(repository: repository + "/public")
        try await reader.refresh()
        try publish("2.0", pair.new, [])
        let shown = workshop.path + "/show.json"
        _ = try Child.run([program, "show", repository, "product", "2.0", "--json"], output: shown)
        let release = try JSONDecoder().decode(Shown.self, from: try Data(contentsOf: URL(filePath: shown)))
        guard let part = release.components.first, let delta = part.deltas.first else {
            throw BenchError("\(pair.package): publish made no delta")
        }
        (packBytes, deltaBytes) = (Double(part.fullPackBytes), Double(delta.bytes))
        let text = try String(contentsOfFile: log, encoding: .utf8)
        deltaSeconds = text.firstMatch(of: /made in (\d+) s/).flatMap { Double($0.output.1) } ?? .nan
        oldTree = try Self.tree("1.0", in: repository)
        newTree = try Self.tree("2.0", in: repository)
        try await reader.measure(pair, workshop, &report)
    }

    private static func tree(_ version: String, in repository: String) throws -> String {
        let folder = "\(repository)/public/targets/product/\(version)"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        guard let name = names.first(where: { $0.hasSuffix(part) }) else { throw BenchError("no tree in \(folder)") }
        return "\(folder)/\(name)"
    }

    private struct Shown: Decodable {
        struct Part: Decodable {
            struct Delta: Decodable { var bytes: Int64 }
            var fullPackBytes: Int64
            var deltas: [Delta]
        }
        var components: [Part]
    }
}

/// A customer's machine that has release 1.0 and its metadata, as far as requests go.
private struct Reader {
    private let folder: String
    private let fetcher: CountingFetcher
    private let repository: ReleaseRepository

    init(repository folder: String) {
        self.folder = folder
        fetcher = CountingFetcher()
        let base = folder + "/"
        let root = (try? Data(contentsOf: URL(filePath: base + "metadata/1.root.json"))).map { Array($0) }
        let updater = Updater(
            store: MemoryStore(), trustedRoot: root, metadataURL: base + "metadata/", targetsURL: base + "targets/",
            fetcher: fetcher, clock: SystemWallClock())
        repository = ReleaseRepository(
            updater: updater, baseURL: base, product: "product", channel: "stable", fetcher: fetcher)
    }

    func refresh() async throws {
        try await repository.refresh()
        _ = try await oldTree()
    }

    private func oldTree() async throws -> Tree {
        try await repository.tree(try await repository.release("1.0"), component: "server", platform: "linux-x86_64")
    }

    func measure(_ pair: Pair, _ workshop: Workshop, _ report: inout Report) async throws {
        // The agent has it on its disk.
        let old = try await oldTree()
        fetcher.forget()
        try await repository.refresh()
        let release = try await repository.release(try await repository.channelDocument().current)
        let tree = try await repository.tree(release, component: "server", platform: "linux-x86_64")
        let plan = ContentPlan(tree, from: Inventory(old, intact: Set(old.entries.indices)))
        let downloads = FilePath(workshop.path + "/downloads")
        let fileSystem = POSIXFileSystem()
        try fileSystem.makeDirectory(downloads, permissions: 0o755)
        try await repository.fetch(plan, of: tree, into: downloads, fileSystem: fileSystem)
        report.add(
            Measurement(
                name: "\(pair.package): requests of an update, root probe included", value: Double(fetcher.count),
                unit: "", bar: 8))
        fetcher.forget()
        try await repository.refresh()
        report.add(
            Measurement(
                name: "\(pair.package): requests when nothing is new, beyond the probe",
                value: Double(fetcher.count(where: { !$0.hasSuffix(".root.json") })), unit: "", bar: 1))
    }
}

/// Reads files in the place of URLs, and counts what it is asked for.
private final class CountingFetcher: Fetcher {
    private let requests = Mutex<[String]>([])

    var count: Int { requests.withLock { $0.count } }
    func count(where isCounted: (String) -> Bool) -> Int { requests.withLock { $0.count(where: isCounted) } }
    func forget() { requests.withLock { $0 = [] } }

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        requests.withLock { $0.append(request.url) }
        guard let data = try? Data(contentsOf: URL(filePath: request.url)) else {
            throw FetchError(.notFound, url: request.url, reason: "404")
        }
        let rest = Array(data)[Int(request.offset)...]
        let body = request.length.map { rest.prefix(Int($0)) } ?? rest
        do {
            try await receive(body)
        } catch {
            throw error as? FetchError ?? FetchError(.receiver, url: request.url, reason: "\(error)")
        }
    }
}
