// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import Replacement
import SystemPackage

/// Where a client's own folder is, and what belongs to it: the folders that change places (``place``), and the documents
/// beside them.
///
/// ```
/// <parent>/OM Client/                     live
/// <parent>/OM Client_old/                 until the new version has confirmed its start
/// <parent>/.ricambio-client/OM Client/    journal.json  state.json  building.json  lock  metadata/  downloads/  trees/
///                                         staged/  lists/  trash/
/// ```
struct ClientFolder: Sendable {
    let place: Place
    let fileSystem: any FileSystem

    init(live: FilePath, fileSystem: any FileSystem) {
        let live = live.lexicallyNormalized()
        var state = live.removingLastComponent().appending(".ricambio-client")
        if let name = live.lastComponent { state.append(name) }
        place = Place(live: live, state: state)
        self.fileSystem = fileSystem
    }

    var live: FilePath { place.live }
    var parent: FilePath { place.parent }
    var old: FilePath { place.old }
    var state: FilePath { place.state }
    var staged: FilePath { place.staged }
    var metadata: FilePath { state.appending("metadata") }
    var downloads: FilePath { state.appending("downloads") }
    var trees: FilePath { state.appending("trees") }
    var startLockFile: FilePath { state.appending("start.lock") }
    private var journalFile: FilePath { state.appending("journal.json") }
    private var stateFile: FilePath { state.appending("state.json") }
    /// What the folder that was last built in ``staged`` is known by.
    private var buildingFile: FilePath { state.appending("building.json") }

    /// What a version has, as its vendor says.
    func treeFile(of version: String) -> FilePath { trees.appending("\(version).json") }

    /// `nil` when another program has it.
    func lock() throws(ClientError) -> (any HeldLock)? {
        try ClientError.files { () throws(FileError) in try fileSystem.makeDirectories(state) }
        return try ClientError.replacement { () throws(ReplacementError) in
            try OwnerLock.take(place, fileSystem: fileSystem)
        }
    }

    var busy: ClientError { ClientError(.busy, "Another program is updating \(live.readable) right now.") }

    // MARK: - Documents

    func readState() throws(ClientError) -> ClientState {
        try read(stateFile, as: ClientState.self) ?? ClientState()
    }

    /// Call with the lock held.
    func write(_ state: ClientState) throws(ClientError) {
        try write(state, to: stateFile)
    }

    /// `nil` before anything was ever written.
    func readWrittenState() throws(ClientError) -> ClientState? {
        try read(stateFile, as: ClientState.self)
    }

    private struct Format: Decodable {
        var format: Int?
    }

    func readJournal() throws(ClientError) -> ClientJournal? {
        guard let written = try read(journalFile, as: Format.self) else { return nil }
        switch written.format ?? 1 {
        case 1:
            guard let old = try read(journalFile, as: JournalFormat1.self) else { return nil }
            return try ClientError.files { () throws(FileError) in
                try ClientJournal(old, in: journalFile, place, fileSystem)
            }
        case ClientJournal.currentFormat: return try read(journalFile, as: ClientJournal.self)
        default:
            throw ClientError(
                .folder,
                "\(journalFile.readable) was written by a newer version of this program. Nothing was changed.")
        }
    }

    func write(_ journal: ClientJournal) throws(ClientError) {
        try write(journal, to: journalFile)
    }

    /// No update is going on any more.
    func end() throws(ClientError) {
        try ClientError.files { () throws(FileError) in
            try fileSystem.remove(journalFile)
            try fileSystem.syncDirectory(state)
        }
        // They tell what may be deleted of the folders that the journal spoke of.
        try? fileSystem.removeTree(place.lists)
    }

    /// `nil` also when it cannot be read: what is staged is then nobody's that is known.
    func readBuilding() -> FolderRecord? { try? read(buildingFile, as: FolderRecord.self) }

    /// Before anything is put in the folder: what a crash leaves there is then known for what it is.
    func writeBuilding(_ record: FolderRecord) throws(ClientError) {
        try write(record, to: buildingFile)
    }

    private func read<Document: Decodable>(_ file: FilePath, as type: Document.Type) throws(ClientError) -> Document? {
        let bytes: [UInt8]
        do {
            bytes = try fileSystem.read(file, limit: 4 << 20)
        } catch  where error.code == .notFound {
            return nil
        } catch {
            throw ClientError(error)
        }
        do {
            return try APIJSON.decode(type, from: Data(bytes))
        } catch {
            throw ClientError(
                .folder, "\(file.readable) is damaged. Nothing was changed; install the client anew to continue.")
        }
    }

    private func write(_ document: some Encodable, to file: FilePath) throws(ClientError) {
        let bytes: [UInt8]
        do {
            bytes = Array(try APIJSON.encode(document, pretty: true))
        } catch {
            throw ClientError(.malformed, "\(file.readable) cannot be written as JSON.")
        }
        try ClientError.files { () throws(FileError) in
            try fileSystem.replace(file, with: bytes, permissions: 0o644)
        }
    }
}
