// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// Data of the application that a release may change, and that going back gives back as it was.
public enum DataSource: Sendable, Hashable {
    /// A folder, or a file with what a database keeps beside it. Absolute; copied while the application is stopped.
    case path(FilePath)
    /// Data that no copy of files can save, such as a database server's.
    case commands(DataCommands)
}

/// How data is saved and given back by commands. Each is a program with its arguments; each finds the absolute path of
/// its snapshot's folder in the environment, as ``snapshotVariable``.
///
/// They run while the application is stopped; what they need (a database server) must be up by itself. `restore` may be run
/// again when a crash came between its end and the record of it.
public struct DataCommands: Sendable, Hashable {
    public static let snapshotVariable = "RICAMBIO_SNAPSHOT"

    /// Tells it from the installation's other data.
    public var name: String
    /// Writes the snapshot into its folder, which is there and empty.
    public var save: [String]
    /// Says by its exit status whether the snapshot in the folder can be given back.
    public var verify: [String]?
    /// Gives back what is in the folder.
    public var restore: [String]
    /// Prints how many bytes `save` will write.
    public var size: [String]?
    /// How long each of them may take, in seconds.
    public var timeoutSeconds: Double

    public init(
        name: String, save: [String], verify: [String]? = nil, restore: [String], size: [String]? = nil,
        timeoutSeconds: Double = 600
    ) {
        self.name = name
        self.save = save
        self.verify = verify
        self.restore = restore
        self.size = size
        self.timeoutSeconds = timeoutSeconds
    }

    /// What a run's deadline has to allow for one save, one verification and one restoration.
    public var expectedSeconds: Double { timeoutSeconds * (verify == nil ? 2 : 3) }
}
