// SPDX-License-Identifier: Apache-2.0
internal import Platform
public import SystemPackage

/// Where the folders of one application are: all of it on the live folder's file system, so that they change places by
/// renaming. A value: it looks at nothing.
public struct Place: Sendable, Hashable {
    /// The application folder; no symlink stands at its end.
    public let live: FilePath
    /// The product's own folder for it, beside the live one.
    public let state: FilePath

    public init(live: FilePath, state: FilePath) {
        self.live = live.lexicallyNormalized()
        self.state = state.lexicallyNormalized()
    }

    /// The folder that contains the live one.
    public var parent: FilePath { live.removingLastComponent() }
    /// What the names of folders in ``state`` begin with that nobody knows: they were in the way, and stay.
    public static let strangerPrefix = "unknown-"

    /// The live folder's name.
    public var name: FilePath.Component { live.lastComponent ?? "application" }
    /// `<name>_old`: the previous release.
    public var old: FilePath {
        parent.appending(FilePath.Component(bytes: name.bytes + Array("_old".utf8)) ?? name)
    }
    /// The new folder while it is being built; between the exchange and its rename, the old one.
    public var staged: FilePath { state.appending("staged") }
    /// Older releases that are still kept, each as `<record id>`.
    public var retained: FilePath { state.appending("retained") }
    /// What each retired folder held when it was retired, as `<record id>`.
    public var lists: FilePath { state.appending("lists") }
    /// The customer's foreign files of folders that had to go early, as `<record id>`.
    public var foreign: FilePath { state.appending("foreign") }
    /// Folders on their way out. They are renamed to here first, so that nothing half-deleted looks like something.
    public var trash: FilePath { state.appending("trash") }
}
