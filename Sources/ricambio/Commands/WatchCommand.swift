// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import Foundation
import RicambioClient

struct WatchCommand: AsyncParsableCommand, CommandForPeople {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follows the update that is going on, or shows how the last one ended.",
        discussion: "The exit code tells the outcome. With --json, one line per change.")

    @Option(help: "Which update; default: the one going on, else the last one.")
    var run: String?

    @OptionGroup var options: AgentOptions

    var chosenLanguage: Language { options.output.chosenLanguage }

    func run() async throws {
        let ended = try await options.connected { administration in
            let installation = try await options.chosenInstallation(administration)
            let started = try await found(in: installation, administration)
            return try await administration.follow(
                started, output: .chosen(json: options.output.json), display: options.output.formatter.display)
        }
        let code = CommandExit(ended)
        if code != .done { throw ExitCode(code.rawValue) }
    }

    private func found(
        in installation: InstallationStatus, _ administration: Administration
    ) async throws -> UpdateRun {
        if let run { return try await administration.run(run, of: installation.id) }
        if let run = installation.run { return run }
        guard let last = try await administration.history(of: installation.id).first else {
            throw CommandLineError(.nothingToUpdate, Catalogue.text(.noRuns, options.output.chosenLanguage))
        }
        return last
    }
}
