// SPDX-License-Identifier: Apache-2.0
public import Platform
internal import SystemPackage

/// Tries what an update relies on while the service is down, as long as it is up: what modes and tables say is not all
/// that decides. Nothing of the application's is changed, and nothing is left behind.
public struct TryOut: Sendable {
    private let place: Place
    private let account: Account
    private let fileSystem: any FileSystem
    private var probes: Probes { Probes(place) }

    public init(_ place: Place, account: Account = .current, fileSystem: any FileSystem) {
        self.place = place
        self.account = account
        self.fileSystem = fileSystem
    }

    /// Everything that stands against exchanging folders between the live folder's parent and the product's own folder;
    /// empty when nothing does. What a crash in an earlier one left is removed first.
    public func obstacles() -> [ReplacementError] {
        do throws(FileError) {
            return try obstacles(
                in: try fileSystem.folder(following: place.parent),
                try fileSystem.folder(following: place.state))
        } catch {
            return [ReplacementError(error)]
        }
    }

    func obstacles(in parent: any Folder, _ state: any Folder) throws(FileError) -> [ReplacementError] {
        guard let live = try parent.attributes(of: place.name), live.kind == .directory else {
            return [ReplacementError(.missing, path: place.live)]
        }
        _ = probes.remove(in: parent) + probes.remove(in: state)
        if live.isMountPoint {
            return [.init(.notSameFileSystem, path: place.live, reason: "something is mounted there")]
        }
        var obstacles = [parent, state].compactMap { tryMaking(in: $0) }
        // Without them there is nothing to try the rest with.
        if obstacles.isEmpty {
            obstacles += [tryExchange(parent, state), tryMoving(live, parent, state)].compactMap { $0 }
        }
        return obstacles
    }

    /// Makes, syncs and removes a file and a folder.
    private func tryMaking(in folder: any Folder) -> ReplacementError? {
        let (file, inner) = (probes.newName(), probes.newName())
        return attempt(in: folder) { () throws(FileError) in
            let open = try folder.create(file, permissions: 0o600)
            defer { try? folder.remove(file) }
            try open.write([1])
            try open.sync()
            _ = try folder.makeFolder(inner, permissions: 0o700)
            defer { try? folder.remove(inner) }
            try folder.sync()
            try folder.remove(file)
            try folder.remove(inner)
        }
    }

    /// Where folders cannot be exchanged, they are renamed one after the other.
    private func tryExchange(_ parent: any Folder, _ state: any Folder) -> ReplacementError? {
        let (first, second, third) = (probes.newName(), probes.newName(), probes.newName())
        return attempt(in: state) { () throws(FileError) in
            _ = try parent.makeFolder(first, permissions: 0o700)
            defer { try? parent.remove(first) }
            _ = try state.makeFolder(second, permissions: 0o700)
            defer { try? state.remove(second) }
            do throws(FileError) {
                try parent.exchange(first, with: second, in: state)
            } catch {
                guard error.code == .notSupported else { throw error }
                defer { try? state.remove(third) }
                try parent.rename(first, to: third, in: state)
                try state.rename(third, to: first, in: parent)
            }
        }
    }

    /// Renames the live folder onto one that is not empty, which no file system does: what it says tells what it would
    /// say of the real move.
    private func tryMoving(
        _ live: FileAttributes, _ parent: any Folder, _ state: any Folder
    ) -> ReplacementError? {
        let (probe, inner) = (probes.newName(), probes.newName())
        do throws(FileError) {
            let folder = try state.makeFolder(probe, permissions: 0o700)
            defer {
                // By descriptor: whatever stands at the probe's name, only what was made here goes.
                try? folder.remove(inner)
                try? state.remove(probe)
            }
            _ = try folder.makeFolder(inner, permissions: 0o700)
            do throws(FileError) {
                try parent.rename(place.name, over: probe, in: state)
            } catch {
                return reason(error, live, parent)
            }
            try state.rename(probe, to: place.name, in: parent)
            return ReplacementError(
                .file(FileError(.notSupported, operation: "rename", path: place.live)), path: place.live,
                reason: "its file system replaces folders that are not empty")
        } catch {
            return ReplacementError(error)
        }
    }

    /// `nil` when the move was refused for nothing but the probe's content.
    private func reason(
        _ error: FileError, _ live: FileAttributes, _ parent: any Folder
    ) -> ReplacementError? {
        switch error.code {
        case .notEmpty, .exists: return nil
        case .crossesFileSystems:
            return ReplacementError(
                .notSameFileSystem, path: place.live,
                reason: "its file system cannot move it (the lower layer of an overlay, or another mount)")
        case .busy: return ReplacementError(.notSameFileSystem, path: place.live, reason: "something is mounted there")
        case .permissionDenied:
            if live.isImmutable { return immutable(place.live) }
            guard let above = try? parent.attributes() else { return ReplacementError(error) }
            let isOthers = ![live.owner, above.owner].contains(account.user)
            if above.permissions & 0o1000 != 0, isOthers {
                return ReplacementError(
                    .sticky, path: place.parent, reason: "\(place.live.readable) belongs to another account")
            }
            return ReplacementError(
                .file(error), path: place.live,
                reason: "only who may write to a folder can move it, and this account may not")
        default: return ReplacementError(error)
        }
    }

    private func immutable(_ path: FilePath) -> ReplacementError {
        ReplacementError(.immutable, path: path, reason: "it is marked as immutable (chattr)")
    }

    private func attempt(in folder: any Folder, _ body: () throws(FileError) -> Void) -> ReplacementError? {
        do {
            try body()
            return nil
        } catch {
            if error.code == .permissionDenied, (try? folder.attributes().isImmutable) == true {
                return immutable(folder.path)
            }
            if error.code == .crossesFileSystems {
                return ReplacementError(
                    .notSameFileSystem, path: place.state,
                    reason: "it is on another file system than \(place.parent.readable)")
            }
            return ReplacementError(error)
        }
    }
}
