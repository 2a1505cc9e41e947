// SPDX-License-Identifier: Apache-2.0
import Platform
public import Foundation
import Synchronization
public import TUF
public import TUFRepository

/// A repository in memory that is a fetcher, and can be made hostile in every way.
///
/// Metadata is signed at the moment it is asked for, from ``Content``, which tests change as they like. Nothing
/// keeps it consistent: ``bump(_:)`` and ``update()`` do what an honest repository would, and a test that leaves
/// them out has made an attack. Roots are the exception: ``publishRoot()`` freezes each version.
public final class RepositorySimulator: Fetcher {
    public static let metadataURL = "https://vendor.test/metadata/"
    public static let targetsURL = "https://vendor.test/targets/"

    public struct Content: Sendable {
        public var root: EditableMetadata
        public var timestamp: EditableMetadata
        public var snapshot: EditableMetadata
        /// `targets` and the delegated roles.
        public var targets: [String: EditableMetadata]
        /// Who signs; also for delegated roles.
        public var signers: [String: [any Signer]]
        /// By version; what ``RepositorySimulator/publishRoot()`` has published.
        public var roots: [[UInt8]] = []
        /// By location below the targets URL.
        public var files: [String: [UInt8]] = [:]
        /// Answered for the URL's last parts (`timestamp.json`, `om/a.bin`) instead of the honest bytes.
        public var replaced: [String: [UInt8]] = [:]
        /// Fails for that name.
        public var failures: [String: FetchError.Code] = [:]
        /// Sends bytes without end for these names.
        public var endless: Set<String> = []
        /// Sends these names byte by byte, and calls this before each.
        public var dripping: [String: @Sendable () -> Void] = [:]
        /// Whether snapshot and timestamp say lengths and hashes.
        public var saysHashes = true
        public var expires: Date
    }

    private struct State {
        var content: Content
        var requests: [String] = []
    }

    private let state: Mutex<State>

    /// Version 1 of every role, one key each, valid for 30 days from `now`.
    public init(now: Date = ManualClock().now) {
        let expires = now + 30 * 86_400
        var signers: [String: [any Signer]] = [:]
        for role in TopLevelRole.allCases { signers[role.rawValue] = [Ed25519Signer()] }
        let keys = Dictionary(
            uniqueKeysWithValues: TopLevelRole.allCases.map { ($0, signers[$0.rawValue, default: []].map(\.key)) })
        let root = EditableMetadata.root(keys: keys, thresholds: [:], expires: expires)
        let content = Content(
            root: root, timestamp: .timestamp(expires: expires), snapshot: .snapshot(expires: expires),
            targets: ["targets": .targets(expires: expires)], signers: signers, expires: expires)
        state = Mutex(State(content: content))
        publishRoot()
        update()
    }

    /// Everything a test may change.
    public func change<Value: Sendable>(_ body: (inout Content) throws -> Value) rethrows -> Value {
        try state.withLock { try body(&$0.content) }
    }

    public var content: Content { state.withLock { $0.content } }

    /// What has been asked for: names below the base URLs, in order.
    public var requests: [String] { state.withLock { $0.requests } }
    public func forgetRequests() { state.withLock { $0.requests = [] } }

    /// The first root: what a customer would be given.
    public var trustedRoot: [UInt8] { content.roots.first ?? [] }

    public func signed(_ role: String) -> [UInt8] { content.signed(role) }

    // MARK: What an honest repository does

    /// Freezes the present root under its version.
    public func publishRoot() {
        change { content in content.roots.append(content.signed("root")) }
    }

    /// A new root version that the keys of the one before sign too, published.
    public func rotateRoot(_ edit: (inout Content) -> Void = { _ in }) {
        change { content in
            let before = content.signers["root"] ?? []
            content.root.version += 1
            edit(&content)
            let after = content.signers["root"] ?? []
            content.signers["root"] = after + before.filter { old in !after.contains { $0.key == old.key } }
            content.roots.append(content.signed("root"))
            content.signers["root"] = after
        }
    }

    /// Gives a top-level role new keys in the root that is being edited.
    public static func replaceKeys(of role: TopLevelRole, count: Int = 1, in content: inout Content) {
        let signers = (0..<count).map { _ in Ed25519Signer() }
        content.signers[role.rawValue] = signers
        content.root.setKeys(signers.map(\.key), threshold: count, of: role)
    }

    /// A new version of `targets` or a delegated role; nothing else hears of it.
    public func bump(_ role: String) {
        change { $0.targets[role]?.version += 1 }
    }

    /// New snapshot and timestamp that say what there is now.
    public func update(bumping: Bool = false) {
        updateSnapshot(bumping: bumping)
        updateTimestamp(bumping: bumping)
    }

