// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import SystemPackage

/// What is in a client's folder: `installed.json`.
struct InstalledClient: Codable, Sendable, Hashable {
    var product: String
    var version: String
    var component: String
    var platform: String
}

/// What is remembered between updates: `state.json`.
struct ClientState: Codable, Sendable, Hashable {
    var installed: InstalledClient?
    /// The version that was put in place, never confirmed its start, and was taken out again.
    var reverted: String?
    /// Random; decides when a staged roll-out reaches this client.
    var id = UUID().uuidString
}

/// Where a change of places stands: `journal.json`. It is written before each step, so that whoever reads it after
/// a crash knows what may have happened.
struct ClientJournal: Codable, Sendable, Hashable {
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

    var phase: Phase
    var from: InstalledClient?
    var to: InstalledClient
    /// A folder keeps its inode when it is renamed: it says which of the two is at a path.
    var oldInode: UInt64
    var newInode: UInt64
    /// How often the new version has started without confirming.
    var starts = 0
}

/// A client's own folder and what belongs to it: the blocking, crash-safe part of ``ClientUpdate``.
///
/// ```
/// <parent>/OM Client/                     live
/// <parent>/OM Client_old/                 until the new version has confirmed its start
/// <parent>/.ricambio-client/OM Client/    journal.json  state.json  lock  metadata/  downloads/  staged/
/// ```
struct ClientFolder: Sendable {
    let live: FilePath
    let fileSystem: any FileSystem

    var name: String { live.lastComponent?.string ?? "" }
    var parent: FilePath { live.removingLastComponent() }
    var old: FilePath { parent.appending("\(name)_old") }
    var state: FilePath { parent.appending(".ricambio-client").appending(name) }
    var metadata: FilePath { state.appending("metadata") }
    var downloads: FilePath { state.appending("downloads") }
    var staged: FilePath { state.appending("staged") }
    var lockFile: FilePath { state.appending("lock") }
    var startLockFile: FilePath { state.appending("start.lock") }
    private var journalFile: FilePath { state.appending("journal.json") }
    private var stateFile: FilePath { state.appending("state.json") }

    func inode(of path: FilePath) throws(FileError) -> UInt64? {
        guard let found = try fileSystem.attributes(of: path), found.kind == .directory else { return nil }
        return found.inode
    }

    // MARK: Documents

    func readState() throws(ClientError) -> ClientState {
        try read(stateFile, as: ClientState.self) ?? ClientState()
    }

    func write(_ state: ClientState) throws(ClientError) {
        try write(state, to: stateFile)
    }

    func readJournal() throws(ClientError) -> ClientJournal? {
        try read(journalFile, as: ClientJournal.self)
    }

    func write(_ journal: ClientJournal) throws(ClientError) {
        try write(journal, to: journalFile)
    }

    func removeJournal() throws(ClientError) {
        try ClientError.files { () throws(FileError) in
            try fileSystem.remove(journalFile)
            try fileSystem.syncDirectory(state)
        }
    }

    private func read<Document: Decodable>(_ file: FilePath, as type: Document.Type) throws(ClientError) -> Document? {
        let bytes: [UInt8]
        do {
            bytes = try fileSystem.read(file, limit: 1 << 20)
        } catch  where error.code == .notFound {
            return nil
        } catch {
            throw ClientError(error)
        }
        do {
            return try APIJSON.decode(type, from: Data(bytes))
        } catch {
            throw ClientError(
                .folder, "\(file) is damaged. Nothing was changed; install the client anew to continue.")
        }
    }

    private func write(_ document: some Encodable, to file: FilePath) throws(ClientError) {
        let bytes: [UInt8]
        do {
            bytes = Array(try APIJSON.encode(document, pretty: true))
        } catch {
            throw ClientError(.malformed, "\(file) cannot be written as JSON.")
        }
        try ClientError.files { () throws(FileError) in
            try fileSystem.replace(file, with: bytes, permissions: 0o644)
        }
    }
}

extension ClientError {
    init(_ error: FileError) {
        self.init(.folder, error.description)
    }

    /// Runs file operations and reports their errors as this type.
    static func files<Value>(_ body: () throws(FileError) -> Value) throws(ClientError) -> Value {
        do {
            return try body()
        } catch {
            throw ClientError(error)
        }
    }
}
