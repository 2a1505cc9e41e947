// SPDX-License-Identifier: Apache-2.0
internal import Packaging
internal import Platform
internal import SystemPackage

internal import TUFRepository

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What `show` shows of a release.
struct ShownRelease: Encodable {
    struct Part: Encodable {
        struct Delta: Encodable {
            var from: String
            var bytes: Int64
        }

        var component: String
        var platform: String
        var fullPackBytes: Int64
        var installedBytes: Int64
        var files: Int
        var frames: Int
        var pack: String
        var deltas: [Delta]
    }

    var product: String
    var version: String
    var date: Date
    var severity: Severity
    var migratesData: Bool
    var requirements: Requirements
    var notes: [String: String]
    /// Names of the channels that have it.
    var channels: [String]
    var components: [Part]
}

/// What `show` shows of a product.
struct ShownProduct: Encodable {
    var product: String
    var channels: [ChannelDocument]
    var releases: [ShownRelease]
}

/// Reads a repository back, as its owner.
struct Catalog {
    let editor: RepositoryEditor

    init(_ folder: VendorFolder, clock: any WallClock) throws {
        editor = try folder.read(clock: clock)
    }

    var products: [String] { editor.productNames }

    func product(_ name: String) throws -> ShownProduct {
        let channels = try channels(of: name)
        return ShownProduct(
            product: name, channels: channels,
            releases: try VendorFolder.versions(of: name, in: editor).map {
                try release(name, $0.text, channels: channels)
            })
    }

    func release(_ product: String, _ version: String) throws -> ShownRelease {
        try release(product, version, channels: try channels(of: product))
    }

    private func channels(of product: String) throws -> [ChannelDocument] {
        try Channels(product, in: editor).all()
    }

    private func release(
        _ product: String, _ version: String, channels: [ChannelDocument]
    ) throws -> ShownRelease {
        guard let bytes = try bytes(RepositoryNames.release(version, of: product), of: product) else {
            throw VendorError(.notFound, "\(product) has no release “\(version)”.")
        }
        let release = try ReleaseDocument.decoded(from: bytes)
        let parts = try release.parts.map { part in
            guard let bytes = try self.bytes(part.tree, of: product) else {
                throw VendorError(.damaged, "\(part.tree) is not in the metadata.")
            }
            let tree = try Tree.decoded(fromCompressed: bytes, at: part.tree)
            return ShownRelease.Part(
                component: part.component, platform: part.platform, fullPackBytes: tree.pack.length,
                installedBytes: tree.installedBytes, files: tree.fileCount, frames: tree.pack.frames.count,
                pack: tree.pack.sha256, deltas: tree.deltas.map { .init(from: $0.from, bytes: $0.length) })
        }
        return ShownRelease(
            product: product, version: release.version, date: release.date, severity: release.severity,
            migratesData: release.migratesData, requirements: release.requirements, notes: release.notes,
            channels: channels.filter { $0.releases.contains(version) }.map(\.channel), components: parts)
    }

    private func bytes(_ path: String, of product: String) throws -> [UInt8]? {
        try editor.target(path, of: product).map { try editor.bytes(of: $0) }
    }
}
