// SPDX-License-Identifier: Apache-2.0
public import Replacement
public import SystemPackage

/// Where everything of an installation is: the folders that change places (``place``), and beside them what an update
/// needs and remembers.
public struct InstallationLayout: Sendable, Hashable {
    public let place: Place

    /// `folder` is the application's own folder, no symlink: see ``InstallationSettings/following(links:)``.
    public init(folder: FilePath, id: String) {
        let live = folder.lexicallyNormalized()
        place = Place(live: live, state: live.removingLastComponent().appending(".ricambio").appending(id))
    }

    /// The application folder.
    public var live: FilePath { place.live }
    /// `.ricambio/<id>` beside it.
    public var state: FilePath { place.state }
    /// The folder that contains the live one.
    public var parent: FilePath { place.parent }
    /// `<name>_old`: the previous release.
    public var old: FilePath { place.old }
    /// The new folder while it is being built; between the exchange and its rename, the old one.
    public var staged: FilePath { place.staged }

    public var downloads: FilePath { state.appending("downloads") }
    public var trees: FilePath { state.appending("trees") }
    public var journal: FilePath { state.appending("journal.json") }
    public var lock: FilePath { state.appending("lock") }
    /// ``InstalledRelease``.
    public var installed: FilePath { state.appending("installed.json") }
    /// What the folder that was last built in ``staged`` is known by.
    public var building: FilePath { state.appending("building.json") }

    public func tree(of version: String) -> FilePath { trees.appending("\(version).json") }
    public func pack(_ sha256: String) -> FilePath { downloads.appending(sha256) }
}
