// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import HTTPFetcher
internal import Platform
internal import SystemPackage
internal import TUF

/// A client of The Update Framework and nothing more: what conformance suites drive, and what a vendor looks at a
/// repository with. Options come before the subcommand, because that is the interface such suites know.
@main
struct TUFClient: AsyncParsableCommand {
    enum Action: String, CaseIterable, ExpressibleByArgument {
        case initialise = "init"
        case refresh
        case download
    }

    static let configuration = CommandConfiguration(
        commandName: "tuf-client",
        abstract: "Fetches metadata and targets of a TUF repository, and trusts nothing else.",
        usage: """
            tuf-client --metadata-dir M init ROOTFILE
            tuf-client --metadata-url U --metadata-dir M refresh
            tuf-client --metadata-url U --metadata-dir M --target-name P ... --target-dir D --target-base-url V download
            """,
        discussion: "Exit code 0, or 1 whatever went wrong; what is in M stays valid.")

    @Option(help: ArgumentHelp("Where the trusted metadata is kept.", valueName: "folder"))
    var metadataDir: String
    @Option(help: ArgumentHelp("The repository's metadata; file names are appended as they are.", valueName: "url"))
    var metadataURL: String?
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("A target's path; repeat for several.", valueName: "path"))
    var targetName: [String] = []
    @Option(help: ArgumentHelp("Where targets are put, each under its path, percent-encoded.", valueName: "folder"))
    var targetDir: String?
    @Option(
        name: .customLong("target-base-url"),
        help: ArgumentHelp("The repository's targets; paths are appended.", valueName: "url"))
    var targetBaseURL: String?
    @Argument(help: "init, refresh or download.")
    var action: Action
    @Argument(help: "With init: the root to trust.")
    var root: String?

    func run() async throws {
        guard root == nil || action == .initialise else {
            throw ValidationError("\(action.rawValue) takes no file; only init does.")
        }
        let fileSystem = POSIXFileSystem()
        let store = FileMetadataStore(directory: FilePath(metadataDir), fileSystem: fileSystem)
        switch action {
        case .initialise:
            guard let root else { throw ValidationError("init needs the file of the root to trust.") }
            try Self.trust(try fileSystem.read(FilePath(root), limit: UpdaterLimits().rootBytes), in: store)
        case .refresh:
            try await updater(store).refresh()
        case .download:
            guard let targetDir, targetBaseURL != nil, !targetName.isEmpty else {
                throw ValidationError("download needs --target-name, --target-dir and --target-base-url.")
            }
            let targets = TargetFolder(path: FilePath(targetDir), fileSystem: fileSystem)
            let updater = try updater(store)
            try await updater.refresh()
            for name in targetName { try await targets.bring(name, from: updater) }
        }
    }

    /// No network: the root is trusted because a person chose it. It must be one, and signed by itself.
    static func trust(_ root: [UInt8], in store: some MetadataStore) throws {
        _ = try TrustedMetadata(trustedRoot: root, referenceTime: SystemWallClock().now)
        try store.save("root", root)
    }

    private func updater(_ store: FileMetadataStore) throws -> Updater {
        guard let metadataURL else { throw ValidationError("\(action.rawValue) needs --metadata-url.") }
        return Updater(
            store: store, trustedRoot: nil, metadataURL: Self.base(metadataURL),
            targetsURL: Self.base(targetBaseURL ?? ""), fetcher: HTTPFetcher(), clock: SystemWallClock())
    }

    /// Names are appended to it; many people leave the last slash out.
    private static func base(_ url: String) -> String { url.isEmpty || url.hasSuffix("/") ? url : url + "/" }

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch {
            guard exitCode(for: error) != .success else { exit(withError: error) }
            let sentence = error is ValidationError ? message(for: error) : "\(error)"
            let text = exitCode(for: error) == .validationFailure ? fullMessage(for: error) : sentence
            _ = try? FileDescriptor.standardError.writeAll("tuf-client: \(text)\n".utf8)
            exit(withError: ExitCode(1))
        }
    }
}