    public func updateSnapshot(bumping: Bool = true) {
        change { content in
            if bumping { content.snapshot.version += 1 }
            for (role, metadata) in content.targets {
                let bytes = content.saysHashes ? content.signed(role) : nil
                content.snapshot.setMeta("\(role).json", version: metadata.version, bytes: bytes)
            }
        }
    }

    public func updateTimestamp(bumping: Bool = true) {
        change { content in
            if bumping { content.timestamp.version += 1 }
            let bytes = content.saysHashes ? content.signed("snapshot") : nil
            content.timestamp.setMeta("snapshot.json", version: content.snapshot.version, bytes: bytes)
        }
    }

    /// Adds a file to a role's targets and publishes it, as a vendor would.
    public func addTarget(_ path: String, _ bytes: [UInt8], to role: String = "targets") {
        let target = TargetFile(path: path, length: Int64(bytes.count), sha256: sha256Hex(bytes))
        change { content in
            content.targets[role]?.setTarget(target, at: path)
            content.targets[role]?.version += 1
            content.files[target.location(consistentSnapshot: true)] = bytes
            content.files[path] = bytes
        }
        update(bumping: true)
    }

    /// Adds a delegated role with a key of its own (or the given ones) and publishes it.
    public func delegate(
        from parent: String = "targets", to name: String, scope: JSONObject, terminating: Bool = false,
        signers: [any Signer] = [Ed25519Signer()], threshold: Int = 1
    ) {
        change { content in
            content.signers[name] = signers
            content.targets[name] = content.targets[name] ?? .targets(expires: content.expires)
            content.targets[parent]?.setDelegation(
                to: name, keys: signers.map(\.key), threshold: threshold, scope: scope, terminating: terminating)
            content.targets[parent]?.version += 1
        }
        update(bumping: true)
    }

    // MARK: Fetcher

    public func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        let name = request.url.removingPrefix(Self.metadataURL) ?? request.url.removingPrefix(Self.targetsURL)
        let isTarget = request.url.hasPrefix(Self.targetsURL)
        guard let name else { throw FetchError(.unreachable, url: request.url, reason: "no such host") }
        let content = state.withLock { state in
            state.requests.append(name)
            return state.content
        }
        if let code = content.failures[name] { throw FetchError(code, url: request.url, reason: "told to fail") }
        if content.endless.contains(name) { return try await sendEndlessly(request.url, receive) }
        let honest = isTarget ? content.files[name] : content.metadata(name)
        guard let bytes = content.replaced[name] ?? honest else {
            throw FetchError(.notFound, url: request.url, reason: "404")
        }
        let start = min(bytes.count, Int(request.offset))
        let end = request.length.map { min(bytes.count, start + Int($0)) } ?? bytes.count
        guard let drip = content.dripping[name] else { return try await send(bytes[start..<end], request.url, receive) }
        for index in start..<end {
            drip()
            try await send(bytes[index...index], request.url, receive)
        }
    }

    private func sendEndlessly(
        _ url: String, _ receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        let chunk = ArraySlice([UInt8](repeating: 0x20, count: 65_536))
        // A client that never says stop would fill the memory: the test fails instead.
        for _ in 0..<16_384 { try await send(chunk, url, receive) }
    }

    /// In pieces, as from a network.
    private func send(
        _ bytes: ArraySlice<UInt8>, _ url: String, _ receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        try await TestSupport.send(bytes, inPiecesOf: 1000, url: url, to: receive)
    }
}

extension RepositorySimulator.Content {
    /// A document with the present content, signed by the role's present signers.
    public func signed(_ role: String) -> [UInt8] {
        let metadata =
            switch role {
            case "root": root
            case "timestamp": timestamp
            case "snapshot": snapshot
            default: targets[role]
            }
        guard let metadata, let bytes = try? metadata.document(signedBy: signers[role] ?? []) else {
            preconditionFailure("the simulator has no role \(role), or it cannot be signed")
        }
        return bytes
    }

    /// `3.targets.json`, `timestamp.json`, also without a version; `nil` stands for 404.
    fileprivate func metadata(_ name: String) -> [UInt8]? {
        guard let name = name.removingSuffix(".json")?.removingPercentEncoding else { return nil }
        let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let version = parts.count == 2 ? Int64(parts[0]) : nil
        let role = version == nil ? name : parts[1]
        switch role {
        case "root":
            guard let version, roots.indices.contains(Int(version) - 1) else { return nil }
            return roots[Int(version) - 1]
        case "timestamp": return signed(role)
        case "snapshot": return version == nil || version == snapshot.version ? signed(role) : nil
        default:
            guard let metadata = targets[role], version == nil || version == metadata.version else { return nil }
            return signed(role)
        }
    }
}

extension String {
    fileprivate func removingPrefix(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }

    fileprivate func removingSuffix(_ suffix: String) -> String? {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : nil
    }
}
