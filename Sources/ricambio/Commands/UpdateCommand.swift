// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import ArgumentParser
import Foundation
import RicambioClient

struct UpdateCommand: AsyncParsableCommand, CommandForPeople {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Orders an update and follows it; the exit code tells its outcome.",
        discussion: "With --json the run is printed once, as it ended (with --detach: as it was ordered).")

    @Option(help: "The version to update to; default: the channel's current one.")
    var version: String?

    @Option(help: "Seconds that people have between the warning and the closing of their sessions, 0–3600.")
    var grace = UpdateOrder.defaultGraceSeconds

    @Option(help: "Who gets the mail at the end; may be given more than once. Default: the agent's configuration.")
    var email: [String] = []

    @Option(help: "When: 22:00, \"2026-12-24 22:00\" or ISO 8601; default: now.")
    var at: String?

    @Flag(
        help: """
            Update although the running version is down or does not pass its health check: the update is the repair.
            """)
    var repair = false

    @Flag(help: "Do not wait for the end.")
    var detach = false

    @Flag(help: "Do not ask for confirmation.")
    var yes = false

    @OptionGroup var options: AgentOptions

    var chosenLanguage: Language { options.output.chosenLanguage }

    func validate() throws {
        guard UpdateOrder.allowedGraceSeconds.contains(grace) else {
            throw ValidationError("--grace must be between 0 and 3600 seconds.")
        }
        _ = try scheduled(now: Date())
        if let version { try Names.check(version: version) }
    }

    func run() async throws {
        let run = try await options.connected { administration in
            let installation = try await options.chosenInstallation(administration)
            let to = try await target(installation, administration)
            try await confirm(installation, to: to, administration)
            let ordered = try await administration.order(try order(now: Date()), for: installation.id)
            if detach { return ordered }
            return try await administration.follow(
                ordered, output: options.output.json ? .silent : .chosen(json: false),
                display: options.output.formatter.display)
        }
        if options.output.json {
            Console.print(data: try APIJSON.encode(run, pretty: true))
            // For the person who reads the log of the program that asked for JSON.
            if let failure = run.failure {
                Console.complain([failure.happened, failure.state, failure.remedy].joined(separator: "\n"))
            }
        } else if detach {
            let language = options.output.chosenLanguage
            Console.print(
                options.output.formatter.display.scheduled(run)
                    ?? Catalogue.text(.updateOrdered, ["id": run.id], language))
            Console.print(Catalogue.text(.updateDetached, language))
        }
        let code = CommandExit(run)
        if code != .done { throw ExitCode(code.rawValue) }
    }

    func order(now: Date) throws -> UpdateOrder {
        UpdateOrder(
            version: version, graceSeconds: grace, email: email, language: options.output.language,
            at: try scheduled(now: now), repair: repair)
    }

    private func scheduled(now: Date) throws -> Date? {
        guard let at else { return nil }
        guard let date = TimeArgument.date(at, now: now, timeZone: .current) else {
            throw ValidationError("--at does not understand “\(at)”: write 22:00, \"2026-12-24 22:00\" or ISO 8601.")
        }
        return date
    }

    /// The version that will be installed, as far as it is known: without one named, the agent asks the vendor now,
    /// and what is wrong there is the run's to say.
    private func target(_ installation: InstallationStatus, _ administration: Administration) async throws -> String? {
        if let version { return version }
        guard let releases = try? await administration.releases(of: installation.id),
            let current = releases.first(where: \.isCurrent)
        else { return nil }
        guard !current.isInstalled else {
            throw CommandLineError(
                .nothingToUpdate,
                Catalogue.text(.upToDate, ["version": current.version], options.output.chosenLanguage))
        }
        return current.version
    }

    /// Says what the update would do with the customer's own files, and asks.
    private func confirm(
        _ installation: InstallationStatus, to: String?, _ administration: Administration
    ) async throws {
        guard !yes, !options.output.json, Console.isInputTerminal, Console.isOutputTerminal else { return }
        let language = options.output.chosenLanguage
        // Why there is no plan is the run's to say.
        if let plan = try? await administration.plan(of: installation.id, version: version) {
            Console.print(lines: options.output.formatter.warnings(before: plan, repair: repair))
        }
        let question = Catalogue.text(
            .confirmUpdate,
            [
                "product": installation.product, "from": installation.version ?? "–",
                "to": to ?? "–",
                "people": Catalogue.counted(installation.sessions, .person, language),
                "grace": Catalogue.duration(seconds: grace, language),
            ], language)
        Console.write(question + " ")
        let yes = Catalogue.text(.yesLetters, language)
        guard let answer = readLine()?.lowercased().first, yes.contains(answer) else {
            throw CommandLineError(.cancelled)
        }
    }
}
