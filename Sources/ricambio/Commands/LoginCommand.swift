// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import Foundation
import Platform
import RicambioClient
import SystemPackage

struct LoginCommand: AsyncParsableCommand, CommandForPeople {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Logs in to an agent and remembers it for the other commands.",
        discussion: "Passwords are never given on the command line: other people on the machine could read them there.")

    @Argument(help: "The agent's address, as it prints it when it starts.")
    var url: String

    @Option(help: "The account.")
    var user = "admin"

    @Option(help: "SHA-256 of the agent's certificate, as the agent prints it when it starts.")
    var fingerprint: String?

    @Option(help: "A file with the password in its first line; - is standard input. Default: asked for.")
    var passwordFile: String?

    @Option(help: "A file with the new password, to change it in the same step.")
    var newPasswordFile: String?

    @OptionGroup var output: OutputOptions

    var chosenLanguage: Language { output.chosenLanguage }

    func validate() throws {
        try AgentOptions.check(fingerprint: fingerprint)
    }

    func run() async throws {
        let store = CredentialStore(
            folder: try CredentialStore.folder(environment: ProcessInfo.processInfo.environment),
            fileSystem: POSIXFileSystem())
        var credentials = try store.load()
        let agent = Credentials.normal(url)
        let fingerprint = fingerprint ?? credentials[agent]?.fingerprint
        let connection = try await AgentConnection(
            url: agent, trust: AgentTrust(fingerprint: fingerprint), token: nil, language: language)
        let answer: LoginAnswer
        do {
            // Before a person types a password that could not be sent.
            try await connection.reach()
            answer = try await login(Administration(connection))
        } catch {
            await connection.shutdown()
            throw error
        }
        await connection.shutdown()
        let credential = Credential(
            agent: agent, user: user, token: answer.token, fingerprint: fingerprint, expiresAt: answer.expiresAt)
        credentials.remember(credential)
        try store.save(credentials)
        if output.json {
            let shown = Shown(agent: agent, user: user, role: answer.role, expiresAt: answer.expiresAt)
            Console.print(data: try APIJSON.encode(shown, pretty: true))
        } else {
            Console.print(Catalogue.text(.loggedIn, ["url": agent, "user": user], language))
        }
    }

    private var language: Language { chosenLanguage }

    /// What `--json` says; the token stays in the file.
    private struct Shown: Encodable {
        var agent: String
        var user: String
        var role: Role
        var expiresAt: Date
    }

    private func login(_ administration: Administration) async throws -> LoginAnswer {
        let password =
            try passwordFile.map(read) ?? Console.secret(Catalogue.text(.passwordPrompt, ["user": user], language))
        if let newPasswordFile {
            return try await administration.login(
                user: user, password: password, newPassword: try read(newPasswordFile))
        }
        let answer = try await administration.login(user: user, password: password, newPassword: nil)
        guard answer.mustChangePassword else { return answer }
        guard Console.isInputTerminal else {
            throw CommandLineError(
                .notAllowed, "This one-time password must be changed at the first login; you are not logged in.",
                "Give the new one with --new-password-file.")
        }
        Console.print(Catalogue.text(.passwordMustChange, language))
        let new = try Console.secret(Catalogue.text(.newPasswordPrompt, language))
        guard try Console.secret(Catalogue.text(.repeatPasswordPrompt, language)) == new else {
            throw CommandLineError(.failed, Catalogue.text(.passwordsDiffer, language))
        }
        return try await administration.login(user: user, password: password, newPassword: new)
    }

    /// The first line of a file, or of standard input.
    private func read(_ path: String) throws(CommandLineError) -> String {
        let line: String?
        if path == "-" {
            line = readLine()
        } else {
            do {
                let bytes = try POSIXFileSystem().read(FilePath(path), limit: 4096)
                line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init)
            } catch {
                throw CommandLineError(.failed, "The password cannot be read from \(path): \(error.code.reason).")
            }
        }
        guard let line, !line.isEmpty else {
            throw CommandLineError(.failed, "There is no password in \(path == "-" ? "standard input" : path).")
        }
        return line
    }
}
