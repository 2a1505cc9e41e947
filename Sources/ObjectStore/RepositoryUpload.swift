// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage
import TUF

/// What an upload did, or would do.
public struct Uploaded: Sendable, Hashable, Encodable {
    /// Paths below the prefix, in the order of writing.
    public var written: [String]
    /// Of ``written``.
    public var bytes: Int64
    public var removed: [String]
    /// The version of `timestamp.json` that the store has now.
    public var timestamp: Int64
}

/// Puts a repository into an object store in the order that readers need: packs, targets, metadata, `timestamp.json` last (and
/// a new root around it, see ``RootOrder``). Wherever it stops, readers see the old state or the new one, and the next run
/// goes on with what is missing.
///
/// The caller holds the repository's lock.
public struct RepositoryUpload: Sendable {
    static let timestamp = "metadata/timestamp.json"
    static let latestRoot = "metadata/root.json"
    /// Of metadata, in bytes.
    static let limit = 256 << 20
    /// How many objects are on the way at once.
    private static let width = 4

    let store: any ObjectStore
    let served: FilePath
    let fileSystem: any FileSystem
    private let report: @Sendable (String) -> Void

    /// - Parameters:
    ///   - served: the repository's `public` folder.
    ///   - report: gets a line for people now and then.
    public init(
        to store: any ObjectStore, from served: FilePath, fileSystem: any FileSystem,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.store = store
        self.served = served
        self.fileSystem = fileSystem
        self.report = report
    }

    /// - Parameters:
    ///   - paths: what `timestamp.json` leads to, itself and all roots included, below `served`.
    ///   - kept: if given, what the store has besides these paths and is a pack, target or metadata is removed afterwards.
    ///   - dryRun: change nothing, and say what would be.
    public func run(
        _ paths: Set<String>, removingAllBut kept: Set<String>? = nil, dryRun: Bool = false
    ) async throws(UploadError) -> Uploaded {
        let local = try paths.sorted().map { path throws(UploadError) in try describe(path) }
        let stamp = try stamp()
        let remote = try await asked { () async throws(StoreError) in try await store.list() }
        let isCurrent = try await checkNotOlder(stamp)
        let plan = try UploadPlan(local: local, remote: remote, rootsFirst: try rootsFirst(stamp, remote))
        for object in plan.toCompare {
            guard try await isSame(object) else { throw UploadPlan.conflict(object.path) }
        }
        var done: Set<String> = isCurrent ? [Self.timestamp] : []
        if let root = remote.first(where: { $0.path == Self.latestRoot }), try await isSame(root) {
            done.insert(root.path)
        }
        let stages = plan.stages.map { $0.filter { !done.contains($0.path) } }.filter { !$0.isEmpty }
        let puts = stages.flatMap(\.self)
        let removals = kept.map { UploadPlan.removals(keeping: $0.union(paths), remote: remote) } ?? []
        if !dryRun {
            var count = 0
            for stage in stages {
                try await put(stage, of: puts.count, from: &count)
            }
            for object in removals {
                try await asked(count == 0 ? .untouched : .complete) { () async throws(StoreError) in
                    try await store.remove(object.path)
                }
            }
        }
        return Uploaded(
            written: puts.map(\.path), bytes: puts.reduce(0) { $0 + $1.size }, removed: removals.map(\.path),
            timestamp: stamp.document.version)
    }

    // MARK: Writing

    private func put(_ stage: [UploadPlan.Put], of total: Int, from count: inout Int) async throws(UploadError) {
        let before = count
        let result = await withTaskGroup(of: UploadError?.self) { group -> UploadError? in
            var waiting = stage[...]
            var failure: UploadError?
            for _ in 0..<Self.width {
                if let next = waiting.popFirst() { group.addTask { await self.attempt(next, hasBegun: before > 0) } }
            }
            while let done = await group.next() {
                failure = failure ?? done
                if failure == nil, let next = waiting.popFirst() {
                    group.addTask { await self.attempt(next, hasBegun: true) }
                }
            }
            return failure
        }
        if let result { throw result }
        count += stage.count
        if let kind = stage.first?.stage { report("\(kind): \(count) of \(total) files are in the store") }
    }

