// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import Stage
import SystemPackage
import Testing

extension EndToEnd {
    /// Updates of an application that integrates nothing, by the commands that an administrator types.
    @Suite("Updates", .serialized)
    struct UpdateTests {
        @Test("An application that integrates nothing is updated; what the customer has stays the customer's")
        func wholeUpdate() async throws {
            try await withStage { stage in
                let scene = try await ScriptScene(stage: stage)
                try scene.write("preferences/settings.conf", "colour=red\n")
                try scene.write("backups/monday.zip", "a backup")
                _ = try await scene.begin()
                let result = try await scene.update(["--json"])
                #expect(result.end == .exited(0), "\(result.errorText)")
                let run = try APIJSON.decode(UpdateRun.self, from: Data(result.output))
                #expect(run.outcome == .updated)
                #expect(run.from == "1.0" && run.to == "2.0")
                #expect(scene.starts == ["1.0", "2.0"])
                #expect(scene.upVersion == "2.0")
                #expect(try scene.read("preferences/settings.conf") == "colour=red\n")
                #expect(try scene.read("preferences/settings.conf.new").contains("defaults of 2.0"))
                #expect(try scene.read("backups/monday.zip") == "a backup")
                #expect(run.beside == ["preferences/settings.conf.new"])
                #expect(Set(run.kept) == ["preferences/settings.conf", "backups/monday.zip"])
                let names = run.steps.map(\.step)
                #expect(names == UpdateStep.allCases.filter { $0 != .rollingBack })
                // Nothing is left of the old release.
                let above = scene.live.removingLastComponent()
                #expect(try stage.fileSystem.entries(of: above) == [".ricambio", "Script App"])
                try await expectMail(scene, containing: "2.0")
            }
        }

        private func expectMail(_ scene: ScriptScene, containing text: String) async throws {
            let fileSystem = POSIXFileSystem()
            let mail = try await eventualValue("a mail is written") {
                try fileSystem.entries(of: scene.customer.mail).last { $0.hasSuffix(".eml") }
            }
            let bytes = try fileSystem.read(scene.customer.mail.appending(mail), limit: 1 << 20)
            #expect(String(decoding: bytes, as: UTF8.self).contains(text))
        }

        @Test("A health check that never passes: the old version is back with its files, and the exit code is 3")
        func rolledBack() async throws {
            try await withStage { stage in
                var sick = ScriptApplication(version: "2.0")
                sick.isSick = true
                var scene = try await ScriptScene(stage: stage, new: sick)
                scene.installation.healthTimeout = 3
                try scene.write("preferences/settings.conf", "colour=red\n")
                _ = try await scene.begin()
                let result = try await scene.update()
                #expect(result.end == .exited(3), "\(result.outputText)\(result.errorText)")
                let run = try #require(try await scene.history().first)
                #expect(run.outcome == .rolledBack)
                #expect(
                    run.failure?.code == FailureCode.healthCheckFailed.rawValue, "\(String(describing: run.failure))")
                #expect(scene.starts == ["1.0", "2.0", "1.0"])
                #expect(scene.upVersion == "1.0")
                #expect(try scene.read("VERSION") == "1.0\n")
                #expect(try scene.read("preferences/settings.conf") == "colour=red\n")
                #expect(try !stage.fileSystem.exists(scene.live.appending("preferences/settings.conf.new")))
                try await expectMail(scene, containing: "1.0")
                let status = try await scene.customer.answer([InstallationStatus].self, ["status"])
                #expect(status.first?.version == "1.0" && status.first?.service == .running)
            }
        }

        @Test("A service that does not stop is forced after its time, and the update goes on")
        func forced() async throws {
            try await withStage { stage in
                var stubborn = ScriptApplication(version: "1.0")
                stubborn.ignoresTermination = true
                var scene = try await ScriptScene(stage: stage, old: stubborn)
                scene.installation.stopTimeout = 1
                _ = try await scene.begin()
                let result = try await scene.update()
                #expect(result.end == .exited(0), "\(result.outputText)\(result.errorText)")
                #expect(scene.starts == ["1.0", "2.0"])
                #expect(scene.upVersion == "2.0")
                let stop = try #require(try await scene.history().first?.applicationStopSeconds)
                #expect(stop >= 1)
            }
        }

        @Test("A mail server that refuses changes nothing of the update, and is tried again until it takes the mail")
        func mailRefused() async throws {
            try await withStage { stage in
                let server = try await RefusingMailServer()
                let scene = try await ScriptScene(stage: stage)
                let agent = try await scene.begin(mail: .smtp(port: server.port))
                let result = try await scene.update()
                #expect(result.end == .exited(0), "\(result.outputText)\(result.errorText)")
                #expect(scene.upVersion == "2.0")
                try await eventually("the server has refused it") { server.refusals > 0 }
                try await eventually("the administrator is told") { agent.process.text.contains("450") }
                server.acceptFromNowOn()
                try await eventually("the mail is taken", within: 120) { server.accepted == 1 }
                await server.stop()
            }
        }

        @Test("A cancelled update leaves everything as it was, and the exit code is 4")
        func cancelled() async throws {
            try await withStage { stage in
                let scene = try await ScriptScene(stage: stage)
                _ = try await scene.begin()
                let at = Date(timeIntervalSinceNow: 3600).formatted(.iso8601)
                let order = try await scene.customer.ricambio(["update", "--at", at, "--detach", "--yes"])
                #expect(order.end == .exited(0), "\(order.errorText)")
                let watching = try await stage.start(
                    "watch", [stage.executables.ricambio.string, "watch"], environment: scene.customer.environment)
                let cancel = try await scene.customer.ricambio(["cancel"])
                #expect(cancel.end == .exited(0), "\(cancel.errorText)")
                #expect(try await watching.wait() == .exited(4), "\(watching.text)")
                #expect(scene.starts == ["1.0"])
                #expect(try await scene.history().first?.outcome == .cancelled)
                let again = try await scene.customer.ricambio(["cancel"])
                #expect(again.end == .exited(7), "\(again.errorText)")
            }
        }
    }
}
