// SPDX-License-Identifier: Apache-2.0
internal import Crypto
internal import Foundation
internal import Platform
internal import Synchronization
internal import TUF
internal import TUFRepository

/// A refresh of a repository in which nothing has changed: what it asks for, and what it costs beside the checks of its
/// signatures, each once.
enum RefreshBench {
    private static let signers = 10
    private static let rounds = 15

    static func run(_ report: inout Report) async throws {
        let repository = try MemoryRepository(signers: signers)
        let store = MemoryStore()
        func refresh() async throws -> Double {
            let updater = Updater(
                store: store, trustedRoot: repository.root, metadataURL: "", targetsURL: "", fetcher: repository,
                clock: SystemWallClock())
            let start = ContinuousClock.now
            try await updater.refresh()
            return (ContinuousClock.now - start) / .seconds(1)
        }
        _ = try await refresh()
        repository.forget()
        _ = try await refresh()
        report.add(
            Measurement(
                name: "requests of a refresh without changes, beyond the root probe",
                value: Double(repository.asked.count { !$0.hasSuffix(".root.json") }), unit: "", bar: 1))

        var (ours, theirs): ([Double], [Double]) = ([], [])
        for _ in 0..<rounds {
            ours.append(try await refresh())
            theirs.append(repository.checkEachSignatureOnce())
        }
        report.add(
            Measurement(
                name: "refresh without changes, \(4 * signers) signatures", value: median(ours) * 1e3, unit: "ms",
                peer: "their checks alone", peerValue: median(theirs) * 1e3, bar: 1.5))
    }
}

/// A repository whose four roles are signed by ten keys each.
private final class MemoryRepository: Fetcher {
    let files: [String: [UInt8]]
    let root: [UInt8]
    private let checks: [(key: Curve25519.Signing.PublicKey, signature: [UInt8], bytes: [UInt8])]
    private let requests = Mutex<[String]>([])

    init(signers count: Int) throws {
        var keys: [TopLevelRole: [Key]] = [:]
        for role in TopLevelRole.allCases { keys[role] = (0..<count).map { _ in Key() } }
        let end = Date() + 86_400
        let root = EditableMetadata.root(
            keys: keys.mapValues { $0.map(\.key) }, thresholds: keys.mapValues { _ in count }, expires: end)
        let targets = EditableMetadata.targets(expires: end)
        var snapshot = EditableMetadata.snapshot(expires: end)
        snapshot.setMeta("targets.json", version: 1)
        var timestamp = EditableMetadata.timestamp(expires: end)
        timestamp.setMeta("snapshot.json", version: 1)
        let all: [(String, TopLevelRole, EditableMetadata)] = [
            ("1.root.json", .root, root), ("1.targets.json", .targets, targets),
            ("1.snapshot.json", .snapshot, snapshot), ("timestamp.json", .timestamp, timestamp),
        ]
        var files: [String: [UInt8]] = [:]
        var checks: [(Curve25519.Signing.PublicKey, [UInt8], [UInt8])] = []
        for (name, role, content) in all {
            let signers = keys[role] ?? []
            files[name] = try content.document(signedBy: signers)
            let canonical = try JSONValue.object(content.signed).canonicalBytes()
            for signer in signers { checks.append((signer.verifier, try signer.sign(canonical).bytes, canonical)) }
        }
        self.files = files
        self.checks = checks
        self.root = files["1.root.json"] ?? []
    }

    var asked: [String] { requests.withLock { $0 } }
    func forget() { requests.withLock { $0 = [] } }

    /// Seconds.
    func checkEachSignatureOnce() -> Double {
        timed { for check in checks { precondition(check.key.isValidSignature(check.signature, for: check.bytes)) } }
    }

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        requests.withLock { $0.append(request.url) }
        guard let bytes = files[request.url] else { throw FetchError(.notFound, url: request.url, reason: "404") }
        do { try await receive(bytes[...]) } catch { throw FetchError(.receiver, url: request.url, reason: "\(error)") }
    }

    private struct Key: Signer {
        private let secret = Curve25519.Signing.PrivateKey()
        var verifier: Curve25519.Signing.PublicKey { secret.publicKey }
        let key: PublicKey

        init() { key = PublicKey(ed25519: Array(secret.publicKey.rawRepresentation)) }

        func sign(_ bytes: [UInt8]) throws -> TUF.Signature {
            TUF.Signature(keyID: key.keyID, bytes: Array(try secret.signature(for: bytes)))
        }
    }
}

/// What a client keeps, in memory.
final class MemoryStore: MetadataStore {
    private let roles = Mutex<[String: [UInt8]]>([:])
    func load(_ role: String) throws(FileError) -> [UInt8]? { roles.withLock { $0[role] } }
    func save(_ role: String, _ bytes: [UInt8]) throws(FileError) { roles.withLock { $0[role] = bytes } }
    func remove(_ role: String) throws(FileError) { roles.withLock { $0[role] = nil } }
}
