// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Foundation
internal import Platform
internal import Replacement
internal import SystemPackage

/// A journal as agents before format 2 wrote it: folders known by device and inode, data by absolute paths.
struct JournalFormat1: Decodable {
    struct Folder: Decodable {
        var inode: UInt64
    }

    struct Snapshot: Decodable {
        var data: String
        var copy: String
        var original: Folder?
        var complete: Folder?
    }

    var run: UpdateRun
    var state: UpdateMachine.State
    var migratesData: Bool
    var treeSHA256: String?
    var oldFolder: Folder?
    var newFolder: Folder?
    var snapshots: [Snapshot]
    var newVersionStarted: Bool
    var deadline: Date
    var heartbeat: Date
}

extension Journal {
    init(
        _ old: JournalFormat1, in layout: InstallationLayout, _ fileSystem: any FileSystem
    ) throws(FileError) {
        self.init(run: old.run, state: old.state, deadline: old.deadline, heartbeat: old.heartbeat)
        migratesData = old.migratesData
        treeSHA256 = old.treeSHA256
        newVersionStarted = old.newVersionStarted
        if let from = old.oldFolder, let to = old.newFolder {
            let places = [layout.live, layout.old, layout.staged]
            folders = SwapRecord(
                old: try FolderRecord(
                    inode: from.inode, version: old.run.from, in: layout.journal, at: places, fileSystem),
                new: try FolderRecord(
                    inode: to.inode, version: old.run.to, tree: old.treeSHA256 ?? "", in: layout.journal, at: places,
                    fileSystem))
        }
        for snapshot in old.snapshots { snapshots.append(.files(try snapshot.inFormat2(fileSystem))) }
    }
}

extension JournalFormat1.Snapshot {
    /// A copy that has changed places with its data already lies where the copy was: then the data is what it was.
    func inFormat2(_ fileSystem: any FileSystem) throws(FileError) -> FileSnapshot {
        let (data, copy) = (FilePath(self.data), FilePath(self.copy))
        var snapshot = FileSnapshot(folder: StoredPath(data.removingLastComponent()), pieces: [])
        if let name = data.lastComponent, let other = copy.lastComponent {
            snapshot.pieces = [DataPiece(name: name, copy: other, content: original == nil ? nil : TreeContent())]
        }
        snapshot.isComplete = original == nil || complete != nil
        if let complete {
            snapshot.isRestored = try fileSystem.attributes(of: data)?.inode == complete.inode
        }
        return snapshot
    }
}
