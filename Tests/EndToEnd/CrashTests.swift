// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import Stage
import SystemPackage
import Testing

extension EndToEnd {
    @Suite("The agent is killed in the middle of an update", .serialized)
    struct CrashTests {
        /// Orders an update, kills the agent while the run is in `step`, starts it again and waits for the end.
        private func run(
            _ scene: ScriptScene, killedIn step: UpdateStep, grace: Int = 0
        ) async throws -> UpdateRun {
            let agent = try await scene.begin()
            let port = agent.url.split(separator: ":").last.map(String.init) ?? "0"
            let order = try await scene.customer.ricambio(["update", "--grace", "\(grace)", "--yes", "--detach"])
            #expect(order.end == .exited(0), "\(order.errorText)")
            try await eventually("the run is in \(step)") {
                try await scene.history().first?.steps.last?.step == step
            }
            try await agent.process.kill()
            // The same address, so that the saved login and the open watchers find it again.
            try scene.customer.configure([scene.installation], listen: "127.0.0.1:\(port)")
            _ = try await scene.customer.startAgent([scene.installation])
            return try await eventualValue("the run has ended", within: 90) {
                guard let run = try await scene.history().first, run.outcome != nil else { return nil }
                return run
            }
        }

        private func expectOneComplete(_ scene: ScriptScene, _ version: String) async throws {
            try await eventually("\(version) is up") { scene.upVersion == version }
            #expect(try scene.read("VERSION") == version + "\n")
            #expect(try scene.read("preferences/settings.conf") == "colour=red\n")
            let status = try await scene.customer.answer([InstallationStatus].self, ["status"])
            #expect(status.first?.version == version)
            #expect(status.first?.service == .running)
        }

        @Test("… while people are warned: the next agent goes on or gives up, and one complete version is up")
        func whileWarning() async throws {
            try await withStage { stage in
                let scene = try await ScriptScene(stage: stage)
                try scene.write("preferences/settings.conf", "colour=red\n")
                let run = try await run(scene, killedIn: .warning, grace: 3)
                #expect(run.outcome == .updated || run.outcome == .cancelled)
                try await expectOneComplete(scene, run.outcome == .updated ? "2.0" : "1.0")
            }
        }

        @Test("… while the new version starts and never becomes healthy: the next agent puts the old one back")
        func whileStarting() async throws {
            try await withStage { stage in
                var sick = ScriptApplication(version: "2.0")
                sick.isSick = true
                var scene = try await ScriptScene(stage: stage, new: sick)
                scene.installation.healthTimeout = 4
                try scene.write("preferences/settings.conf", "colour=red\n")
                let run = try await run(scene, killedIn: .starting)
                #expect(run.outcome == .rolledBack)
                try await expectOneComplete(scene, "1.0")
            }
        }

        @Test("… while nothing is going on: the application goes on, and the next agent adopts it")
        func adopted() async throws {
            try await withStage { stage in
                let scene = try await ScriptScene(stage: stage)
                let agent = try await scene.begin()
                try await agent.process.kill()
                _ = try await scene.customer.startAgent([scene.installation])
                // The agent answers on another port now: the saved login is of the old one.
                #expect(scene.starts == ["1.0"])
                #expect(scene.upVersion == "1.0")
            }
        }
    }
}
