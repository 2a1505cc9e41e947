// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import Stage
import SystemPackage
import Testing

extension EndToEnd {
    @Suite("The commands and their exit codes", .serialized)
    struct CommandTests {
        @Test(
            "What scripts rely on: answers on standard output, sentences on standard error, an exit code for each case")
        func commands() async throws {
            try await withStage { stage in
                let scene = try await ScriptScene(stage: stage)
                let customer = scene.customer
                let strange = try await customer.ricambio(["status"])
                #expect(strange.end == .exited(6), "not logged in: \(strange.errorText)")
                #expect(strange.output.isEmpty)
                let agent = try await scene.begin()
                #expect(try await customer.ricambio(["status", "--installation", "other"]).end == .exited(2))
                #expect(try await customer.ricambio(["update", "--grace", "3601"]).end == .exited(2))
                #expect(try await customer.ricambio(["update", "--at", "soon"]).end == .exited(2))
                #expect(try await customer.ricambio(["frobnicate"]).end == .exited(2))
                #expect(try await customer.ricambio(["--help"]).end == .exited(0))
                #expect(try await customer.ricambio(["watch"]).end == .exited(7))

                let releases = try await customer.answer([ReleaseSummary].self, ["releases"])
                #expect(releases.map(\.version) == ["2.0", "1.0"])
                #expect(releases.map(\.isInstalled) == [false, true])
                #expect(try await customer.answer([Session].self, ["sessions"]) == [])
                #expect(try await customer.answer([String].self, ["logs"]) == ["version 1.0 is up"])
                #expect(try await customer.answer([UpdateRun].self, ["history"]) == [])
                let text = try await customer.ricambio(["status", "--language", "de"])
                #expect(text.outputText.contains("läuft"))

                #expect(try await scene.update().end == .exited(0))
                #expect(try await scene.update().end == .exited(7), "there is nothing newer")
                #expect(try await customer.ricambio(["watch"]).end == .exited(0))

                let wrong = customer.folder.appending("wrong")
                try stage.fileSystem.replace(wrong, with: Array("not it\n".utf8), permissions: 0o600)
                let login = try await customer.ricambio([
                    "login", agent.url, "--fingerprint", agent.fingerprint, "--password-file", wrong.string,
                ])
                #expect(login.end == .exited(6), "\(login.errorText)")
                let newcomer = try Customer(stage: stage, name: "newcomer")
                let unpinned = try await newcomer.ricambio([
                    "login", agent.url, "--password-file", wrong.string, "--language", "it",
                ])
                #expect(unpinned.end == .exited(6), "\(unpinned.errorText)")
                #expect(unpinned.errorText.contains("ricambio login \(agent.url) --fingerprint \(agent.fingerprint)"))
                #expect(unpinned.errorText.contains("Questo computer non può sapere"))
                for word in ["NIO", "SSL", "Error", "errno"] { #expect(!unpinned.errorText.contains(word)) }
                let unknown = try await customer.ricambio(["update", "--version", "9.9", "--grace", "0", "--yes"])
                #expect(unknown.end == .exited(2), "\(unknown.errorText)")
                let pinned = try await customer.ricambio([
                    "status", "--fingerprint", String(repeating: "0", count: 64),
                ])
                #expect(pinned.end == .exited(6), "another agent's certificate: \(pinned.errorText)")
                try await agent.process.stop()
                #expect(scene.upVersion == nil, "a stop of the agent stops its applications")
                let away = try await customer.ricambio(["status"])
                #expect(away.end == .exited(5), "\(away.errorText)")
                #expect(!away.errorText.isEmpty && away.output.isEmpty)
            }
        }
    }
}
