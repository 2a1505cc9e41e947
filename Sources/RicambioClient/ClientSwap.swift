// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage

/// What ``ClientUpdate/recover()`` found.
public enum ClientRecovery: Sendable, Hashable {
    case nothing
    /// An update had stopped before its folder was in place: the version that was there is still there.
    case undone(version: String)
    /// The version is in place and has to confirm its start.
    case unconfirmed(version: String)
    /// An update had been taken back, which is finished now.
    case reverted(version: String)
}

/// The steps between a staged folder and a confirmed one. Each can be repeated after a crash at any point.
extension ClientFolder {
    /// Puts the staged folder into the live one's place. At every instant one of the two is there complete, where
    /// the file system can exchange; elsewhere there is an instant with none, after which ``recover()`` restores one.
    func swap(to new: InstalledClient) throws(ClientError) {
        let (oldInode, newInode) = try ClientError.files { () throws(FileError) in
            try fileSystem.syncFileSystem(containing: staged)
            return (try inode(of: live), try inode(of: staged))
        }
        guard let oldInode, let newInode else {
            throw ClientError(
                .folder, "\(live) or the new version beside it is not there any more. Nothing was changed.")
        }
        let journal = ClientJournal(
            phase: .swapping, from: try readState().installed, to: new, oldInode: oldInode, newInode: newInode)
        try write(journal)
        try ClientError.files { () throws(FileError) in try changePlaces(live, with: staged) }
        try finishSwap(journal)
    }

    /// Finishes or undoes what a crash has left, and says which. Call with the lock held.
    func recover() throws(ClientError) -> ClientRecovery {
        guard let journal = try readJournal() else {
            try ClientError.files { () throws(FileError) in try fileSystem.removeTree(staged) }
            return .nothing
        }
        let there = try ClientError.files { () throws(FileError) in try inode(of: live) }
        switch journal.phase {
        case .swapping:
            return try recoverSwap(journal, there: there)
        case .unconfirmed where there == journal.newInode:
            // A crash between the renames may have left the old folder where the new one was built.
            try finishSwap(journal)
            return .unconfirmed(version: journal.to.version)
        case .unconfirmed, .confirmed:
            try finishConfirmation(journal)
            return .nothing
        case .reverting:
            try finishReversion(journal, there: there)
            return .reverted(version: journal.to.version)
        }
    }

    /// The new version works: the old one is removed.
    func confirm(_ journal: ClientJournal) throws(ClientError) {
        var journal = journal
        journal.phase = .confirmed
        try write(journal)
        try finishConfirmation(journal)
    }

    /// The old version goes back into its place.
    func revert(_ journal: ClientJournal) throws(ClientError) {
        var journal = journal
        journal.phase = .reverting
        try write(journal)
        try finishReversion(journal, there: try ClientError.files { () throws(FileError) in try inode(of: live) })
    }

    // MARK: Steps

    private func recoverSwap(_ journal: ClientJournal, there: UInt64?) throws(ClientError) -> ClientRecovery {
        if there == nil {
            // Only between the two renames of a file system that cannot exchange. The new folder was complete.
            try ClientError.files { () throws(FileError) in
                if try inode(of: staged) == journal.newInode {
                    try fileSystem.rename(staged, to: live)
                } else if try inode(of: old) == journal.oldInode {
                    try fileSystem.rename(old, to: live)
                }
                try fileSystem.syncDirectory(parent)
            }
        }
        if try ClientError.files({ () throws(FileError) in try inode(of: live) }) == journal.newInode {
            try finishSwap(journal)
            return .unconfirmed(version: journal.to.version)
        }
        try ClientError.files { () throws(FileError) in
            if try inode(of: staged) != journal.oldInode { try fileSystem.removeTree(staged) }
        }
        try removeJournal()
        return .undone(version: journal.to.version)
    }

    private func finishSwap(_ journal: ClientJournal) throws(ClientError) {
        try ClientError.files { () throws(FileError) in
            if try inode(of: staged) == journal.oldInode {
                try fileSystem.rename(staged, to: old)
                try fileSystem.syncDirectory(state)
            }
            try fileSystem.syncDirectory(parent)
        }
        try setInstalled(journal.to, reverted: nil)
        var journal = journal
        journal.phase = .unconfirmed
        try write(journal)
    }

    private func finishConfirmation(_ journal: ClientJournal) throws(ClientError) {
        // Only what this update put there is removed, never a folder that somebody else has given that name.
        try ClientError.files { () throws(FileError) in
            if try inode(of: old) == journal.oldInode { try fileSystem.removeTree(old) }
        }
        try removeJournal()
    }

    private func finishReversion(_ journal: ClientJournal, there: UInt64?) throws(ClientError) {
        try ClientError.files { () throws(FileError) in
            if there == journal.newInode, try inode(of: old) == journal.oldInode {
                try changePlaces(live, with: old)
            } else if there == nil, try inode(of: old) == journal.oldInode {
                try fileSystem.rename(old, to: live)
            }
            try fileSystem.syncDirectory(parent)
        }
        try setInstalled(journal.from, reverted: journal.to.version)
        try ClientError.files { () throws(FileError) in
            if try inode(of: old) == journal.newInode { try fileSystem.removeTree(old) }
            if try inode(of: staged) == journal.newInode { try fileSystem.removeTree(staged) }
        }
        try removeJournal()
    }

    /// Where the file system cannot exchange, `other` ends at ``old`` through two renames.
    private func changePlaces(_ path: FilePath, with other: FilePath) throws(FileError) {
        do {
            try fileSystem.exchange(path, with: other)
        } catch  where error.code == .notSupported {
            let aside = other == old ? staged : old
            try fileSystem.rename(path, to: aside)
            try fileSystem.rename(other, to: path)
        }
        try fileSystem.syncDirectory(parent)
    }

    private func setInstalled(_ installed: InstalledClient?, reverted: String?) throws(ClientError) {
        var state = try readState()
        state.installed = installed
        state.reverted = reverted
        try write(state)
    }
}
