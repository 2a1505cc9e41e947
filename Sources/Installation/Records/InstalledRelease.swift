// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Foundation
public import Platform
public import Replacement
internal import SystemPackage

/// The truth about what the live folder is, and which earlier ones are kept: `installed.json`.
public struct InstalledRelease: Sendable, Hashable, Codable {
    public static let currentFormat = 2

    public var format: Int
    public var product: String
    public var version: String
    public var component: String
    public var platform: String
    /// `Tree.contentSHA256` of what was put there.
    public var tree: String
    /// What the live folder is known by; `nil` in a file of format 1, until it has been looked at.
    public var folder: FolderRecord?
    /// Earlier releases that are still kept, the newest first: it is `<name>_old`.
    public var retained: [RetainedFolder]

    public init(
        product: String, version: String, component: String, platform: String, tree: String,
        folder: FolderRecord? = nil, retained: [RetainedFolder] = []
    ) {
        format = Self.currentFormat
        self.product = product
        self.version = version
        self.component = component
        self.platform = platform
        self.tree = tree
        self.folder = folder
        self.retained = retained
    }

    private enum CodingKeys: String, CodingKey {
        case format, product, version, component, platform, tree, folder, retained, previous
    }

    /// What `<name>_old` was in format 1: known by device and inode.
    private struct Previous: Decodable {
        struct Folder: Decodable {
            var inode: UInt64
        }
        var version: String
        var folder: Folder
        var until: Date
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let written = try container.decodeIfPresent(Int.self, forKey: .format) ?? 1
        guard written <= Self.currentFormat else {
            throw DecodingError.dataCorruptedError(
                forKey: .format, in: container, debugDescription: "format \(written) is newer than this agent")
        }
        self.init(
            product: try container.decode(String.self, forKey: .product),
            version: try container.decode(String.self, forKey: .version),
            component: try container.decode(String.self, forKey: .component),
            platform: try container.decode(String.self, forKey: .platform),
            tree: try container.decode(String.self, forKey: .tree),
            folder: try container.decodeIfPresent(FolderRecord.self, forKey: .folder),
            retained: try container.decodeIfPresent([RetainedFolder].self, forKey: .retained) ?? [])
        if let previous = try container.decodeIfPresent(Previous.self, forKey: .previous) {
            let record = FolderRecord(
                id: randomName(), version: previous.version, tree: "", inode: previous.folder.inode, born: 0)
            retained = [RetainedFolder(record: record, retired: 0, until: previous.until.timeIntervalSince1970)]
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(format, forKey: .format)
        try container.encode(product, forKey: .product)
        try container.encode(version, forKey: .version)
        try container.encode(component, forKey: .component)
        try container.encode(platform, forKey: .platform)
        try container.encode(tree, forKey: .tree)
        try container.encodeIfPresent(folder, forKey: .folder)
        try container.encode(retained, forKey: .retained)
    }

    /// `nil` when nothing was ever installed there.
    public static func load(_ layout: InstallationLayout, _ fileSystem: any FileSystem) throws(UpdateFailure) -> Self? {
        let bytes: [UInt8]
        do {
            bytes = try fileSystem.read(layout.installed, limit: 4 << 20)
        } catch  where error.code == .notFound {
            return nil
        } catch {
            throw UpdateFailure(error)
        }
        do {
            var installed = try APIJSON.decode(Self.self, from: Data(bytes))
            // Format 1 knew no birth times.
            for index in installed.retained.indices where installed.retained[index].record.isByInodeOnly {
                let record = installed.retained[index].record
                installed.retained[index].record = try FolderRecord(
                    inode: record.inode, version: record.version, in: layout.installed, at: [layout.old], fileSystem)
            }
            return installed
        } catch let error as FileError {
            throw UpdateFailure(error)
        } catch {
            throw UpdateFailure(.fileFailed, ["path": layout.installed.string, "reason": "\(error)"])
        }
    }

    /// Durable when it returns.
    public func save(_ layout: InstallationLayout, _ fileSystem: any FileSystem) throws(UpdateFailure) {
        do {
            let bytes = try APIJSON.encode(self, pretty: true)
            try fileSystem.replace(layout.installed, with: Array(bytes) + [0x0A], permissions: 0o644)
        } catch {
            throw UpdateFailure(error)
        }
    }
}

extension FolderRecord {
    /// As format 1 had it: neither a birth time nor anything else tells.
    fileprivate var isByInodeOnly: Bool { born == 0 && witnesses.isEmpty && tree.isEmpty }
}
