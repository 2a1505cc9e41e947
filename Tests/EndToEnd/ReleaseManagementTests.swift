// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import Stage
import SystemPackage
import TUF
import Testing

extension EndToEnd {
    @Suite("What the vendor does with releases, and what customers see of it")
    struct ReleaseManagementTests {
        private func repo(_ vendor: Vendor, _ command: String, _ rest: String...) async throws -> CommandResult {
            try await vendor.stage.run(
                [vendor.stage.executables.ricambioRepo.string, command, vendor.folder.string] + rest, timeout: 300)
        }

        private func verify(_ vendor: Vendor) async throws -> JSONValue {
            let result = try await repo(vendor, "verify", "--json")
            return try JSONValue(parsing: result.output)
        }

        @Test("A recalled release is not offered and cannot be ordered by its number; reinstated, it can")
        func recalled() async throws {
            try await withStage { stage in
                let scene = try await ScriptScene(stage: stage)
                _ = try await scene.begin()
                let recalled = try await repo(scene.vendor, "recall", ScriptScene.product, "2.0")
                #expect(recalled.end == .exited(0) && recalled.outputText.contains("1.0 is offered"))
                let offered = try await scene.update()
                #expect(offered.end == .exited(7), "\(offered.outputText)\(offered.errorText)")
                let ordered = try await scene.update(["--version", "2.0"])
                #expect(ordered.end != .exited(0) && ordered.errorText.contains("recalled"), "\(ordered.errorText)")
                #expect(scene.starts == ["1.0"])
                let releases = try await scene.customer.answer([ReleaseSummary].self, ["releases"])
                #expect(releases.first { $0.version == "2.0" }?.isRecalled == true)
                #expect(try await repo(scene.vendor, "recall", ScriptScene.product, "2.0", "--undo").end == .exited(0))
                #expect(try await scene.update().end == .exited(0))
                #expect(scene.upVersion == "2.0")
            }
        }

        @Test("A release goes from beta to stable without being published twice; a paused roll-out offers it to nobody")
        func promoted() async throws {
            try await withStage { stage in
                let (vendor, customer) = (Vendor(stage: stage), try Customer(stage: stage))
                try await vendor.initialise()
                let folder = stage.folder.appending("release")
                try ScriptApplication(version: "1.0").write(to: folder, fileSystem: stage.fileSystem)
                try await stage.succeed([
                    stage.executables.ricambioRepo.string, "publish", vendor.folder.string, "tool", "1.0", "--channel",
                    "beta", "--server", "\(Platform.current)=\(folder)", "--level", "1",
                ])
                let url = try await vendor.serve().url
                func install(_ channel: String, _ name: String) async throws -> CommandResult {
                    try await customer.ricambio([
                        "install", "--repository", url, "--root", vendor.root.string, "--product", "tool", "--channel",
                        channel, "--folder", stage.folder.appending(name).string,
                    ])
                }
                #expect(try await install("stable", "too early").end != .exited(0))
                let absent = try await repo(vendor, "promote", "tool", "1.0", "--from", "alpha", "--to", "stable")
                #expect(absent.end == .exited(5), "\(absent.errorText)")
                let promoted = try await repo(
                    vendor, "promote", "tool", "1.0", "--from", "beta", "--to", "stable", "--rollout", "10")
                #expect(promoted.end == .exited(0) && promoted.outputText.contains("10 %"), "\(promoted.errorText)")
                #expect(try await install("stable", "in time").end == .exited(0))
                let paused = try await repo(vendor, "rollout", "tool", "--percentage", "0")
                #expect(paused.end == .exited(0) && paused.outputText.contains("10 % were offered"))
                #expect(try await verify(vendor)["sound"] == true)
            }
        }

        /// Files that take a moment to pack.
        private func heavyFolder(_ stage: Stage) throws -> FilePath {
            let folder = stage.folder.appending("heavy")
            try stage.fileSystem.makeDirectories(folder)
            for number in 1...3 {
                let bytes = (0..<4 << 20).map { _ in UInt8.random(in: 0...63) }
                try stage.fileSystem.replace(folder.appending("file-\(number)"), with: bytes, permissions: 0o644)
            }
            return folder
        }

        private func publishing(_ vendor: Vendor, _ version: String, _ folder: FilePath) async throws -> StagedProcess {
            try await vendor.stage.start(
                "publish-\(version)",
                [
                    vendor.stage.executables.ricambioRepo.string, "publish", vendor.folder.string, "tool", version,
                    "--server", "\(Platform.current)=\(folder)", "--level", "19",
                ])
        }

        @Test("Two publishers at once: one publishes, the other is told or has its turn; nothing of either is lost")
        func twoPublishers() async throws {
            try await withStage { stage in
                let vendor = Vendor(stage: stage)
                try await vendor.initialise()
                let folder = try heavyFolder(stage)
                let both = [
                    try await publishing(vendor, "1.0", folder), try await publishing(vendor, "2.0", folder),
                ]
                let ends = [try await both[0].wait(within: 300), try await both[1].wait(within: 300)]
                #expect(
                    ends.contains(.exited(0)) && ends.allSatisfy { $0 == .exited(0) || $0 == .exited(7) }, "\(ends)")
                for (version, end) in zip(["1.0", "2.0"], ends) where end == .exited(7) {
                    #expect(try await publishing(vendor, version, folder).wait(within: 300) == .exited(0))
                }
                let report = try await verify(vendor)
                #expect(report["sound"] == true, "\(report)")
                let shown = try JSONValue(parsing: try await repo(vendor, "show", "tool", "--json").output)
                #expect(shown["releases"]?.arrayValue?.count == 2)
            }
        }

        @Test("A publisher that is killed while it packs leaves a sound repository, and the next run publishes")
        func killed() async throws {
            try await withStage { stage in
                let vendor = Vendor(stage: stage)
                try await vendor.initialise()
                let folder = try heavyFolder(stage)
                let publisher = try await publishing(vendor, "1.0", folder)
                try await eventually("it packs") {
                    (try? stage.fileSystem.entries(of: vendor.packs))?.contains { $0.hasPrefix(".unfinished-") } == true
                }
                _ = try await publisher.kill()
                #expect(try await verify(vendor)["sound"] == true)
                #expect(try await publishing(vendor, "1.0", folder).wait(within: 300) == .exited(0))
                #expect(try await verify(vendor)["sound"] == true)
                #expect(try stage.fileSystem.entries(of: vendor.packs).count == 1)
            }
        }
    }
}
