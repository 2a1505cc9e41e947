// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// The vendor's executable; customers never install it.
@main
struct RicambioRepo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ricambio-repo",
        abstract: "Makes and keeps a repository of signed releases.",
        discussion: """
            A repository is a folder: DIR/public is what any web server or object store serves, DIR/keys holds the \
            private keys and never leaves the vendor.

            \(VendorError.exitCodesHelp)
            """,
        subcommands: [
            InitCommand.self, PublishCommand.self, RefreshCommand.self, ShowCommand.self, ServeCommand.self,
            KeyCommand.self, RotateCommand.self, StatusCommand.self, SignCommand.self, CommitCommand.self,
            DiscardCommand.self, RecallCommand.self, PromoteCommand.self, RolloutCommand.self, VerifyCommand.self,
            PruneCommand.self, SyncCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(reporting: error)
        }
    }

    /// Usage errors leave with 2, as the other command line does, instead of the library's 64.
    private static func exit(reporting error: any Error) -> Never {
        let failure = VendorError(wrapping: error)
        if let failure {
            Terminal.complain("ricambio-repo: \(failure.sentence)")
            exit(withError: ExitCode(failure.code.rawValue))
        }
        guard exitCode(for: error) != .success else { exit(withError: error) }
        Terminal.complain(fullMessage(for: error))
        exit(withError: ExitCode(VendorError.Code.usage.rawValue))
    }
}
