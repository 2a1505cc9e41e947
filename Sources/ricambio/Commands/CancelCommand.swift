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
            throw CommandLineError(.nothingToUpdate, Catalogue.text(.nothingToCancel, options.output.chosenLanguage))
        }
        return try await administration.cancel(run.id, of: installation.id)
    }

    func text(_ answer: UpdateRun, _ formatter: Formatter) -> [String] {
        formatter.display.conclusion(of: answer)
    }
}
