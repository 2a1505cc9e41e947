// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import RicambioClient

struct ReleasesCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "releases", abstract: "The releases an installation may be updated to, newest first.")

    @OptionGroup var options: AgentOptions

    func perform(with administration: Administration) async throws -> [ReleaseSummary] {
        try await administration.releases(of: try await options.chosenInstallation(administration).id)
    }

    func text(_ answer: [ReleaseSummary], _ formatter: Formatter) -> [String] {
        formatter.releases(answer)
    }
}
