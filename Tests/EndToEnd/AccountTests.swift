// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import Stage
import SystemPackage
import Testing

extension EndToEnd {
    @Suite("Accounts, looked after at the agent's machine", .serialized)
    struct AccountTests {
        private struct Changed: Decodable {
            var name: String
            var oneTimePassword: String?
        }

        @Test("A person is added, locked out and removed while the agent runs, and the last administrator stays")
        func accounts() async throws {
            try await withStage { stage in
                let customer = try Customer(stage: stage)
                try customer.write(configuration: "listen: 127.0.0.1:0\nstate: ./state\nscryptCost: 1024\n")
                let command = ["account", "--config", customer.configurationFile.string]
                let early = try await customer.ricambio(command + ["list"])
                #expect(early.end == .exited(1) && early.output.isEmpty, "\(early.errorText)")
                let agent = try await customer.startAgent([])
                try await customer.logIn(to: agent)

                let added = try await customer.answer(Changed.self, command + ["add", "vera", "--role", "viewer"])
                let first = customer.folder.appending("first")
                let second = customer.folder.appending("second")
                try stage.fileSystem.replace(
                    first, with: Array(try #require(added.oneTimePassword).utf8), permissions: 0o600)
                try stage.fileSystem.replace(second, with: Array("a password of Vera's".utf8), permissions: 0o600)
                let login = [
                    "login", agent.url, "--user", "vera", "--fingerprint", agent.fingerprint, "--password-file",
                    first.string,
                ]
                #expect(try await customer.ricambio(login).end == .exited(6), "it must be changed")
                #expect(try await customer.ricambio(login + ["--new-password-file", second.string]).end == .exited(0))
                #expect(try await customer.ricambio(["status"]).end == .exited(0))

                let reset = try await customer.ricambio(command + ["reset", "vera", "--language", "it"])
                #expect(reset.outputText.contains("Password temporanea: "))
                #expect(try await customer.ricambio(["status"]).end == .exited(6), "the token has ended")
                let last = try await customer.ricambio(command + ["remove", "admin"])
                #expect(last.end == .exited(1) && last.errorText.contains("only administrator"))
                #expect(try await customer.ricambio(command + ["remove", "vera"]).end == .exited(0))
                #expect(try await customer.ricambio(command + ["remove", "vera"]).end == .exited(2))
                let list = try await customer.ricambio(command + ["list"])
                #expect(list.outputText.contains("admin") && !list.outputText.contains("vera"))
            }
        }
    }
}
