// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Stage
import SystemPackage
import TUF
import Testing

extension EndToEnd {
    /// The real client against a real repository behind the real static server.
    @Suite("tuf-client")
    struct TUFClientTests {
        private struct Reader {
            let stage: Stage
            let vendor: Vendor
            let server: StagedProcess
            let url: String

            static let channel = "tool/channels/stable.json"

            init(_ stage: Stage) async throws {
                self.stage = stage
                vendor = Vendor(stage: stage)
                try await vendor.initialise()
                let folder = stage.folder.appending("release")
                try ScriptApplication(version: "1.0").write(to: folder, fileSystem: stage.fileSystem)
                try await vendor.publish("tool", "1.0", server: folder, options: ["--level", "1"])
                (server, _, url) = try await vendor.serve()
            }

            var metadata: FilePath { stage.folder.appending("trusted") }
            var targets: FilePath { stage.folder.appending("downloads") }

            func client(_ arguments: [String]) async throws -> CommandResult {
                try await stage.run([stage.executables.tufClient.string] + arguments, timeout: 60)
            }

            func initialise() async throws -> CommandResult {
                try await client(["--metadata-dir", metadata.string, "init", vendor.root.string])
            }

            func refresh() async throws -> CommandResult {
                try await client(["--metadata-url", url + "metadata/", "--metadata-dir", metadata.string, "refresh"])
            }

            func download(_ names: [String]) async throws -> CommandResult {
                try await client(
                    ["--metadata-url", url + "metadata/", "--metadata-dir", metadata.string]
                        + names.flatMap { ["--target-name", $0] }
                        + ["--target-dir", targets.string, "--target-base-url", url + "targets/", "download"])
            }

            func names(in folder: FilePath) throws -> [String] {
                try stage.fileSystem.entries(of: folder).sorted()
            }

            func bytes(_ file: FilePath) throws -> [UInt8] { try stage.fileSystem.read(file, limit: 1 << 20) }
        }

        private func withReader(_ body: (Reader) async throws -> Void) async throws {
            try await withStage { stage in try await body(try await Reader(stage)) }
        }

        @Test("init trusts the root byte for byte without the network; refresh keeps one file per trusted role")
        func refreshes() async throws {
            try await withReader { reader in
                #expect(try await reader.initialise().end == .exited(0))
                #expect(try reader.names(in: reader.metadata) == ["root.json"])
                #expect(
                    try await reader.client([
                        "--metadata-url", reader.url + "metadata", "--metadata-dir", reader.metadata.string, "refresh",
                    ]).end == .exited(0), "the last slash may be left out")
                let root = reader.metadata.appending("root.json")
                #expect(try reader.bytes(root) == reader.bytes(reader.vendor.root))
                let result = try await reader.refresh()
                #expect(result.end == .exited(0), "\(result.errorText)")
                #expect(
                    try reader.names(in: reader.metadata)
                        == ["root.json", "snapshot.json", "targets.json", "timestamp.json"])
                let served = reader.vendor.folder.appending("public").appending("metadata")
                #expect(
                    try reader.bytes(reader.metadata.appending("timestamp.json"))
                        == reader.bytes(served.appending("timestamp.json")))
            }
        }

        @Test("download: the target under its encoded path, nothing else in the folder, and not touched a second time")
        func downloads() async throws {
            try await withReader { reader in
                _ = try await reader.initialise()
                let result = try await reader.download([Reader.channel, "tool/1.0/release.json"])
                #expect(result.end == .exited(0), "\(result.errorText)")
                let encoded = ["tool%2F1.0%2Frelease.json", "tool%2Fchannels%2Fstable.json"]
                #expect(try reader.names(in: reader.targets) == encoded)
                #expect(try reader.names(in: reader.metadata).contains("tool.json"))
                let before = try encoded.map {
                    try reader.stage.fileSystem.attributes(of: reader.targets.appending($0))
                }
                #expect(try await reader.download([Reader.channel, "tool/1.0/release.json"]).end == .exited(0))
                let after = try encoded.map { try reader.stage.fileSystem.attributes(of: reader.targets.appending($0)) }
                #expect(before == after)
            }
        }

        @Test("the first target that cannot be had ends it: those before are there, those after are not; exit code 1")
        func stops() async throws {
            try await withReader { reader in
                _ = try await reader.initialise()
                let result = try await reader.download([
                    Reader.channel, "tool/2.0/release.json", "tool/1.0/release.json",
                ])
                #expect(result.end == .exited(1))
                #expect(result.errorText.contains("tool/2.0/release.json"), "\(result.errorText)")
                #expect(try reader.names(in: reader.targets) == ["tool%2Fchannels%2Fstable.json"])
            }
        }

        @Test("a target that was tampered with is refused and leaves no file: arbitrary installation")
        func tampered() async throws {
            try await withReader { reader in
                _ = try await reader.initialise()
                let folder = reader.vendor.folder.appending("public/targets/tool/channels")
                let name = try #require(try reader.names(in: folder).first)
                var evil = try reader.bytes(folder.appending(name))
                evil[evil.count / 2] ^= 1
                try reader.stage.fileSystem.replace(folder.appending(name), with: evil, permissions: 0o644)
                let result = try await reader.download([Reader.channel])
                #expect(result.end == .exited(1))
                #expect(result.errorText.contains("sha256"), "\(result.errorText)")
                #expect(((try? reader.names(in: reader.targets)) ?? []).isEmpty)
            }
        }

        @Test("whatever goes wrong, the exit code is 1 and the reason is on standard error")
        func failures() async throws {
            try await withReader { reader in
                let noRoot = reader.stage.folder.appending("none.json")
                let cases: [[String]] = [
                    [], ["refresh"], ["--metadata-dir", reader.metadata.string, "polish"],
                    ["--metadata-dir", reader.metadata.string, "init"],
                    [
                        "--metadata-url", reader.url + "metadata/", "--metadata-dir", reader.metadata.string, "refresh",
                        reader.vendor.root.string,
                    ],
                    ["--metadata-dir", reader.metadata.string, "init", noRoot.string],
                    ["--metadata-dir", reader.metadata.string, "refresh"],
                    ["--metadata-url", reader.url, "--metadata-dir", reader.metadata.string, "download"],
                ]
                for arguments in cases {
                    let result = try await reader.client(arguments)
                    #expect(result.end == .exited(1), "\(arguments)")
                    #expect(!result.errorText.isEmpty && result.outputText.isEmpty, "\(arguments)")
                }
                // Not a root: nothing is trusted.
                let notARoot = reader.vendor.folder.appending("public/metadata/timestamp.json")
                let result = try await reader.client([
                    "--metadata-dir", reader.metadata.string, "init", notARoot.string,
                ])
                #expect(result.end == .exited(1))
                #expect(try !reader.stage.fileSystem.exists(reader.metadata.appending("root.json")))
                #expect(try await reader.refresh().end == .exited(1))
            }
        }
    }
}
