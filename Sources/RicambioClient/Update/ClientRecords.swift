// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import SystemPackage

/// What a version is that an update put in a client's place.
struct InstalledClient: Codable, Sendable, Hashable {
    var product: String
    var version: String
    var component: String
    var platform: String
}

/// What is remembered between updates: `state.json`. Written with the lock held, and only then.
struct ClientState: Codable, Sendable, Hashable {
    var installed: InstalledClient?
    /// What the live folder is known by; `nil` while no update has put it there.
    var folder: FolderRecord?
    /// The version that was put in place, never confirmed its start, and was taken out again.
    var reverted: String?
    /// Random; decides when a staged roll-out reaches this client.
    var id = UUID().uuidString
}

/// Where a change of places stands: `journal.json`. It is written before each step, so that whoever reads it after
/// a crash knows what may have happened. Format 1 is read too: ``JournalFormat1``.
struct ClientJournal: Codable, Sendable, Hashable {
    static let currentFormat = 2

    enum Phase: String, Codable, Sendable {
        /// The new folder is complete; it may or may not be in place.
        case swapping
        /// The new one is in place and has not yet said that it works.
        case unconfirmed
        /// It works: the old one goes.
        case confirmed
        /// The old one goes back; it may or may not be in place.
        case reverting
    }

    var format = currentFormat
    var phase: Phase
    var from: InstalledClient?
    var to: InstalledClient
    /// The two that change places.
    var folders: SwapRecord
    /// How often the new version has started without confirming.
    var starts = 0
}

/// A journal as clients before format 2 wrote it: folders known by their inodes, no format named.
struct JournalFormat1: Decodable {
    var phase: ClientJournal.Phase
    var from: InstalledClient?
    var to: InstalledClient
    var oldInode: UInt64
    var newInode: UInt64
    var starts: Int
}

extension ClientJournal {
    init(
        _ old: JournalFormat1, in document: FilePath, _ place: Place, _ fileSystem: any FileSystem
    ) throws(FileError) {
        var records: [FolderRecord] = []
        for (inode, version) in [(old.oldInode, old.from?.version ?? ""), (old.newInode, old.to.version)] {
            let places = [place.live, place.old, place.staged]
            records.append(
                try FolderRecord(inode: inode, version: version, in: document, at: places, fileSystem))
        }
        self.init(
            phase: old.phase, from: old.from, to: old.to, folders: SwapRecord(old: records[0], new: records[1]),
            starts: old.starts)
    }
}
