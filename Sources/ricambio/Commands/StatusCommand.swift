// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import RicambioClient

struct StatusCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "The installations: versions, service, sessions, update.")

    @OptionGroup var options: AgentOptions

    func perform(with administration: Administration) async throws -> [InstallationStatus] {
        let installations = try await administration.installations()
        guard options.installation != nil else { return installations }
        return [try options.chosen(among: installations)]
    }

    func text(_ answer: [InstallationStatus], _ formatter: Formatter) -> [String] {
        formatter.installations(answer)
    }
}
