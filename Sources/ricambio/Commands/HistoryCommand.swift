// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import RicambioClient

struct HistoryCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "The updates so far, newest first.")

    @OptionGroup var options: AgentOptions

    func perform(with administration: Administration) async throws -> [UpdateRun] {
        try await administration.history(of: try await options.chosenInstallation(administration).id)
    }

    func text(_ answer: [UpdateRun], _ formatter: Formatter) -> [String] {
        formatter.history(answer)
    }
}
