// SPDX-License-Identifier: Apache-2.0
import Agent
import AgentAPI
import ArgumentParser
import Foundation
import Platform
import SystemPackage

struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "Runs the agent: the daemon that owns this machine's installations.",
        discussion: "Ends on SIGTERM and SIGINT, and stops its applications first. The log goes to standard error.")

    @Option(help: "The configuration, agent.yaml.")
    var config: String

    func run() async throws {
        ProcessMemory.keepSmall()
        do {
            let configuration = try AgentConfiguration.load(FilePath(config))
            let logger = AgentLog.logger(configuration.log)
            try await AgentService(configuration: configuration, logger: logger).run()
        } catch let error as ConfigurationError {
            // The place in the file first, in the form that editors jump to.
            let texts = Catalogue.failure(
                .configurationInvalid, ["file": error.file, "line": error.line.map(String.init) ?? "–"],
                language: Language.chosen(nil, environment: ProcessInfo.processInfo.environment))
            throw CommandLineError(.failed, "\(error)", texts.state, texts.remedy)
        } catch let error as StartFailure {
            throw CommandLineError(
                CommandExit(rawValue: error.exitCode) ?? .failed, error.failure.happened, error.failure.state,
                error.failure.remedy)
        }
    }
}
