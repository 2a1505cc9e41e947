// SPDX-License-Identifier: Apache-2.0
public import Platform

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a repository may ask of a client at most (specification 5.3.2 and others).
public struct UpdaterLimits: Sendable, Hashable {
    /// New roots in one refresh.
    public var rootRotations = 256
    /// Delegated roles that are read in the search for one target.
    public var delegations = 32
    /// Bytes.
    public var rootBytes = 512_000
    public var timestampBytes = 16_384
    /// Bytes, when the timestamp does not say the length.
    public var snapshotBytes = 2_000_000
    /// Bytes, when the snapshot does not say the length.
    public var targetsBytes = 5_000_000
    /// Bytes, whatever length is signed for.
    public var metadataBytes = 256 << 20
    /// Bytes per second, measured over ``slowSeconds`` of waiting, below which a file is given up (slow retrieval).
    public var minimumBytesPerSecond = 16
    public var slowSeconds = 30.0
    /// Bytes of a target that is brought into memory.
    public var targetBytes = 256 << 20

    public init() {}
}

/// Keeps a trusted, current view of one repository (specification 5): local copies first, then the network; every
/// newly trusted file is stored before the next one is asked for.
///
/// Safe to call from several tasks: calls that change what is trusted happen one after the other.
public actor Updater {
    private let store: any MetadataStore
    private let givenRoot: [UInt8]?
    private let metadataURL: String
    private let targetsURL: String
    private let fetcher: any Fetcher
    private let clock: any WallClock
    private let limits: UpdaterLimits

    /// What the last refresh trusted; `nil` before the first one that succeeded.
    public private(set) var trusted: TrustedMetadata?
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameters:
    ///   - trustedRoot: used only when `store` has no root yet.
    ///   - metadataURL, targetsURL: end with `/`; names are appended, nothing is re-encoded.
    public init(
        store: any MetadataStore, trustedRoot: [UInt8]?, metadataURL: String, targetsURL: String,
        fetcher: any Fetcher, clock: any WallClock, limits: UpdaterLimits = UpdaterLimits()
    ) {
        self.store = store
        self.givenRoot = trustedRoot
        self.metadataURL = metadataURL
        self.targetsURL = targetsURL
        self.fetcher = fetcher
        self.clock = clock
        self.limits = limits
    }

    /// Brings root, timestamp, snapshot and the top-level targets up to date. After an error nothing of this refresh
    /// is used for targets, and the view of an earlier refresh is given up too: it may have expired.
    public func refresh() async throws(TUFError) {
        try await exclusively { () async throws(TUFError) in try await self.refreshNow() }
    }

    /// Looks a target up, along the delegations in pre-order; refreshes first if that has not happened. `nil` when
    /// nobody who may speak for this path lists it.
    public func target(_ path: String) async throws(TUFError) -> TargetFile? {
        try await exclusively { () async throws(TUFError) in
            if self.trusted == nil { try await self.refreshNow() }
            return try await self.search(path)
        }
    }

    /// Fetches a target and checks length and hashes.
    public func download(_ target: TargetFile) async throws(TUFError) -> [UInt8] {
        guard target.length <= Int64(limits.targetBytes) else {
            throw TUFError(.tampered, "target \(target.path) is too large to be read at once")
        }
        let location = target.location(consistentSnapshot: trusted?.root.consistentSnapshot ?? true)
        let url = targetsURL + urlPath(location)
        let bytes = try await fetch(url, limit: Int(target.length), what: "target \(target.path)", role: nil)
        try target.check(bytes)
        return bytes
    }

    // MARK: The workflow

    private func refreshNow() async throws(TUFError) {
        trusted = nil
        var new = try await loadRoot()
        try await loadTimestamp(&new)
        try new.checkTimestamp()
        try await loadSnapshot(&new)
        try await loadTargets(&new, role: "targets", delegator: "root", grandparent: nil)
        trusted = new
    }

    private func loadRoot() async throws(TUFError) -> TrustedMetadata {
        let now = clock.now
        let stored = try load("root")
        guard let bytes = stored ?? givenRoot else {
            throw TUFError(.noTrustedRoot, "no trusted root is known; give the vendor's root.json", role: "root")
        }
        var trusted = try TrustedMetadata(trustedRoot: bytes, referenceTime: now)
        if stored == nil { try save("root", bytes) }
        for _ in 0..<limits.rootRotations {
            let next: [UInt8]
            do {
                let url = "\(metadataURL)\(trusted.root.version + 1).root.json"
                next = try await fetch(url, limit: limits.rootBytes, what: "root", role: "root")
            } catch  where error.code == .notFound {
                break
            }
            let old = trusted.root
            try trusted.updateRoot(next)
            if old[.timestamp].losesKey(in: trusted.root[.timestamp])
                || old[.snapshot].losesKey(in: trusted.root[.snapshot])
            {
                // Recovery from a fast-forward attack (5.3.11), before the new root is stored: a crash in
                // between repeats it instead of skipping it.
                try remove("timestamp")
                try remove("snapshot")
            }
            try save("root", next)
        }
        return trusted
    }

    private func loadTimestamp(_ trusted: inout TrustedMetadata) async throws(TUFError) {
        let local = try load("timestamp")
        if let local {
            // An expired or unreadable one is no error: the repository's counts.
            do { try trusted.updateTimestamp(local) } catch {}
        }
        let remote = try await fetch(
            "\(metadataURL)timestamp.json", limit: limits.timestampBytes, what: "timestamp", role: "timestamp")
        if trusted.timestamp != nil, remote == local { return }
        if try trusted.updateTimestamp(remote) { try save("timestamp", remote) }
    }

    private func loadSnapshot(_ trusted: inout TrustedMetadata) async throws(TUFError) {
        if let local = try load("snapshot") {
            do { return try trusted.updateSnapshot(local, isLocal: true) } catch {}
        }
        guard let promised = trusted.timestamp?.snapshot else {
            preconditionFailure("the timestamp has been loaded")
        }
        let remote = try await fetch(
            promised, role: "snapshot", limit: limits.snapshotBytes, consistent: trusted.root.consistentSnapshot)
        try trusted.updateSnapshot(remote)
        try save("snapshot", remote)
    }

    private func loadTargets(
        _ trusted: inout TrustedMetadata, role: String, delegator: String, grandparent: String?
    ) async throws(TUFError) {
        if trusted.targets(role, delegator: delegator) != nil { return }
        if let local = try load(role) {
            do {
                return try trusted.updateTargets(
                    local, role: role, delegator: delegator, grandparent: grandparent)
            } catch {}
        }
        let promised = try trusted.targetsFile(role)
        let remote = try await fetch(
            promised, role: role, limit: limits.targetsBytes, consistent: trusted.root.consistentSnapshot)
        try trusted.updateTargets(remote, role: role, delegator: delegator, grandparent: grandparent)
        try save(role, remote)
    }

    /// Pre-order, depth first (5.6.7).
    private func search(_ path: String) async throws(TUFError) -> TargetFile? {
        guard var trusted else { preconditionFailure("a refresh has succeeded") }
        defer { self.trusted = trusted }
        var toVisit: [(role: String, delegator: String, grandparent: String?)] = [("targets", "root", nil)]
        var visited: Set<[UInt8]> = []
        while visited.count <= limits.delegations, let (role, delegator, grandparent) = toVisit.popLast() {
            if visited.contains(Array(role.utf8)) { continue }
            try await loadTargets(&trusted, role: role, delegator: delegator, grandparent: grandparent)
            guard let targets = trusted.targets(role, delegator: delegator) else { continue }
            if let target = try targets.target(path) { return target }
            visited.insert(Array(role.utf8))
            var children: [(role: String, delegator: String, grandparent: String?)] = []
            for child in targets.delegations?.roles(for: path) ?? [] {
                children.append((child.name, role, delegator))
                if child.terminating {
                    toVisit = []
                    break
                }
            }
            toVisit += children.reversed()
        }
        return nil
    }

    // MARK: Files

    private func fetch(
        _ promised: MetaFile, role: String, limit: Int, consistent: Bool
    ) async throws(TUFError) -> [UInt8] {
        let limit = promised.length.map { Int(min($0, Int64(limits.metadataBytes))) } ?? limit
        let version = consistent ? "\(promised.version)." : ""
        return try await fetch(
            "\(metadataURL)\(version)\(percentEncoded(role)).json", limit: limit, what: role, role: role)
    }

    private func fetch(_ url: String, limit: Int, what: String, role: String?) async throws(TUFError) -> [UInt8] {
        do {
            return try await bytes(url, limit: limit)
        } catch {
            switch error.code {
            // Object stores answer 403 for what is not there.
            case .notFound, .status(403):
                throw TUFError(.notFound, "the repository has no \(what) (\(url))", role: role)
            case .tooLong:
                throw TUFError(.tampered, "\(what) is longer than the \(limit) bytes allowed", role: role)
            default:
                throw TUFError(.fetch(error), "cannot fetch \(what): \(error)", role: role)
            }
        }
    }

    /// As ``Fetcher/bytes(_:limit:)``, but not from a server that drips.
    private func bytes(_ url: String, limit: Int) async throws(FetchError) -> [UInt8] {
        var pace = Pace(seconds: limits.slowSeconds, minimumBytesPerSecond: limits.minimumBytesPerSecond)
        var last = clock.monotonicSeconds
        return try await fetcher.bytes(url, limit: limit) { [clock] chunk throws(FetchError) in
            let now = clock.monotonicSeconds
            defer { last = now }
            guard pace.keepsUp(bytes: chunk.count, waited: now - last) else {
                throw FetchError(.stalled, url: url, reason: "it comes too slowly to be honest")
            }
        }
    }

    private func load(_ role: String) throws(TUFError) -> [UInt8]? {
        do { return try store.load(role) } catch { throw storeError(error, role) }
    }

    private func save(_ role: String, _ bytes: [UInt8]) throws(TUFError) {
        do { try store.save(role, bytes) } catch { throw storeError(error, role) }
    }

    private func remove(_ role: String) throws(TUFError) {
        do { try store.remove(role) } catch { throw storeError(error, role) }
    }

    private func storeError(_ error: FileError, _ role: String) -> TUFError {
        TUFError(.store(error), "the local copy cannot be used: \(error)", role: role)
    }

    // MARK: One after the other

    private func exclusively<Value: Sendable>(
        _ body: () async throws(TUFError) -> Value
    ) async throws(TUFError) -> Value {
        if isBusy {
            await withCheckedContinuation { waiting.append($0) }
        }
        isBusy = true
        defer {
            // The turn is handed over: isBusy stays true, so that nobody slips in between.
            if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
        }
        return try await body()
    }
}

/// A target's path for a URL: everything that a path may not contain (RFC 3986, section 3.3) is encoded, and so is the
/// percent sign, since the server decodes once.
func urlPath(_ path: String) -> String {
    let plain = Array("/-._~!$&'()*+,;=:@".utf8)
    var text = ""
    for byte in path.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            text.unicodeScalars.append(UnicodeScalar(byte))
        case _ where plain.contains(byte): text.unicodeScalars.append(UnicodeScalar(byte))
        default: text += "%" + hex([byte]).uppercased()
        }
    }
    return text
}
