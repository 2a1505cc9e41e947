// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import Stage
import SystemPackage
import TUF
import Testing

extension EndToEnd {
    @Suite("The fewest bytes")
    struct ContentTests {
        /// Two releases of an application with a megabyte that does not compress and hardly changes.
        private func heavyScene(_ stage: Stage) async throws -> ScriptScene {
            var scene = try await ScriptScene(stage: stage)
            let payload = (0..<1 << 20).map { _ in UInt8.random(in: .min ... .max) }
            for version in ["3.0", "3.1"] {
                let folder = stage.folder.appending("heavy").appending(version)
                try ScriptApplication(version: version).write(to: folder, fileSystem: stage.fileSystem)
                var bytes = payload
                if version == "3.1" { for index in stride(from: 0, to: bytes.count, by: 100_000) { bytes[index] ^= 1 } }
                try stage.fileSystem.replace(folder.appending("payload"), with: bytes, permissions: 0o644)
                try await scene.vendor.publish(
                    ScriptScene.product, version, server: folder, options: ["--level", "3"])
            }
            scene.installation.folder = "srv/Heavy"
            scene.installation.id = "heavy"
            let result = try await scene.customer.install(scene.installation, options: ["--version", "3.0"])
            guard result.succeeded else { throw StageError("install: \(result.errorText)") }
            return scene
        }

        @Test("plan says what an update would fetch; the update takes the delta and says so; show lists it")
        func delta() async throws {
            try await withStage { stage in
                let scene = try await heavyScene(stage)
                try scene.customer.configure([scene.installation])
                let agent = try await scene.customer.startAgent([scene.installation])
                try await scene.customer.logIn(to: agent)
                try await eventually("the application is up") { scene.upVersion == "3.0" }
                let plan = try await scene.customer.answer(UpdatePlan.self, ["plan"])
                #expect(plan.from == "3.0" && plan.to == "3.1" && plan.content.way == "delta")
                #expect(plan.content.bytesFetched < 20_000 && plan.content.bytesReused > 1_000_000)
                #expect(Set(plan.content.choices.map(\.way)) == ["delta", "ranges", "pack"] && plan.obstacles.isEmpty)
                let text = try await scene.customer.ricambio(["plan", "--language", "de"])
                #expect(text.outputText.contains("Unterschiede"), "\(text.outputText)\(text.errorText)")

                let shown = try await stage.succeed([
                    stage.executables.ricambioRepo.string, "show", scene.vendor.folder.string, ScriptScene.product,
                    "3.1",
                    "--json",
                ])
                let part = try JSONValue(parsing: shown.output)["components"]?.arrayValue?.first
                let deltas = part?["deltas"]?.arrayValue ?? []
                #expect(
                    deltas.contains { $0["from"] == "3.0" && $0["bytes"]?.integerValue == plan.content.bytesFetched })

                #expect(try await scene.update().end == .exited(0))
                let run = try #require(try await scene.history().first)
                #expect(run.outcome == .updated && run.content?.way == "delta")
                let fetched = run.steps.first { $0.step == .downloading }?.bytesTotal
                #expect(fetched == run.content?.bytesFetched)
                let payload = try stage.fileSystem.read(scene.live.appending("payload"), limit: 2 << 20)
                #expect(
                    payload == (try stage.fileSystem.read(stage.folder.appending("heavy/3.1/payload"), limit: 2 << 20)))
            }
        }

        @Test(
            "A machine without internet: a bundle is verified, installed from, updated from; an older one takes nobody back"
        )
        func bundle() async throws {
            try await withStage { stage in
                var scene = try await heavyScene(stage)
                let url = try await scene.vendor.serve().url
                func bundle(_ arguments: [String]) async throws -> CommandResult {
                    try await scene.customer.ricambio(["bundle"] + arguments, timeout: 120)
                }
                let common = ["--root", scene.vendor.root.string, "--product", ScriptScene.product]
                for version in ["3.0", "3.1"] {
                    let exported = try await bundle(
                        ["export", "--repository", url, "--version", version] + common + ["\(version).bundle"]
                            + (version == "3.1" ? ["--from", "3.0"] : []))
                    #expect(exported.end == .exited(0), "\(exported.errorText)")
                }
                let (whole, delta) = (
                    try #require(try stage.fileSystem.attributes(of: scene.customer.folder.appending("3.0.bundle"))),
                    try #require(try stage.fileSystem.attributes(of: scene.customer.folder.appending("3.1.bundle")))
                )
                #expect(whole.size > 1 << 20 && delta.size < 200_000, "the second has the delta only")

                let repository = scene.customer.folder.appending("offline")
                func bring(_ name: String) async throws -> CommandResult {
                    try await bundle(
                        ["import", name, "--to", "offline"] + common + ["--version", String(name.prefix(3))])
                }
                #expect(try await bring("3.0.bundle").end == .exited(0))
                scene.installation.repository = "file://\(repository)/"
                scene.installation.folder = "srv/Offline"
                scene.installation.id = "offline"
                let installed = try await scene.customer.install(scene.installation, options: ["--version", "3.0"])
                #expect(installed.end == .exited(0), "\(installed.errorText)")

                // One byte changed on the way.
                var evil = try stage.fileSystem.read(scene.customer.folder.appending("3.1.bundle"), limit: 1 << 24)
                let index = try #require(evil.lastIndex(of: UInt8(ascii: "3")))
                evil[index] ^= 1
                for at in stride(from: 2000, to: evil.count - 20_000, by: 7919) { evil[at] ^= 1 }
                try stage.fileSystem.replace(
                    scene.customer.folder.appending("3.1-evil"), with: evil, permissions: 0o644)
                let refused = try await bring("3.1-evil")
                #expect(refused.end != .exited(0), "\(refused.outputText)")

                let imported = try await bring("3.1.bundle")
                #expect(imported.end == .exited(0), "\(imported.errorText)")
                try scene.customer.configure([scene.installation])
                let agent = try await scene.customer.startAgent([scene.installation])
                try await scene.customer.logIn(to: agent)
                try await eventually("the application is up") { scene.upVersion == "3.0" }
                #expect(try await scene.update().end == .exited(0))
                let run = try #require(try await scene.history().first)
                #expect(run.outcome == .updated && run.content?.way == "delta")
            }
        }
    }
}
