// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
public import Foundation
public import Platform
public import SystemPackage

/// Tells a folder from another one that took its name.
public struct FolderIdentity: Sendable, Hashable, Codable {
    public var device: UInt64
    public var inode: UInt64

    public init(_ attributes: FileAttributes) {
        device = attributes.device
        inode = attributes.inode
    }
}

/// Data that the new version may change, and the copy of it.
public struct DataSnapshot: Sendable, Hashable, Codable {
    /// Absolute path of the data.
    public var data: String
    /// Absolute path of the copy, beside it.
    public var copy: String
    /// `nil` when there was no data yet: going back takes away what the new version made.
    public var original: FolderIdentity?
    /// `nil` while the copy is being made.
    public var complete: FolderIdentity?
}

/// The durable record of the current run: what is about to be done is written before it is done, so that the next
/// start of the agent knows what may have happened. One small file beside the installation; recovery depends on
/// nothing else.
public struct Journal: Sendable, Codable {
    public static let currentFormat = 1

    public var format: Int
    public var run: UpdateRun
    public var state: UpdateMachine.State
    /// The release's promise about data, and the tree's content; known once the release is resolved.
    public var migratesData: Bool
    public var treeSHA256: String?
    /// The data to be copied, symlinks followed; known from the preflight on.
    public var data: [String]?
    /// The folders that change places; known once the new one is built.
    public var oldFolder: FolderIdentity?
    public var newFolder: FolderIdentity?
    public var snapshots: [DataSnapshot]
    /// The new version has been started, so data may not be what it was.
    public var newVersionStarted: Bool
    /// When the run must be over.
    public var deadline: Date
    /// When the owner of the run last said that it lives. The lock says who owns it.
    public var heartbeat: Date

    public init(run: UpdateRun, state: UpdateMachine.State, deadline: Date, heartbeat: Date) {
        format = Self.currentFormat
        self.run = run
        self.state = state
        migratesData = false
        snapshots = []
        newVersionStarted = false
        self.deadline = deadline
        self.heartbeat = heartbeat
    }
}

/// Reads and writes the journal's file. Every call blocks for a few milliseconds.
public struct JournalStore: Sendable {
    public let file: FilePath
    private let fileSystem: any FileSystem

    public init(file: FilePath, fileSystem: any FileSystem) {
        self.file = file
        self.fileSystem = fileSystem
    }

    /// `nil` when no run is open. A journal that cannot be read is an error, never "no run".
    public func load() throws(UpdateFailure) -> Journal? {
        let bytes: [UInt8]
        do {
            bytes = try fileSystem.read(file, limit: 64 << 20)
        } catch  where error.code == .notFound {
            return nil
        } catch {
            throw UpdateFailure(error)
        }
        do {
            return try APIJSON.decode(Journal.self, from: Data(bytes))
        } catch {
            throw UpdateFailure(.fileFailed, ["path": file.string, "reason": "\(error)"])
        }
    }

    /// Durable when it returns.
    public func save(_ journal: Journal) throws(UpdateFailure) {
        do {
            let bytes = try APIJSON.encode(journal)
            try fileSystem.replace(file, with: Array(bytes), permissions: 0o600)
        } catch {
            throw UpdateFailure(error)
        }
    }

    public func remove() throws(UpdateFailure) {
        do {
            try fileSystem.remove(file)
            try fileSystem.syncDirectory(file.removingLastComponent())
        } catch {
            throw UpdateFailure(error)
        }
    }
}
