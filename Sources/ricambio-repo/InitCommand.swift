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
    @Option(help: ArgumentHelp("How many root keys are made.", valueName: "number"))
    var rootKeys = RepositoryOptions().rootKeyCount
    @Option(help: ArgumentHelp("How many of them must sign a new root.", valueName: "number"))
    var rootThreshold = RepositoryOptions().rootThreshold
    @Flag(help: "Encrypt the root and targets keys with a passphrase; asked for when no file gives it.")
    var encrypt = false
    @OptionGroup var passphrase: PassphraseOptions

    func run() async throws {
        guard (1...100).contains(rootKeys), (1...rootKeys).contains(rootThreshold) else {
            throw VendorError(.usage, "--root-keys is from 1 to 100, and --root-threshold no more than that.")
        }
        var options = RepositoryOptions()
        (options.rootKeyCount, options.rootThreshold) = (rootKeys, rootThreshold)
        let folder = VendorFolder(path: FilePath(directory), fileSystem: POSIXFileSystem())
        let root = try Self.create(
            folder.path, keys: try passphrase.keys(folder, encryptNew: encrypt), options: options,
            clock: SystemWallClock(), fileSystem: folder.fileSystem)
        Terminal.say("root: \(root)")
        Terminal.say("keys: \(RepositoryLayout(FilePath(directory)).keys)   (private)")
        Terminal.say("serve: \(RepositoryLayout(FilePath(directory)).served)")
    }

    /// The path of the first root.
    static func create(
        _ path: FilePath, keys: KeyStore? = nil, options: RepositoryOptions = RepositoryOptions(),
        clock: any WallClock, fileSystem: any FileSystem
    ) throws -> FilePath {
        let folder = VendorFolder(path: path, fileSystem: fileSystem)
        if let existing = try fileSystem.attributes(of: path), existing.kind != .directory {
            throw VendorError(.exists, "\(path) is there already and is not a folder.")
        }
        try RepositoryEditor.create(
            at: path, keys: keys ?? folder.keys, options: options, clock: clock, fileSystem: fileSystem)
        return folder.layout.firstRoot
    }
}
