// SPDX-License-Identifier: Apache-2.0
import Platform
import Replacement
import SystemPackage

/// Removes what updates built, and nothing else.
extension ClientFolder {
    private var trash: Trash { Trash(place, fileSystem: fileSystem) }

    /// Deletes one of the journal's folders wherever it is but at the live path. False when it could not be deleted and is
    /// still there: then it is tried again at the next start.
    func discard(_ record: FolderRecord, of journal: ClientJournal) throws(ClientError) -> Bool {
        try ClientError.replacement { () throws(ReplacementError) in
            let places = [place.live, place.old, place.staged]
            let found = try Identifier(fileSystem).identifyAll(
                places, among: [journal.folders.old, journal.folders.new])
            var isGone = true
            for (path, found) in zip(places, found).dropFirst() {
                guard case .known(let known, _) = found, known.id == record.id else { continue }
                if path == staged {
                    isGone = (try? trash.clearStaged(known)) != nil && isGone
                } else {
                    isGone = try discard(path, as: found) && isGone
                }
            }
            return isGone
        }
    }

    /// Frees the place where a new folder is built: see ``Trash/clearStaged(_:)``.
    func clearStaged() throws(ClientError) {
        try ClientError.replacement { () throws(ReplacementError) in try trash.clearStaged(readBuilding()) }
    }

    /// False when it is still there.
    private func discard(_ path: FilePath, as found: Found) throws(ReplacementError) -> Bool {
        do throws(ReplacementError) {
            if try trash.discard(path, as: found).isEmpty { return true }
        } catch {
            guard case .unknown = error.code else { throw error }
            // A copy of it in which somebody may have worked: it stays.
            return true
        }
        // Already in the trash, perhaps, where the next sweep goes on with it.
        return (try? fileSystem.exists(path)) == false
    }

    /// What both folders hold now. Where inodes tell nothing (a copy, a file system without birth times), they are deleted
    /// no further than that; there, without a list, they stay.
    func list(_ folders: SwapRecord) {
        let retained = Retained(place, fileSystem: fileSystem)
        for (path, record) in [(old, folders.old), (live, folders.new)] {
            guard let folder = try? fileSystem.folder(path) else { continue }
            _ = try? retained.retire(record, in: folder, now: 0, until: 0)
        }
    }

    /// What killed programs left in the product's own folder, which waits for nobody.
    func sweep() {
        _ = trash.sweepTemporaries(in: state)
        _ = trash.sweepTemporaries(in: place.lists)
        _ = trash.sweep()
    }

    /// Documents of versions that are neither live nor `<name>_old`.
    func keepTrees(of versions: [String]) {
        let wanted = Set(versions.map { treeFile(of: $0).lastComponent?.string })
        guard let names = try? fileSystem.entries(of: trees) else { return }
        for name in names where !wanted.contains(name) { try? fileSystem.remove(trees.appending(name)) }
    }
}
