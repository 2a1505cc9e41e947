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
            _ scene: ScriptScene, killedIn step: UpdateStep, afterFetching bytes: Int = 0,
            afterwards: () throws -> Void = {}
        ) async throws -> UpdateRun {
            let agent = try await scene.begin()
            let order = try await scene.customer.ricambio(["update", "--grace", "0", "--yes", "--detach"])
            #expect(order.end == .exited(0), "\(order.errorText)")
            try await eventually("the run is in \(step)") {
                try await scene.history().first?.steps.last?.step == step && (try scene.partlyFetched()) >= bytes
            }
            try await agent.process.kill()
            try afterwards()
            _ = try await scene.customer.startAgainOnSamePort(agent, scene.installation)
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

        @Test("… while it downloads: the next agent goes on with the bytes that are there")
        func whileDownloading() async throws {
            try await withStage { stage in
                var new = ScriptApplication(version: "2.0")
                new.payloadBytes = 12_000_000
                let scene = try await ScriptScene(stage: stage, new: new)
                try scene.write("preferences/settings.conf", "colour=red\n")
                scene.line.hold(after: 6_000_000)
                var (kept, before) = (0, 0)
                let run = try await run(scene, killedIn: .downloading, afterFetching: 5_000_000) {
                    (kept, before) = (try scene.partlyFetched(), scene.line.bytesRelayed)
                    scene.line.mend()
                }
                #expect(run.outcome == .updated, "\(String(describing: run.failure))")
                try await expectOneComplete(scene, "2.0")
                let fetched = scene.line.bytesRelayed - before
                #expect(kept >= 5_000_000 && fetched < 12_300_000 - kept, "\(kept) kept, \(fetched) fetched")
            }
        }

        @Test("… while people are warned: the next agent warns again or cancels, and everybody works with one version")
        func whileWarning() async throws {
            try await withStage { stage in
                let story = try UpdateStory(stage: stage) { _ in }
                let scene = try await story.prepare()
                let customer = story.customer
                let order = try await customer.ricambio(["update", "--grace", "8", "--yes", "--detach"])
                #expect(order.end == .exited(0), "\(order.errorText)")
                try await eventually("Carla is warned") { scene.carla.has("warning") }
                try await scene.agent.process.kill()
                _ = try await customer.startAgainOnSamePort(scene.agent, scene.installation)
                let run = try await eventualValue("the run has ended", within: 90) {
                    try await customer.answer([UpdateRun].self, ["history"]).first { $0.outcome != nil }
                }
                #expect(run.outcome == .updated || run.outcome == .cancelled, "\(String(describing: run.failure))")
                let version = run.outcome == .updated ? "2.0" : "1.0"
                let status = try await customer.answer([InstallationStatus].self, ["status"])
                #expect(status.first?.version == version && status.first?.service == .running)
                try await eventually("Carla works with \(version)") {
                    scene.carla.log.last { $0.serverVersion != nil }?.serverVersion == version
                }
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
