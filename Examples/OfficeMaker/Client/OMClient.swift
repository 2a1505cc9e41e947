// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import Dispatch
import Foundation
import OfficeMaker
import Platform
import RicambioClient
import SystemPackage

/// The client of Office Maker: one person at one workstation, one command per line.
@main struct OMClient: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "om-client", abstract: "Works with a server of Office Maker.",
        discussion: """
            Commands come from the script, else from standard input; “help” lists them. The version stands in the file
            VERSION beside the program. What happens is appended to the file of --events, one JSON object per line.
            """)

    @Option(help: "Address of the server, e.g. http://127.0.0.1:9100.")
    var server: String
    @Option(help: "The person.")
    var user: String
    @Option(help: "File with the password; without it the password is asked for.")
    var passwordFile: String?
    @Option(help: "it, en, fr or de; the environment's language without it.")
    var language: String?
    @Option(help: "Name of the workstation; the machine's name without it.")
    var workstation: String?
    @Option(help: "PEM file of the authority that the server's certificate is checked with.")
    var certificateAuthority: String?

    @Option(help: "File with one command per line, instead of standard input.")
    var script: String?
    @Option(help: "File to append what happens to, as JSON lines.")
    var events: String?
    @Flag(help: "Say “ready” as soon as there is a warning, and stay after the last command.")
    var autoReady = false
    @Flag(help: "Never say “ready”: be closed, and stay after the last command.")
    var stay = false
    @Flag(help: "Take the client that is offered and start again, and stay after the last command.")
    var autoUpdate = false
    @Option(help: "Seconds to go on trying when the server is away.")
    var retrySeconds = 600.0

    @Option(help: "Account at the agent, for “order-update”.")
    var agentUser = "admin"
    @Option(help: "File with that account's password.")
    var agentPasswordFile: String?
    @Flag(help: .hidden)
    var resumed = false

    func validate() throws {
        guard !(autoReady && stay) else { throw ValidationError("--auto-ready and --stay exclude each other") }
        if let language, Language(rawValue: language) == nil {
            throw ValidationError("“\(language)” is not it, en, fr or de")
        }
    }

    func run() async throws {
        let person = spokenLanguage
        let screen = try Screen(events: events.map { FilePath($0) }, language: person)
        do {
            let program = try ProgramFolder.own()
            let settings = try settings(person)
            let office = try OfficeServer(url: server, language: person, certificateAuthority: certificateAuthority)
            let workplace = Workplace(settings: settings, program: program, office: office, screen: screen)
            let signals = handleSignals(workplace)
            let result = await workplace.result()
            signals.forEach { $0.cancel() }
            await office.shutdown()
            guard try result.get() else { throw ExitCode.failure }
        } catch let error as ClientFailure {
            screen.complain(error.sentence)
            throw ExitCode.failure
        }
    }

    private var spokenLanguage: Language {
        let environment = ProcessInfo.processInfo.environment
        let named = [language, environment["LC_ALL"], environment["LC_MESSAGES"], environment["LANG"]]
        return named.lazy.compactMap { $0 }.compactMap { Language(locale: $0) }.first ?? .english
    }

    private func settings(_ language: Language) throws -> WorkSettings {
        WorkSettings(
            user: user, password: try password(), workstation: workstation ?? ProcessInfo.processInfo.hostName,
            language: language, script: resumed ? script.map { _ in [] } : try script.map(Self.lines),
            staysOpen: autoReady || stay || autoUpdate, saysReady: autoReady, takesUpdates: autoUpdate,
            retrySeconds: retrySeconds, agentUser: agentUser, agentPasswordFile: agentPasswordFile)
    }

    private func password() throws -> String {
        if let passwordFile { return try Self.lines(passwordFile).first ?? "" }
        guard let typed = getpass("\(user): ") else { throw ClientFailure("No password was given.") }
        return String(cString: typed)
    }

    static func lines(_ file: String) throws -> [String] {
        do {
            let bytes = try POSIXFileSystem().read(FilePath(file), limit: 1 << 20)
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        } catch {
            throw ClientFailure("\(error)")
        }
    }

    private func handleSignals(_ workplace: Workplace) -> [any DispatchSourceSignal] {
        [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { Task { await workplace.stop() } }
            source.resume()
            return source
        }
    }
}

/// Why the client cannot go on.
struct ClientFailure: Error {
    var sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}

/// The folder that the program lies in, which an update replaces as a whole.
struct ProgramFolder: Sendable {
    let folder: FilePath
    /// The program's name in it.
    let program: String
    let version: String

    /// Asked once, at the start: after an update the path of the running program is that of the old folder.
    static func own() throws -> ProgramFolder {
        let files = POSIXFileSystem()
        do {
            let path = FilePath(try files.destination(ofLink: "/proc/self/exe"))
            let folder = path.removingLastComponent()
            let bytes = try files.read(folder.appending("VERSION"), limit: 100)
            return ProgramFolder(
                folder: folder, program: path.lastComponent?.string ?? "om-client",
                version: String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        } catch {
            throw ClientFailure("\(error) VERSION says which release this is: install the client anew.")
        }
    }
}
