// SPDX-License-Identifier: Apache-2.0
#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// How much an administrator loses by waiting.
public enum Severity: String, Sendable, Hashable, Codable, CaseIterable {
    case low
    case normal
    case high
    case critical
}

/// What a release asks of the installation it is put on.
public struct Requirements: Sendable, Hashable, Codable {
    /// The oldest version that can be updated to this release in one go.
    public var fromVersion: String?
    /// The oldest agent that can install it.
    public var agentVersion: String?
    /// Bytes that must be free beside the live folder, over and above the staged tree.
    public var freeBytes: Int64?

    public init(fromVersion: String? = nil, agentVersion: String? = nil, freeBytes: Int64? = nil) {
        self.fromVersion = fromVersion
        self.agentVersion = agentVersion
        self.freeBytes = freeBytes
    }
}

/// One component of a release on one platform.
public struct ReleasePart: Sendable, Hashable, Codable {
    /// `server`, `client` or `standalone`.
    public var component: String
    public var platform: String
    /// Target path of the tree.
    public var tree: String
    /// ``Tree/contentSHA256`` of the tree.
    public var treeSHA256: String
    /// Bytes of the full pack.
    public var packBytes: Int64
    /// Bytes of all files, uncompressed.
    public var installedBytes: Int64

    public init(
        component: String, platform: String, tree: String, treeSHA256: String, packBytes: Int64,
        installedBytes: Int64
    ) {
        self.component = component
        self.platform = platform
        self.tree = tree
        self.treeSHA256 = treeSHA256
        self.packBytes = packBytes
        self.installedBytes = installedBytes
    }
}

/// `<product>/<version>/release.json`: a version of a product.
public struct ReleaseDocument: Sendable, Hashable, Codable {
    public static let currentFormat = 1

    public var format: Int
    public var product: String
    public var version: String
    public var date: Date
    /// Text by language code (`en`, `it`, …).
    public var notes: [String: String]
    public var severity: Severity
    public var requirements: Requirements
    /// The application changes its data when it first starts, so data is snapshotted before.
    public var migratesData: Bool
    public var parts: [ReleasePart]

    public init(
        format: Int = ReleaseDocument.currentFormat, product: String, version: String, date: Date,
        notes: [String: String] = [:], severity: Severity = .normal, requirements: Requirements = Requirements(),
        migratesData: Bool = false, parts: [ReleasePart]
    ) {
        self.format = format
        self.product = product
        self.version = version
        self.date = date
        self.notes = notes
        self.severity = severity
        self.requirements = requirements
        self.migratesData = migratesData
        self.parts = parts
    }

    public func part(component: String, platform: String) -> ReleasePart? {
        parts.first { $0.component == component && $0.platform == platform }
    }
}
