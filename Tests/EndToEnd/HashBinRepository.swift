// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import SystemPackage
import TUF
import TUFRepository

/// A repository whose targets are in eight hash bins, each file holding its own name.
struct HashBinRepository {
    let folder: FilePath
    let fileSystem: any FileSystem

    private static let bitLength = 3
    private let signer = Ed25519Signer()

    func write(_ names: [String], succinct: Bool) throws {
        let expires = Date.now + 86_400
        let root = EditableMetadata.root(
            keys: Dictionary(uniqueKeysWithValues: TopLevelRole.allCases.map { ($0, [signer.key]) }), thresholds: [:],
            expires: expires)
        var targets = EditableMetadata.targets(expires: expires)
        let bins = (0..<1 << Self.bitLength).map { "bin-\($0)" }
        if succinct {
            targets.setHashBins(prefix: "bin", bitLength: Self.bitLength, keys: [signer.key])
        } else {
            for (number, bin) in bins.enumerated() {
                let prefixes = (0..<32).map { String(format: "%02x", number << 5 | $0) }
                targets.setDelegation(
                    to: bin, keys: [signer.key],
                    scope: ["path_hash_prefixes": .array(prefixes.map { .string($0) })], terminating: true)
            }
        }
        var roles = ["targets": targets]
        for bin in bins { roles[bin] = .targets(expires: expires) }
        guard let delegations = try Targets(targets.signed, role: "targets").delegations else { return }
        for name in names {
            let file = TargetFile(
                path: name, length: Int64(name.utf8.count), sha256: sha256Hex(Array(name.utf8)), custom: nil)
            if let bin = delegations.roles(for: name).first?.name { roles[bin]?.setTarget(file, at: name) }
            try put(Array(name.utf8), "targets/" + file.location(consistentSnapshot: true))
        }
        var snapshot = EditableMetadata.snapshot(expires: expires)
        for (role, content) in roles {
            let bytes = try content.document(signedBy: [signer])
            snapshot.setMeta("\(role).json", version: 1, bytes: bytes)
            try put(bytes, "metadata/1.\(role).json")
        }
        let list = try snapshot.document(signedBy: [signer])
        var timestamp = EditableMetadata.timestamp(expires: expires)
        timestamp.setMeta("snapshot.json", version: 1, bytes: list)
        try put(list, "metadata/1.snapshot.json")
        try put(try root.document(signedBy: [signer]), "metadata/1.root.json")
        try put(try timestamp.document(signedBy: [signer]), "metadata/timestamp.json")
    }

    private func put(_ bytes: [UInt8], _ name: String) throws {
        let file = name.split(separator: "/").reduce(folder.appending("public")) { $0.appending(String($1)) }
        try fileSystem.makeDirectories(file.removingLastComponent())
        try fileSystem.replace(file, with: bytes, permissions: 0o644)
    }
}
