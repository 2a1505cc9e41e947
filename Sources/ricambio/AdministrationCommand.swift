// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import Foundation
import RicambioClient

/// A command that asks an agent: it answers with a value; text and JSON are two ways of showing it.
protocol AdministrationCommand: AsyncParsableCommand, CommandForPeople {
    associatedtype Answer: Encodable & Sendable

    var options: AgentOptions { get }

    func perform(with administration: Administration) async throws -> Answer
    func text(_ answer: Answer, _ formatter: Formatter) -> [String]
    func exit(_ answer: Answer) -> CommandExit
}

extension AdministrationCommand {
    var chosenLanguage: Language { options.output.chosenLanguage }

    func exit(_ answer: Answer) -> CommandExit { .done }

    func run() async throws {
        let answer = try await options.connected { try await perform(with: $0) }
        if options.output.json {
            Console.print(data: try APIJSON.encode(answer, pretty: true))
        } else {
            Console.print(lines: text(answer, options.output.formatter))
        }
        let code = exit(answer)
        if code != .done { throw ExitCode(code.rawValue) }
    }
}

extension AgentOptions {
    /// Runs `body` with a connection to the agent, as the person who is logged in, and closes it.
    func connected<Value: Sendable>(
        _ body: (Administration) async throws -> Value
    ) async throws -> Value {
        let credential = try credential(environment: ProcessInfo.processInfo.environment)
        let connection = try await AgentConnection(
            url: credential.agent, trust: AgentTrust(fingerprint: credential.fingerprint), token: credential.token,
            language: output.chosenLanguage)
        do {
            let value = try await body(Administration(connection))
            await connection.shutdown()
            return value
        } catch {
            await connection.shutdown()
            throw error
        }
    }

    /// The installation that is meant: the one named, or the only one there is.
    func chosen(among installations: [InstallationStatus]) throws(CommandLineError) -> InstallationStatus {
        let known = installations.map(\.id).joined(separator: ", ")
        if let installation {
            if let found = installations.first(where: { $0.id == installation }) { return found }
            throw CommandLineError(.usage, "This agent has no installation \(installation). It has: \(known).")
        }
        guard let first = installations.first else {
            throw CommandLineError(
                .failed, "This agent has no installations.", "Add one under `installations:` of its configuration.")
        }
        guard installations.count == 1 else {
            throw CommandLineError(
                .usage, Catalogue.text(.chooseInstallation, ["list": known], output.chosenLanguage))
        }
        return first
    }

    func chosenInstallation(_ administration: Administration) async throws -> InstallationStatus {
        try chosen(among: try await administration.installations())
    }
}
