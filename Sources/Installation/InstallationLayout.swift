// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// Where everything of an installation is: all of it on the live folder's file system, so that folders change places
/// by renaming.
public struct InstallationLayout: Sendable, Hashable {
    /// The application folder.
    public let live: FilePath
    /// `.ricambio/<id>` beside it.
    public let state: FilePath

    public init(folder: FilePath, id: String) {
        live = folder.lexicallyNormalized()
        state = live.removingLastComponent().appending(".ricambio").appending(id)
    }

    /// The folder that contains the live one.
    public var parent: FilePath { live.removingLastComponent() }
    /// `<name>_old`: the previous release.
    public var old: FilePath { parent.appending((live.lastComponent?.string ?? "application") + "_old") }
    /// The new folder while it is being built; between the exchange and its rename, the old one.
    public var staged: FilePath { state.appending("staged") }
    /// A `<name>_old` of the update before, out of the way until this update has ended.
    public var superseded: FilePath { state.appending("superseded") }
    /// Folders on their way out. They are renamed to here first, so that nothing half-deleted looks like something.
    public var trash: FilePath { state.appending("trash") }
    public var downloads: FilePath { state.appending("downloads") }
    public var trees: FilePath { state.appending("trees") }
    public var journal: FilePath { state.appending("journal.json") }
    public var lock: FilePath { state.appending("lock") }
    /// ``InstalledRelease``.
    public var installed: FilePath { state.appending("installed.json") }
    /// What was copied ahead: ``KeptIndex``.
    public var kept: FilePath { state.appending("kept.json") }

    public func tree(of version: String) -> FilePath { trees.appending("\(version).json") }
    public func pack(_ sha256: String) -> FilePath { downloads.appending(sha256) }
}
