// SPDX-License-Identifier: Apache-2.0
import Agent
public import AgentAPI
public import ArgumentParser
import Foundation
import Installation
import SystemPackage

extension Role: ExpressibleByArgument {}

struct AccountCommand: AsyncParsableCommand {
    enum Action: String, ExpressibleByArgument, CaseIterable {
        case list, add, reset, remove
    }

    static let configuration = CommandConfiguration(
        commandName: "account",
        abstract: "Lists, adds, resets and removes the agent's accounts, on the agent's own machine.",
        discussion: """
            It works on the agent's state folder, whether the agent runs or not, and so needs the rights of the \
            agent's user. `add` and `reset` print a one-time password, once, which the first login replaces.
            """)

    @Argument(help: "list, add, reset (a new one-time password; whoever is logged in is out) or remove.")
    var action: Action

    @Argument(help: "The account.")
    var name: String?

    @Option(help: "The agent's configuration, agent.yaml.")
    var config: String

    @Option(help: "Of a new account: administrator, or viewer, who may only look. Default: viewer.")
    var role: Role?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (action == .list) == (name == nil) else {
            throw ValidationError(
                action == .list ? "list takes no name." : "Name the account: ricambio account \(action.rawValue) NAME")
        }
        guard role == nil || action == .add else { throw ValidationError("--role belongs to add.") }
    }

    func run() async throws {
        let accounts = AccountAdministration(
            configuration: try loadConfiguration(), person: ProcessInfo.processInfo.userName)
        do throws(UpdateFailure) {
            try await perform(with: accounts)
        } catch {
            throw CommandLineError(error, output.chosenLanguage, state: .nothingChanged)
        }
    }

    private func perform(with accounts: AccountAdministration) async throws(UpdateFailure) {
        let name = name ?? ""
        switch action {
        case .list: show(try await accounts.list())
        case .add:
            let role = role ?? .viewer
            show(Changed(name: name, role: role, oneTimePassword: try await accounts.add(name, role: role)))
        case .reset: show(Changed(name: name, oneTimePassword: try await accounts.reset(name)))
        case .remove:
            try await accounts.remove(name)
            show(Changed(name: name))
        }
    }

    private func loadConfiguration() throws(CommandLineError) -> AgentConfiguration {
        do {
            return try AgentConfiguration.load(FilePath(config))
        } catch {
            // The place in the file first, in the form that editors jump to.
            let texts = Catalogue.failure(
                .configurationInvalid, ["file": error.file, "line": error.line.map(String.init) ?? "–"],
                language: output.chosenLanguage, state: .nothingChanged)
            throw CommandLineError(.failed, "\(error)", texts.state)
        }
    }

    // MARK: Answers

    /// What `--json` says of a change.
    private struct Changed: Encodable {
        var name: String
        var role: Role?
        var oneTimePassword: String?
    }

    private func show(_ changed: Changed) {
        guard !output.json else { return printJSON(changed) }
        let language = output.chosenLanguage
        let said: TextKey =
            switch action {
            case .add: .accountAdded
            case .reset: .accountReset
            case .remove, .list: .accountRemoved
            }
        Console.print(Catalogue.text(said, ["user": changed.name], language))
        guard let password = changed.oneTimePassword else { return }
        Console.print(Catalogue.text(.oneTimePassword, ["password": password], language))
        Console.print(Catalogue.text(.oneTimePasswordNote, language))
    }

    private func show(_ accounts: [AccountSummary]) {
        if output.json { printJSON(accounts) } else { Console.print(lines: output.formatter.accounts(accounts)) }
    }

    private func printJSON(_ value: some Encodable) {
        // These values always have a JSON form.
        if let data = try? APIJSON.encode(value, pretty: true) { Console.print(data: data) }
    }
}

extension Formatter {
    func accounts(_ accounts: [AccountSummary]) -> [String] {
        let rows = accounts.map { account in
            [
                account.name, account.role.rawValue,
                Catalogue.text(account.mustChangePassword ? .passwordOneTime : .passwordOwn, language),
                Catalogue.moment(account.createdAt, language, timeZone: timeZone),
            ]
        }
        return TextTable.lines(
            header: [TextKey.account, .role, .password, .since].map { Catalogue.text($0, language).uppercased() },
            rows: rows)
    }
}
