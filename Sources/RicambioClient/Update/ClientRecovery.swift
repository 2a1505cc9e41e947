// SPDX-License-Identifier: Apache-2.0
import Platform
import Replacement
import SystemPackage

/// What ``ClientUpdate/recover()`` found.
public enum ClientRecovery: Sendable, Hashable {
    /// Also when somebody has put another folder in the client's place: it is left as it is, and the next
    /// ``ClientUpdate/install(_:progress:)`` says so.
    case nothing
    /// An update had stopped before its folder was in place: the version that was there is still there.
    case undone(version: String)
    /// The version is in place and has to confirm its start.
    case unconfirmed(version: String)
    /// An update had been taken back, which is finished now.
    case reverted(version: String)
}

/// The steps between a staged folder and a confirmed one. Each can be repeated after a crash at any point, and decides by
/// what stands where. Call them with the lock held.
extension ClientFolder {
    /// Puts the staged folder into the live one's place. At every instant one of the two is there complete, where
    /// the file system can exchange; elsewhere there is an instant with none, after which ``recover()`` restores one.
    ///
    /// - Parameter held: both folders, open, when it was this process that built the new one.
    func swap(to new: InstalledClient, _ folders: SwapRecord, held: Swap.Held? = nil) throws(ClientError) {
        let journal = ClientJournal(phase: .swapping, from: try readState().installed, to: new, folders: folders)
        do throws(ClientError) {
            try write(journal)
            try ClientError.replacement { () throws(ReplacementError) in try places(journal, held).forward() }
            try finishSwap(journal)
        } catch {
            // What failed may work now; else the old version goes back, as was promised, which needs no space.
            if case .unconfirmed? = try? recover() { return }
            try? places(journal).back()
            _ = try? recover()
            throw error
        }
    }

    /// Finishes or undoes what a crash has left, and says which.
    func recover() throws(ClientError) -> ClientRecovery {
        sweep()
        guard let journal = try readJournal() else {
            // Nobody need be kept from starting by it.
            try? clearStaged()
            return .nothing
        }
        switch journal.phase {
        case .swapping, .unconfirmed: return try finish(journal)
        case .confirmed:
            try finishConfirmation(journal)
            return .nothing
        case .reverting: return try finishReversion(journal)
        }
    }

    /// The new version works: the old one is removed.
    func confirm(_ journal: ClientJournal) throws(ClientError) {
        var journal = journal
        journal.phase = .confirmed
        try write(journal)
        try finishConfirmation(journal)
    }

    /// The old version goes back into its place, unless somebody has taken it away, or put another in the new one's:
    /// then what is live stays.
    @discardableResult
    func revert(_ journal: ClientJournal) throws(ClientError) -> ClientRecovery {
        var journal = journal
        journal.phase = .reverting
        try write(journal)
        return try finishReversion(journal)
    }

    // MARK: - Steps

    private func places(_ journal: ClientJournal, _ held: Swap.Held? = nil) -> Swap {
        Swap(place, journal.folders, held: held, fileSystem: fileSystem)
    }

    /// Of an update whose new version was being put in place, or is to be confirmed.
    private func finish(_ journal: ClientJournal) throws(ClientError) -> ClientRecovery {
        let standing = try ClientError.replacement { () throws(ReplacementError) in try places(journal).repair() }
        switch standing {
        case .new:
            do throws(ReplacementError) {
                try places(journal).forward()
            } catch  where error.code == .inTheWay {
                // The old one, complete, stays where the new one was built: it is found there, too.
            } catch {
                throw ClientError(error)
            }
            try finishSwap(journal)
            return .unconfirmed(version: journal.to.version)
        case .old where journal.phase == .swapping:
            // The new one may have been in place, and said to be installed, until the journal could not be written.
            let state = try readState()
            if state.installed != journal.from {
                try setInstalled(journal.from, journal.folders.old, reverted: state.reverted)
            }
            if try discard(journal.folders.new, of: journal) { try end() }
            return .undone(version: journal.to.version)
        // The new one, or what had come in its place, was taken away by hand.
        case .old: return try finishReversion(journal)
        case .absent: throw ClientError(ReplacementError(.missing, path: live))
        case .unknown:
            try giveUp(journal)
            return .nothing
        }
    }

    private func finishSwap(_ journal: ClientJournal) throws(ClientError) {
        var journal = journal
        if journal.phase == .swapping { list(journal.folders) }
        try setInstalled(journal.to, journal.folders.new, reverted: nil)
        journal.phase = .unconfirmed
        try write(journal)
    }

    private func finishConfirmation(_ journal: ClientJournal) throws(ClientError) {
        if try discard(journal.folders.old, of: journal) { try end() }
    }

    private func finishReversion(_ journal: ClientJournal) throws(ClientError) -> ClientRecovery {
        let failure: ReplacementError?
        do throws(ReplacementError) {
            try places(journal).back()
            failure = nil
        } catch {
            failure = error
        }
        switch try ClientError.replacement({ () throws(ReplacementError) in try places(journal).look() }) {
        // Should it be only the tidying up that failed, the next start does that.
        case .old: break
        case .new:
            if let failure, !failure.isOfFolders { throw ClientError(failure) }
            // There is nothing to go back to.
            var journal = journal
            journal.phase = .unconfirmed
            try write(journal)
            return .unconfirmed(version: journal.to.version)
        case .absent: throw ClientError(failure ?? ReplacementError(.missing, path: live))
        case .unknown:
            try giveUp(journal)
            return .nothing
        }
        try setInstalled(journal.from, journal.folders.old, reverted: journal.to.version)
        if try discard(journal.folders.new, of: journal) { try end() }
        return .reverted(version: journal.to.version)
    }

    /// Somebody has put a folder of their own in the client's place: the update is over, and theirs stays.
    private func giveUp(_ journal: ClientJournal) throws(ClientError) {
        var isTidy = try discard(journal.folders.new, of: journal)
        if journal.phase == .unconfirmed {
            isTidy = try discard(journal.folders.old, of: journal) && isTidy
        } else {
            // It may be the only version that ever worked: people find it under its own name.
            try? keepOld(journal)
            var state = try readState()
            state.folder = journal.folders.old
            try write(state)
        }
        if isTidy { try end() }
    }

    private func keepOld(_ journal: ClientJournal) throws {
        let found = try Identifier(fileSystem).identify(staged, among: [journal.folders.old, journal.folders.new])
        guard case .known(let record, _) = found, record.id == journal.folders.old.id,
            let from = staged.lastComponent, let to = old.lastComponent
        else { return }
        try fileSystem.folder(place.state).rename(from, to: to, in: fileSystem.folder(parent))
    }

    private func setInstalled(
        _ installed: InstalledClient?, _ folder: FolderRecord, reverted: String?
    ) throws(ClientError) {
        var state = try readState()
        state.installed = installed
        state.folder = folder
        state.reverted = reverted
        try write(state)
    }
}

extension ReplacementError {
    /// About which folder stands where; all else may be another at the next try.
    fileprivate var isOfFolders: Bool {
        switch code {
        case .missing, .unknown, .inTheWay: true
        default: false
        }
    }
}
