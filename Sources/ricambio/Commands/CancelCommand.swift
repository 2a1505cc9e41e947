// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import RicambioClient

struct CancelCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels the update that is scheduled or going on; possible until the service is being stopped.")

    @OptionGroup var options: AgentOptions

    func perform(with administration: Administration) async throws -> UpdateRun {
        let installation = try await options.chosenInstallation(administration)
        guard let run = installation.run, run.outcome == nil else {
            throw CommandLineError(.nothingToUpdate, Text.noRun(options.output.chosenLanguage))
        }
        return try await administration.cancel(installation.id, run: run.id)
    }

    func text(_ answer: UpdateRun, _ formatter: Formatter) -> [String] {
        [Text.cancelledNow(formatter.quantities.language, answer.from)]
    }
}
