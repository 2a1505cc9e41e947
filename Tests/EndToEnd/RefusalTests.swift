// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import Stage
import SystemPackage
import TUFRepository
import TestSupport
import Testing

extension EndToEnd {
    /// What bad input gets: refused, named, nothing touched, the service never stopped.
    @Suite("What bad input gets", .serialized)
    struct RefusalTests {
        /// Orders an update that must be refused as `code`, and checks that nobody was disturbed.
        private func expectRefusal(
            _ scene: ScriptScene, _ code: FailureCode, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let before = try tree(scene.live)
            let result = try await scene.update()
            #expect(result.end != .exited(0), sourceLocation: sourceLocation)
            let said = result.outputText + result.errorText
            let run = try await scene.history().first
            if let run {
                #expect(run.outcome == .failed, sourceLocation: sourceLocation)
                let failure = try #require(run.failure, sourceLocation: sourceLocation)
                #expect(failure.code == code.rawValue, "\(failure)", sourceLocation: sourceLocation)
                for sentence in [failure.happened, failure.state, failure.remedy] {
                    #expect(sentence.count > 10 && said.contains(sentence), "\(said)", sourceLocation: sourceLocation)
                }
                #expect(!run.steps.contains { $0.step.isServiceDown }, sourceLocation: sourceLocation)
            } else {
                // Refused before there was a run: the three sentences are all there is.
                let failure = Catalogue.failure(code, language: .english)
                #expect(said.contains(failure.remedy.prefix(20)), "\(said)", sourceLocation: sourceLocation)
            }
            #expect(scene.starts == ["1.0"], "the service was stopped", sourceLocation: sourceLocation)
            #expect(scene.upVersion == "1.0", sourceLocation: sourceLocation)
            #expect(try tree(scene.live) == before, "the folder was touched", sourceLocation: sourceLocation)
        }

        /// Every path below `folder` with its size and time of change.
        private func tree(_ folder: FilePath) throws -> [String: FileAttributes] {
            let fileSystem = POSIXFileSystem()
            var found: [String: FileAttributes] = [:]
            var open = [folder]
            while let next = open.popLast() {
                guard let attributes = try fileSystem.attributes(of: next) else { continue }
                found[next.string] = attributes
                if attributes.kind == .directory {
                    open += try fileSystem.entries(of: next).map { next.appending($0) }
                }
            }
            return found
        }

        @Test("Unknown configuration key: file, line and the nearest spelling")
        func unknownKey() async throws {
            try await withStage { stage in
                let customer = try Customer(stage: stage)
                try customer.write(
                    configuration: """
                        listen: 127.0.0.1:0
                        state: ./state
                        installations:
                          - id: a
                            product: p
                            foldr: /srv/a
                        """)
                let result = try await customer.ricambio(["agent", "--config", customer.configurationFile.string])
                #expect(result.end == .exited(1))
                #expect(result.errorText.contains("agent.yaml"))
                #expect(result.errorText.contains("6"), "\(result.errorText)")
                #expect(result.errorText.contains("foldr"))
                #expect(result.errorText.contains("folder"))
                #expect(try !stage.fileSystem.exists(customer.state))
            }
        }

        @Test("Wrong root: install refuses, and leaves no folder behind")
        func wrongRootOfInstall() async throws {
            try await withStage { stage in
                let scene = try await ScriptScene(stage: stage)
                let stranger = Vendor(stage: stage, name: "stranger")
                try await stranger.initialise()
                var other = scene.installation
                other.root = stranger.root
                other.folder = "srv/Other"
                other.id = "other"
                let result = try await scene.customer.install(other)
                #expect(result.end == .exited(1))
                #expect(result.errorText.contains("root"), "\(result.errorText)")
                #expect(try !stage.fileSystem.exists(scene.customer.folder.appending("srv/Other")))
            }
        }

        @Test("Wrong root: the agent refuses the update, the service is never stopped")
        func wrongRootOfAgent() async throws {
            try await withStage { stage in
                var scene = try await ScriptScene(stage: stage)
                let stranger = Vendor(stage: stage, name: "stranger")
                try await stranger.initialise()
                scene.installation.root = stranger.root
                _ = try await scene.begin()
                try await expectRefusal(scene, .metadataUntrusted)
            }
        }

        @Test("Expired metadata: refused, the service is never stopped")
        func expired() async throws {
            try await withStage { stage in
                let scene = try await ScriptScene(stage: stage)
                try sign(scene.vendor, as: Date(timeIntervalSinceNow: -10 * 365 * 86_400))
                _ = try await scene.begin()
                try await expectRefusal(scene, .metadataExpired)
            }
        }

