// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import RicambioClient

struct LogsCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "The last lines that the application wrote.")

    @Option(help: "How many lines.")
    var lines = 200

    @OptionGroup var options: AgentOptions

    func validate() throws {
        guard lines > 0 else { throw ValidationError("--lines must be at least 1.") }
    }

    func perform(with administration: Administration) async throws -> [String] {
        let installation = try await options.chosenInstallation(administration)
        let text = try await administration.logs(of: installation.id, lines: lines)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    func text(_ answer: [String], _ formatter: Formatter) -> [String] { answer }
}
