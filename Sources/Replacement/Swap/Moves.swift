// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

extension Spot {
    /// Moves what was seen here. Nothing is replaced: `inTheWay` when something is at the other end. The system cannot
    /// be told which folder a name has to mean, so it is looked at again where it has arrived, and what is another goes
    /// back: `changedMeanwhile`, with the path where it is now.
    func move(
        to other: Spot, expecting sighting: Sighting, among records: [FolderRecord]
    ) throws(ReplacementError) {
        do throws(FileError) {
            try folder.rename(name, to: other.name, in: other.folder)
            if try other.holds(sighting, among: records) { return }
        } catch  where error.code == .exists || error.code == .notEmpty {
            throw ReplacementError(.inTheWay, path: other.path)
        } catch {
            throw ReplacementError(error)
        }
        let isBack = (try? other.folder.rename(other.name, to: name, in: folder)) != nil
        throw ReplacementError(.unknown(.changedMeanwhile), path: isBack ? path : other.path)
    }

    /// What was seen at the two changes places, and changes back when one of them was another. `false` when the file
    /// system has no exchange.
    func exchange(
        with other: Spot, expecting sighting: Sighting, and otherSighting: Sighting, among records: [FolderRecord]
    ) throws(ReplacementError) -> Bool {
        let changed: FilePath
        do throws(FileError) {
            try folder.exchange(name, with: other.name, in: other.folder)
            let isRightHere = try holds(otherSighting, among: records)
            let isRightThere = try other.holds(sighting, among: records)
            if isRightHere, isRightThere { return true }
            changed = isRightThere ? other.path : path
            try folder.exchange(name, with: other.name, in: other.folder)
        } catch  where error.code == .notSupported {
            return false
        } catch {
            throw ReplacementError(error)
        }
        throw ReplacementError(.unknown(.changedMeanwhile), path: changed)
    }

    /// Whether what was seen elsewhere is here now. Some file systems give a folder another inode when it is renamed;
    /// there it is recognised by its content.
    private func holds(_ sighting: Sighting, among records: [FolderRecord]) throws(FileError) -> Bool {
        if try mark() == sighting.mark { return true }
        guard case .known(let record, _) = sighting.found,
            case .known(let found, _) = try look(among: records).found
        else { return false }
        return record.id == found.id
    }
}
