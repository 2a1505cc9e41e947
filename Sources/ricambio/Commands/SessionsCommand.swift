// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import RicambioClient

struct SessionsCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "Who is connected, from where, and who is ready for the update.")

    @OptionGroup var options: AgentOptions

    func perform(with administration: Administration) async throws -> [Session] {
        try await administration.sessions(of: try await options.chosenInstallation(administration).id)
    }

    func text(_ answer: [Session], _ formatter: Formatter) -> [String] {
        formatter.sessions(answer)
    }
}
