// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import Foundation
import HTTPFetcher
import Installation
import Packaging
import Platform
import SystemPackage
import TUF

struct BundleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle", abstract: "One file that carries a release to a machine without internet.",
        discussion: """
            A bundle has the vendor's own signed files. import verifies all of it from the vendor's root, as if it came over the \
            network, and puts it into a folder; an agent there has “repository: { url: "file:///FOLDER/", … }”.
            """,
        subcommands: [BundleExportCommand.self, BundleImportCommand.self])
}

/// What both have in common.
struct BundleOptions: ParsableArguments {
    @Option(help: "The vendor's root, received by another way than the bundle.")
    var root: String
    @Option(help: "The product.")
    var product: String
    @Option(help: "The channel.")
    var channel = "stable"
    @Option(help: "The version; default: the channel's current one.")
    var version: String?
    @OptionGroup var output: OutputOptions

    func validate() throws {
        try Names.check(product, option: "--product")
        try Names.check(channel, option: "--channel")
        if let version { try Names.check(version: version) }
    }

    /// Runs `body` with a folder of its own, which is gone afterwards, and reports what fails in the person's language.
    func withWorkshop(
        beside file: FilePath, _ body: (FilePath, [UInt8]) async throws -> CopiedRelease
    ) async throws {
        let fileSystem = POSIXFileSystem()
        let folder = file.removingLastComponent().appending(".ricambio-bundle-\(UInt64.random(in: 0 ... .max))")
        do {
            let trusted = try TrustedRootFile.read(root, fileSystem)
            try fileSystem.makeDirectory(folder, permissions: 0o700)
            let copied = try await body(folder, trusted)
            try fileSystem.removeTree(folder)
            if output.json {
                Console.print(data: try APIJSON.encode(copied, pretty: true))
            } else {
                let bytes = Catalogue.bytes(copied.packBytes, output.chosenLanguage)
                Console.print("\(copied.product) \(copied.version): \(copied.parts.joined(separator: ", ")); \(bytes)")
            }
        } catch {
            try? fileSystem.removeTree(folder)
            let failure = UpdateFailure(error)
            var asked = ["product": product, "channel": channel]
            asked["version"] = version
            throw CommandLineError(
                UpdateFailure(failure.code, failure.arguments.merging(asked) { said, _ in said }),
                output.chosenLanguage, state: .nothingChanged)
        }
    }

    /// Runs `tar`, which every system has.
    static func tar(_ arguments: [String]) async throws {
        let result = try await POSIXCommandRunner().run(
            Command(
                ["tar"] + arguments, environment: ["PATH": "/usr/bin:/bin:/usr/local/bin", "LC_ALL": "C"],
                timeout: 3600))
        guard result.succeeded else {
            throw UpdateFailure(.fileFailed, ["reason": "tar: \(result.errorText)", "path": arguments.last ?? ""])
        }
    }
}

struct BundleExportCommand: AsyncParsableCommand, CommandForPeople {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes a release of a repository into one file.")

    @Option(help: "The vendor's repository.")
    var repository: String
    @Option(help: ArgumentHelp("Only this part; repeat for several.", valueName: "component platform"))
    var part: [String] = []
    @Option(
        help: ArgumentHelp(
            "Carry the delta from this version instead of all; repeat for several.", valueName: "version"))
    var from: [String] = []
    @OptionGroup var options: BundleOptions
    @Argument(help: "The file to write; it must not exist.")
    var file: String

    var chosenLanguage: Language { options.output.chosenLanguage }

    func validate() throws {
        try Names.check(repository: repository)
        for version in from { try Names.check(version: version) }
    }

    func run() async throws {
        let target = FilePath(FileManager.default.currentDirectoryPath).pushing(FilePath(file))
        let fileSystem = POSIXFileSystem()
        let http = HTTPFetcher(environment: ProcessInfo.processInfo.environment)
        try await options.withWorkshop(beside: target) { folder, root in
            guard try !fileSystem.exists(target) else {
                throw FileError(.exists, operation: "write the bundle to", path: target.string)
            }
            let copy = RepositoryCopy(
                of: repository.hasSuffix("/") ? repository : repository + "/", trustedRoot: root,
                fetcher: RepositoryFetcher(http, fileSystem: fileSystem), to: folder.appending("repository"),
                fileSystem: fileSystem, clock: SystemWallClock())
            let copied = try await copy.run(
                product: options.product, channel: options.channel, version: options.version,
                parts: part.isEmpty ? nil : Set(part), content: from.isEmpty ? .packs : .deltas(from: Set(from)))
            let unfinished = folder.appending("bundle")
            try await BundleOptions.tar([
                "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "-C", folder.appending("repository").string,
                "-cf", unfinished.string, ".",
            ])
            try fileSystem.syncFileSystem(containing: unfinished)
            try fileSystem.rename(unfinished, to: target)
            try fileSystem.syncDirectory(target.removingLastComponent())
            return copied
        }
        await http.shutdown()
    }
}

struct BundleImportCommand: AsyncParsableCommand, CommandForPeople {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Verifies a bundle and puts it into a folder that is a repository.",
        discussion:
            "The folder may have earlier releases; a newer state of the repository is never replaced by an older one.")

    @OptionGroup var options: BundleOptions
    @Argument(help: "The bundle.")
    var file: String
    @Option(help: "The folder.")
    var to: String

    var chosenLanguage: Language { options.output.chosenLanguage }

    func run() async throws {
        let here = FilePath(FileManager.default.currentDirectoryPath)
        let (source, target) = (here.pushing(FilePath(file)), here.pushing(FilePath(to)))
        let fileSystem = POSIXFileSystem()
        try await options.withWorkshop(beside: target.lexicallyNormalized()) { folder, root in
            guard try fileSystem.attributes(of: source)?.kind == .file else {
                throw FileError(.notFound, operation: "read", path: source.string)
            }
            // What is in it is a stranger's until it was verified: nothing but files that are asked for by name leaves this folder.
            let unpacked = folder.appending("unpacked")
            try fileSystem.makeDirectory(unpacked, permissions: 0o700)
            try await BundleOptions.tar([
                "--no-same-owner", "--no-same-permissions", "-C", unpacked.string, "-xf", source.string,
            ])
            let copy = RepositoryCopy(
                of: "bundle:/", trustedRoot: root,
                fetcher: FolderFetcher(unpacked, url: "bundle:/", fileSystem: fileSystem), to: target,
                fileSystem: fileSystem, clock: SystemWallClock())
            return try await copy.run(
                product: options.product, channel: options.channel, version: options.version, content: .whateverIsThere)
        }
    }
}
