// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Platform
internal import SystemPackage

/// A customer may have moved the application folder to a larger disk and left a link in its place. What belongs to it then
/// lies beside its real place: what was recorded beside the link goes there too, once.
struct StateMove: Sendable {
    let settings: InstallationSettings
    let fileSystem: any FileSystem

    private static let ending = ".moving"

    /// Does nothing when the folder was never moved, or what belongs to it is there already. May be repeated after a crash.
    func follow() throws {
        let layout = settings.layout
        guard let link = settings.link, try !fileSystem.exists(layout.installed) else { return }
        let before = InstallationLayout(folder: link, id: settings.id)
        let moving = FilePath(layout.state.string + Self.ending)
        if try !fileSystem.exists(before.installed), try fileSystem.exists(moving.appending("installed.json")) {
            // A crash came between the two names.
            try fileSystem.remove(layout.state)
            try fileSystem.rename(moving, to: layout.state)
            return try fileSystem.syncDirectory(layout.state.removingLastComponent())
        }
        guard try fileSystem.exists(before.installed), let name = layout.state.lastComponent,
            // Somebody may be at work there.
            let lock = try fileSystem.lock(before.lock)
        else { return }
        defer { lock.release() }
        try fileSystem.makeDirectories(layout.state.removingLastComponent())
        let from = try fileSystem.folder(before.state.removingLastComponent())
        let to = try fileSystem.folder(layout.state.removingLastComponent())
        // What a crash left half copied has no name that counts.
        let copy = FilePath.Component(name.string + Self.ending) ?? name
        if let failure = to.removeTree(copy).first { throw failure }
        do throws(FileError) {
            try from.rename(name, to: copy, in: to)
        } catch {
            guard error.code == .crossesFileSystems else { throw error }
            _ = try from.copyTree(name, as: copy, in: to)
            try fileSystem.syncFileSystem(containing: to.path)
        }
        if try to.attributes(of: name)?.kind == .directory { try to.remove(name) }
        try to.rename(copy, to: name, in: to)
        try to.sync()
        _ = from.removeTree(name)
        try from.sync()
    }
}