        /// Signs the repository anew as if the vendor's clock stood at `date`; something must change for that.
        private func sign(_ vendor: Vendor, as date: Date) throws {
            let fileSystem = POSIXFileSystem()
            let keys = KeyStore(directory: vendor.folder.appending("keys"), fileSystem: fileSystem)
            var editor = try RepositoryEditor(
                opening: vendor.folder, keys: keys, clock: ManualClock(now: date), fileSystem: fileSystem)
            try editor.addTarget(
                product: ScriptScene.product, path: "\(ScriptScene.product)/0.1/note.json", bytes: Array("{}".utf8),
                custom: nil)
            try editor.commit()
        }

        @Test("Tampered metadata: refused, the service is never stopped")
        func tamperedMetadata() async throws {
            try await withStage { stage in
                let scene = try await ScriptScene(stage: stage)
                let file = scene.vendor.folder.appending("public/metadata/timestamp.json")
                let text = String(decoding: try stage.fileSystem.read(file, limit: 1 << 20), as: UTF8.self)
                let forged = text.replacing(
                    "\"timestamp\"", with: "\"timestamp\",\"x-forged\":true", maxReplacements: 1)
                #expect(forged != text)
                try stage.fileSystem.replace(file, with: Array(forged.utf8), permissions: 0o644)
                _ = try await scene.begin()
                try await expectRefusal(scene, .metadataUntrusted)
            }
        }

        @Test("Tampered pack: refused, the service is never stopped")
        func tamperedPack() async throws {
            try await withStage { stage in
                let scene = try await ScriptScene(stage: stage)
                for name in try stage.fileSystem.entries(of: scene.vendor.packs) {
                    let pack = scene.vendor.packs.appending(name)
                    var bytes = try stage.fileSystem.read(pack, limit: 1 << 26)
                    bytes[bytes.count / 2] ^= 1
                    try stage.fileSystem.replace(pack, with: bytes, permissions: 0o644)
                }
                _ = try await scene.begin()
                try await expectRefusal(scene, .packTampered)
            }
        }

        @Test("Port in use: the agent says which, and that nothing was started")
        func portInUse() async throws {
            try await withStage { stage in
                let scene = try await ScriptScene(stage: stage)
                // The line to the vendor listens there already.
                try scene.customer.configure([scene.installation], listen: "127.0.0.1:\(scene.line.port)")
                let agent = try await scene.customer.launchAgent(watching: [scene.installation])
                #expect(try await agent.wait() == .exited(1))
                #expect(agent.text.contains("\(scene.line.port)"), "\(agent.text)")
                #expect(agent.text.contains(Catalogue.failure(.portInUse, language: .english).state))
                #expect(scene.starts == [])
            }
        }

        @Test("Folder not writable: refused before anyone is disturbed")
        func notWritable() async throws {
            try await withStage { stage in
                let scene = try await ScriptScene(stage: stage)
                let above = scene.live.removingLastComponent()
                try scene.customer.configure([scene.installation])
                try stage.fileSystem.setPermissions(0o555, of: above)
                do {
                    let agent = try await scene.customer.startAgent(
                        [scene.installation], withoutPrivileges: true)
                    try await scene.customer.logIn(to: agent)
                    try await eventually("the application is up") { scene.upVersion == "1.0" }
                    try await expectRefusal(scene, .folderNotWritable)
                } catch {
                    try stage.fileSystem.setPermissions(0o755, of: above)
                    throw error
                }
                try stage.fileSystem.setPermissions(0o755, of: above)
            }
        }

        @Test("Vendor unreachable in the middle of a download: named, nothing touched; the next update goes on")
        func vendorGone() async throws {
            try await withStage { stage in
                var new = ScriptApplication(version: "2.0")
                new.payloadBytes = 18_000_000
                let scene = try await ScriptScene(stage: stage, new: new)
                _ = try await scene.begin()
                // More than a socket holds: what the agent had not read when the line went is lost, and nothing else.
                scene.line.cut(after: 12_000_000)
                try await expectRefusal(scene, .vendorUnreachable)
                let (kept, before) = (try scene.partlyFetched(), scene.line.bytesRelayed)
                scene.line.mend()
                let result = try await scene.update()
                #expect(result.end == .exited(0), "\(result.outputText)\(result.errorText)")
                #expect(scene.upVersion == "2.0")
                // Resumed: what the first attempt left on disk was not fetched again.
                let fetched = scene.line.bytesRelayed - before
                #expect(kept > 1_000_000 && fetched < 18_300_000 - kept, "\(kept) kept, \(fetched) fetched")
            }
        }
    }
}
