// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
public import Foundation
public import Platform
internal import SystemPackage

/// The truth about what the live folder is: `installed.json`.
public struct InstalledRelease: Sendable, Hashable, Codable {
    /// What `<name>_old` holds, while there is one.
    public struct Previous: Sendable, Hashable, Codable {
        public var version: String
        public var folder: FolderIdentity
        /// From when on it may be deleted.
        public var until: Date

        public init(version: String, folder: FolderIdentity, until: Date) {
            self.version = version
            self.folder = folder
            self.until = until
        }
    }

    public var product: String
    public var version: String
    public var component: String
    public var platform: String
    /// `Tree.contentSHA256` of what was put there.
    public var tree: String
    public var previous: Previous?

    public init(
        product: String, version: String, component: String, platform: String, tree: String, previous: Previous? = nil
    ) {
        self.product = product
        self.version = version
        self.component = component
        self.platform = platform
        self.tree = tree
        self.previous = previous
    }

    /// `nil` when nothing was ever installed there.
    public static func load(_ layout: InstallationLayout, _ fileSystem: any FileSystem) throws(UpdateFailure) -> Self? {
        let bytes: [UInt8]
        do {
            bytes = try fileSystem.read(layout.installed, limit: 1 << 20)
        } catch  where error.code == .notFound {
            return nil
        } catch {
            throw UpdateFailure(error)
        }
        do {
            return try APIJSON.decode(Self.self, from: Data(bytes))
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
