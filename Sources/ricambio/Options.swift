// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
public import ArgumentParser
import Foundation
import Platform
import RicambioClient

extension Language: ExpressibleByArgument {}

/// A command that says which language its errors are to be written in.
protocol CommandForPeople {
    var chosenLanguage: Language { get }
}

/// What every command for people takes.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Answer as JSON.")
    var json = false

    @Option(help: "it, en, fr or de; default: the environment's locale.")
    var language: Language?

    var chosenLanguage: Language {
        Language.chosen(language, environment: ProcessInfo.processInfo.environment)
    }

    var formatter: Formatter {
        Formatter(language: chosenLanguage, timeZone: .current)
    }
}

/// Which agent, and which installation of it.
struct AgentOptions: ParsableArguments {
    @Option(help: "The agent's address; default: $RICAMBIO_AGENT, else the one logged in to last.")
    var agent: String?

    @Option(help: "SHA-256 of the agent's certificate; default: the one saved at login.")
    var fingerprint: String?

    @Option(help: "Which installation, when the agent has several.")
    var installation: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        try Self.check(fingerprint: fingerprint)
    }

    static func check(fingerprint: String?) throws {
        guard let fingerprint, !AgentTrust.isFingerprint(fingerprint) else { return }
        throw ValidationError(
            "--fingerprint must have the 64 hexadecimal digits that the agent prints when it starts.")
    }

    /// The saved login that is meant.
    func credential(environment: [String: String]) throws(CommandLineError) -> Credential {
        let store = CredentialStore(
            folder: try CredentialStore.folder(environment: environment), fileSystem: POSIXFileSystem())
        let credentials = try store.load()
        let named = agent ?? environment["RICAMBIO_AGENT"].flatMap { $0.isEmpty ? nil : $0 }
        var found = credentials.agents.first
        if let named { found = credentials[named] }
        guard var found else {
            throw CommandLineError(
                .notAllowed, named.map { "You are not logged in to \($0)." } ?? "You are not logged in to an agent.",
                "Log in with: ricambio login \(named ?? "URL") --fingerprint HEX")
        }
        if let fingerprint { found.fingerprint = fingerprint }
        return found
    }
}
