// SPDX-License-Identifier: Apache-2.0
import Agent
import ArgumentParser
import Foundation
import SystemPackage

struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "Runs the agent: the daemon that owns this machine's installations.")

    @Option(help: "The configuration, agent.yaml.")
    var config: String

    func run() async throws {
    }
}
