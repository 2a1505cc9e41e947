// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import RicambioClient

struct PlanCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "What an update would fetch here, and what stands in its way; changes nothing.")

    @Option(help: "The version to update to; default: the channel's current one.")
    var version: String?

    @OptionGroup var options: AgentOptions

    func validate() throws {
        if let version { try Names.check(version: version) }
    }

    func perform(with administration: Administration) async throws -> UpdatePlan {
        try await administration.plan(
            of: try await options.chosenInstallation(administration).id, version: version)
    }

    func text(_ answer: UpdatePlan, _ formatter: Formatter) -> [String] {
        formatter.plan(answer)
    }
}
