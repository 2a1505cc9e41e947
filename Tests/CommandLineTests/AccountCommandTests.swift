// SPDX-License-Identifier: Apache-2.0
import Agent
import AgentAPI
import ArgumentParser
import Foundation
import Installation
import Testing

@testable import ricambio

@Suite("The command for accounts")
struct AccountCommandTests {
    private func parse(_ arguments: [String]) throws -> AccountCommand? {
        try Ricambio.parseAsRoot(["account"] + arguments) as? AccountCommand
    }

    @Test("the configuration may stand before or after what is to be done; a new account may only look")
    func order() throws {
        let before = try #require(try parse(["--config", "a.yaml", "add", "vera"]))
        #expect(before.action == .add && before.name == "vera" && before.config == "a.yaml" && before.role == nil)
        let after = try #require(try parse(["add", "vera", "--role", "administrator", "--config", "a.yaml"]))
        #expect(after.role == .administrator && after.name == "vera")
        #expect(try parse(["list", "--config", "a.yaml"])?.action == .list)
    }

    @Test(
        "what makes no sense is refused before anything is opened",
        arguments: [
            ["list"], ["--config", "c"], ["list", "vera", "--config", "c"], ["add", "--config", "c"],
            ["reset", "--config", "c"], ["remove", "--config", "c"], ["grow", "vera", "--config", "c"],
            ["add", "vera", "--role", "owner", "--config", "c"],
            ["reset", "vera", "--role", "viewer", "--config", "c"],
        ])
    func refused(arguments: [String]) {
        #expect(throws: (any Error).self) { try parse(arguments) }
    }

    @Test("a name that is not there is a matter of the command line; an account that must stay is not")
    func exitCodes() {
        for code in [FailureCode.accountUnknown, .accountNameInvalid] {
            #expect(CommandLineError(UpdateFailure(code, ["user": "vera"]), .english).exit == .usage)
        }
        for code in [FailureCode.lastAdministrator, .accountExists, .noAccounts] {
            #expect(CommandLineError(UpdateFailure(code, ["user": "vera"]), .english).exit == .failed)
        }
    }

    @Test("the list says who may do what and whose password is still the one-time one")
    func list() throws {
        let formatter = ricambio.Formatter(language: .german, timeZone: .gmt)
        let lines = formatter.accounts([
            AccountSummary(
                name: "admin", role: .administrator, mustChangePassword: false,
                createdAt: Date(timeIntervalSince1970: 1_795_342_516)),
            AccountSummary(
                name: "vera", role: .viewer, mustChangePassword: true,
                createdAt: Date(timeIntervalSince1970: 1_795_342_516)),
        ])
        #expect(lines.count == 3)
        #expect(lines[0].hasPrefix("KONTO"))
        #expect(lines[1].contains("administrator") && lines[1].contains("eigenes"))
        #expect(lines[2].contains("viewer") && lines[2].contains("zu ändern"))
    }
}
