// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// Lets the live and the new folder change places, forward and back. It decides by looking at which folder is where,
/// never by remembering what it did, so each call may follow a crash anywhere in another one.
struct FolderSwap: Sendable {
    private let layout: InstallationLayout
    private let old: FolderIdentity
    private let new: FolderIdentity
    private let fileSystem: any FileSystem

    init(_ layout: InstallationLayout, old: FolderIdentity, new: FolderIdentity, fileSystem: any FileSystem) {
        self.layout = layout
        self.old = old
        self.new = new
        self.fileSystem = fileSystem
    }

    /// Which of the two is at the live path; `nil` when nothing is.
    func inPlace() throws(FileError) -> FolderInPlace? {
        guard let there = try identity(layout.live) else { return nil }
        return there == new ? .new : .old
    }

    /// Makes sure that one of the two is at the live path: on the two-rename path there is an instant without one.
    /// The old one when there is a choice.
    func repair() throws {
        if try inPlace() != nil { return }
        for wanted in [old, new] {
            for place in [layout.old, layout.staged] where try identity(place) == wanted {
                try fileSystem.rename(place, to: layout.live)
                return try sync()
            }
        }
        throw UpdateFailure(.folderMissing, ["path": layout.live.string])
    }

    /// The new folder is live, the old one is `<name>_old`.
    func forward() throws {
        try repair()
        if try inPlace() == .old {
            guard try identity(layout.staged) == new else {
                throw UpdateFailure(.folderMissing, ["path": layout.staged.string])
            }
            if try fileSystem.exists(layout.old) { try fileSystem.rename(layout.old, to: layout.superseded) }
            if try !fileSystem.exchangeIfPossible(layout.live, with: layout.staged) {
                try fileSystem.rename(layout.live, to: layout.old)
                try sync()
                try fileSystem.rename(layout.staged, to: layout.live)
            }
            try sync()
        }
        if try identity(layout.staged) == old {
            try fileSystem.rename(layout.staged, to: layout.old)
            try sync()
        }
    }

    /// The old folder is live, the new one is where it was built, and a `<name>_old` of earlier is back too.
    func back() throws {
        try repair()
        if try inPlace() == .new {
            guard let place = try [layout.old, layout.staged].first(where: { try identity($0) == old }) else {
                throw UpdateFailure(.folderMissing, ["path": layout.old.string])
            }
            if try !fileSystem.exchangeIfPossible(layout.live, with: place) { try backByRenaming(from: place) }
            try sync()
        }
        if try identity(layout.old) == new {
            try fileSystem.rename(layout.old, to: layout.staged)
            try sync()
        }
        if try fileSystem.exists(layout.superseded), try !fileSystem.exists(layout.old) {
            try fileSystem.rename(layout.superseded, to: layout.old)
            try sync()
        }
    }

    /// Without an exchange the old one is always at `<name>_old`, so the place where the new one was built is free.
    private func backByRenaming(from place: FilePath) throws {
        try fileSystem.rename(layout.live, to: layout.staged)
        try sync()
        try fileSystem.rename(place, to: layout.live)
    }

    private func identity(_ path: FilePath) throws(FileError) -> FolderIdentity? {
        try fileSystem.attributes(of: path).map(FolderIdentity.init)
    }

    /// Both folders in which names changed.
    private func sync() throws(FileError) {
        try fileSystem.syncDirectory(layout.parent)
        try fileSystem.syncDirectory(layout.state)
    }
}

extension FileSystem {
    /// `false` when this file system has no exchange; `EINVAL` is how some say that they do not know the flag.
    func exchangeIfPossible(_ a: FilePath, with b: FilePath) throws(FileError) -> Bool {
        do {
            try exchange(a, with: b)
            return true
        } catch {
            if error.code == .notSupported || error.code == .other(22) { return false }
            throw error
        }
    }
}
