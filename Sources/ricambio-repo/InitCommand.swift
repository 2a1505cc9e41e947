// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Platform
internal import SystemPackage
internal import TUFRepository

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes a new repository with its keys and its root.",
        discussion: """
            Prints where the root is: the file that customers get beforehand, by a way they trust, and that all \
            else is checked against. Move the root and targets keys of DIR/keys to a place that is offline.
            """)

    @Argument(help: "The folder to make; absent or empty.")
    var directory: String

    func run() async throws {
        let root = try Self.create(
            FilePath(directory), clock: SystemWallClock(), fileSystem: POSIXFileSystem())
        Terminal.say("root: \(root)")
        Terminal.say("keys: \(RepositoryLayout(FilePath(directory)).keys)   (private)")
        Terminal.say("serve: \(RepositoryLayout(FilePath(directory)).served)")
    }

    /// The path of the first root.
    static func create(_ path: FilePath, clock: any WallClock, fileSystem: any FileSystem) throws -> FilePath {
        let folder = VendorFolder(path: path, fileSystem: fileSystem)
        if let existing = try fileSystem.attributes(of: path), existing.kind != .directory {
            throw VendorError(.exists, "\(path) is there already and is not a folder.")
        }
        try RepositoryEditor.create(
            at: path, keys: folder.keys, options: RepositoryOptions(), clock: clock, fileSystem: fileSystem)
        return folder.layout.firstRoot
    }
}
