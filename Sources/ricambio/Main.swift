// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import Foundation

/// The composition root: parses, runs, and turns every error into sentences and an exit code.
@main
struct Ricambio: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ricambio",
        abstract: "Updates client–server software on the customer's own machines.",
        subcommands: [
            AgentCommand.self, AccountCommand.self, InstallCommand.self, LoginCommand.self, StatusCommand.self,
            ReleasesCommand.self, PlanCommand.self, SessionsCommand.self, UpdateCommand.self, WatchCommand.self,
            CancelCommand.self, HistoryCommand.self, LogsCommand.self, BundleCommand.self,
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
            Foundation.exit(conclude(error, language()).rawValue)
        }
    }

    /// What the command line asks for, when it is understood; else the environment's.
    private static func language() -> Language {
        if let command = try? parseAsRoot() as? any CommandForPeople { return command.chosenLanguage }
        return Language.chosen(nil, environment: ProcessInfo.processInfo.environment)
    }

    /// Says what there is to say about `error`; help and version are answers, not errors.
    private static func conclude(_ error: any Error, _ language: Language) -> CommandExit {
        if let code = error as? ExitCode { return CommandExit(rawValue: code.rawValue) ?? .failed }
        if exitCode(for: error) == .success {
            Console.print(fullMessage(for: error))
            return .done
        }
        if exitCode(for: error) == .validationFailure {
            Console.complain(fullMessage(for: error))
            return .usage
        }
        let error = CommandLineError(describing: error, language)
        for sentence in error.sentences { Console.complain(sentence) }
        return error.exit
    }
}