    private func attempt(_ put: UploadPlan.Put, hasBegun: Bool) async -> UploadError? {
        do throws(UploadError) {
            try await write(put, hasBegun: hasBegun)
            return nil
        } catch {
            return error
        }
    }

    private func write(_ put: UploadPlan.Put, hasBegun: Bool) async throws(UploadError) {
        let (file, sha256) = try await opened(put, hasBegun: hasBegun)
        if put.size > 32 << 20 { report("\(put.path): \(put.size >> 20) MiB") }
        let object = ObjectWrite(
            path: put.path, size: put.size, sha256: sha256, contentType: put.contentType,
            cacheControl: put.stage.cacheControl, condition: put.condition)
        do {
            try await store.write(object, from: file)
        } catch  where error.code == .changed {
            // Perhaps by this very run: an answer that was lost on its way, and the request repeated.
            guard try await isOwn(put) else {
                throw put.stage == .timestamp
                    ? UploadError(
                        .conflict,
                        "Somebody else has published to the store in this moment. Readers see theirs; bring this repository up to date and run it again."
                    ) : UploadPlan.conflict(put.path)
            }
        } catch {
            throw Self.failure(error, hasBegun ? .underWay : .untouched)
        }
    }

    private func isOwn(_ put: UploadPlan.Put) async throws(UploadError) -> Bool {
        if put.stage == .packs || put.stage == .targets {
            let found = try await asked(.underWay) { () async throws(StoreError) in
                try await store.attributes(of: put.path)
            }
            return found?.size == put.size
        }
        let found = try await asked(.underWay) { () async throws(StoreError) in
            try await store.read(put.path, limit: Self.limit)
        }
        return found == (try read(put.path))
    }

    /// The file and its hash, which is the one that its name says, if it says one.
    private func opened(
        _ put: UploadPlan.Put, hasBegun: Bool
    ) async throws(UploadError) -> (file: any OpenFile, sha256: String) {
        let state = hasBegun ? State.underWay : .untouched
        let file: any OpenFile
        do {
            file = try fileSystem.openForReading(place(put.path))
        } catch {
            throw UploadError(.file(error), "\(error) \(state.sentence)")
        }
        let sha256 = try await asked(state) { () async throws(StoreError) in
            try await BlockingWork.run { () throws(StoreError) in
                try FileHash.sha256(of: file, length: put.size)
            }
        }
        if let named = UploadPlan.namedHash(put.path), named != sha256 {
            throw UploadError(
                .incomplete,
                "public/\(put.path) is damaged: its SHA-256 is \(sha256). See “verify”. \(state.sentence)")
        }
        return (file, sha256)
    }

    // MARK: Errors

    /// What the store has when something goes wrong.
    enum State {
        case untouched, underWay, complete

        var sentence: String {
            switch self {
            case .untouched: "Nothing was uploaded."
            case .underWay:
                "Readers still find a whole repository; what was uploaded stays, and the next run goes on from there."
            case .complete: "The new state is published; files that nobody needs any more are still there."
            }
        }
    }

    func asked<Value: Sendable>(
        _ state: State = .untouched, _ body: () async throws(StoreError) -> Value
    ) async throws(UploadError) -> Value {
        do { return try await body() } catch { throw Self.failure(error, state) }
    }

    private static func failure(_ error: StoreError, _ state: State) -> UploadError {
        UploadError(.store(error.code), "The store cannot be used: \(error.reason). \(state.sentence)")
    }

    func readable<Value>(_ what: String, _ body: () throws(TUFError) -> Value) throws(UploadError) -> Value {
        do { return try body() } catch {
            throw UploadError(.incomplete, "\(what) cannot be read: \(error). Nothing was uploaded.")
        }
    }

    func read(_ path: String) throws(UploadError) -> [UInt8] {
        do { return try fileSystem.read(place(path), limit: Self.limit) } catch {
            throw UploadError(.file(error), "\(error) Nothing was uploaded.")
        }
    }

    func place(_ path: String) -> FilePath {
        path.split(separator: "/").reduce(served) { $0.appending(String($1)) }
    }
}
