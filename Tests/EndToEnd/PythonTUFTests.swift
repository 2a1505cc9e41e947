// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Stage
import SystemPackage
import TUF
import Testing

extension EndToEnd {
    /// Another implementation decides: python-tuf reads what is written here, and writes what is read here.
    @Suite("python-tuf")
    struct PythonTUFTests {
        private static let folder = FilePath(#filePath).removingLastComponent().appending("python")

        private func python(_ stage: Stage, _ script: String, _ arguments: [String]) async throws -> CommandResult {
            let root = Self.folder.removingLastComponent().removingLastComponent().removingLastComponent()
            let python =
                ProcessInfo.processInfo.environment["RICAMBIO_TEST_PYTHON"]
                ?? root.pushing(".venv/bin/python").string
            guard FileManager.default.isExecutableFile(atPath: python) else {
                throw StageError(
                    "There is no \(python): run “make bootstrap”, or “make test”, which does it by itself.")
            }
            return try await stage.succeed([python, Self.folder.appending(script).string] + arguments, timeout: 180)
        }

        @Test("python-tuf reads a repository of ours, and the next release from the copies it has")
        func readsOurs() async throws {
            try await withStage { stage in
                let (vendor, files) = (Vendor(stage: stage), stage.fileSystem)
                try await vendor.initialise()
                let url = try await vendor.serve().url
                for version in ["1.0", "2.0"] {
                    let folder = stage.folder.appending("release-\(version)")
                    try ScriptApplication(version: version).write(to: folder, fileSystem: files)
                    try await vendor.publish("tool", version, server: folder, options: ["--level", "1"])
                    let names = ["tool/channels/stable.json", "tool/\(version)/release.json"]
                    let result = try await python(
                        stage, "read_repository.py",
                        [vendor.root.string, url, stage.folder.appending("reader").string] + names)
                    let paths = result.outputText.split(separator: "\n")
                    #expect(paths.count == 2)
                    for path in paths {
                        let text = String(
                            decoding: try files.read(FilePath(String(path)), limit: 1 << 20), as: UTF8.self)
                        #expect(text.contains("\"\(version)\""), "\(path): \(text)")
                    }
                }
            }
        }

        @Test(
            "python-tuf follows our rotated keys and changed thresholds, from the first root and from the copies it has"
        )
        func followsOurs() async throws {
            try await withStage { stage in
                let (vendor, files) = (Vendor(stage: stage), stage.fileSystem)
                try await vendor.initialise(options: ["--root-keys", "2", "--root-threshold", "1"])
                let url = try await vendor.serve().url
                let folder = stage.folder.appending("release-1.0")
                try ScriptApplication(version: "1.0").write(to: folder, fileSystem: files)
                try await vendor.publish("tool", "1.0", server: folder, options: ["--level", "1"])
                func read(_ reader: String) async throws -> String {
                    try await python(
                        stage, "read_repository.py",
                        [vendor.root.string, url, stage.folder.appending(reader).string, "tool/1.0/release.json"]
                    ).outputText
                }
                _ = try await read("old reader")
                let repo = stage.executables.ricambioRepo.string
                try await stage.succeed([repo, "key", "generate", vendor.folder.string, "more", "--scheme", "ecdsa"])
                for change in [
                    ["root", "--threshold", "2"], ["root", "--add", "more", "--threshold", "3"], ["timestamp"],
                    ["snapshot"], ["targets", "--add", "more", "--threshold", "2"], ["tool"],
                ] {
                    try await stage.succeed([repo, "rotate", vendor.folder.string] + change)
                    for reader in ["old reader", "reader after \(change.joined(separator: " "))"] {
                        #expect(try await read(reader).contains("release.json"), "\(reader)")
                    }
                }
                let root = try files.read(stage.folder.appending("old reader/metadata/root.json"), limit: 1 << 20)
                #expect(try JSONValue(parsing: root)["signed"]?["version"] == 6)
            }
        }

        @Test("python-tuf finds targets in our hash bins, in both ways to write them", arguments: [true, false])
        func hashBins(succinct: Bool) async throws {
            try await withStage { stage in
                let folder = stage.folder.appending("bins")
                let repository = HashBinRepository(folder: folder, fileSystem: stage.fileSystem)
                let names = (1...12).map { "folder/file \($0)" }
                try repository.write(names, succinct: succinct)
                let server = try await stage.start(
                    "vendor", [stage.executables.ricambioRepo.string, "serve", folder.string, "--port", "0"])
                let url = try await server.line(after: "serving \(folder) at ")
                let result = try await python(
                    stage, "read_repository.py",
                    [
                        folder.appending("public/metadata/1.root.json").string, url,
                        stage.folder.appending("reader").string,
                    ]
                        + names)
                let paths = result.outputText.split(separator: "\n").map { FilePath(String($0)) }
                #expect(
                    try paths.map { String(decoding: try stage.fileSystem.read($0, limit: 100), as: UTF8.self) }
                        == names)
            }
        }

        /// A client with the root that all repositories of python-tuf's have in common.
        private struct Client {
            let stage: Stage
            let repositories: FilePath
            let name: String

            static let names = ["top level.txt", "bins/in a bin.txt", "prefixed.txt"]

            func run(_ repository: String, _ targets: [String]) async throws -> CommandResult {
                let (executables, home) = (stage.executables, stage.folder.appending(name))
                let served = repositories.appending(repository)
                let server = try await stage.start(
                    "vendor", [executables.ricambioRepo.string, "serve", served.string, "--port", "0"])
                let url = try await server.line(after: "serving \(served) at ")
                let metadata = home.appending("metadata")
                if try !stage.fileSystem.exists(metadata) {
                    try await stage.succeed([
                        executables.tufClient.string, "--metadata-dir", metadata.string, "init",
                        repositories.appending("root.json").string,
                    ])
                }
                let result = try await stage.run(
                    [executables.tufClient.string, "--metadata-url", url + "metadata/"]
                        + ["--metadata-dir", metadata.string, "--target-dir", home.appending("targets").string]
                        + ["--target-base-url", url + "targets/"] + targets.flatMap { ["--target-name", $0] }
                        + ["download"])
                _ = try await server.stop()
                return result
            }

            func trusted() throws -> [String] {
                try stage.fileSystem.entries(of: stage.folder.appending(name).appending("metadata")).sorted()
            }

            func content(_ file: String) throws -> String {
                let path = stage.folder.appending(name).appending("targets").appending(file)
                return String(decoding: try stage.fileSystem.read(path, limit: 1000), as: UTF8.self)
            }
        }

        @Test(
            "tuf-client reads python-tuf's: RSA, ECDSA, ed25519, a rotated root, hash bins, with and without snapshots")
        func readsTheirs() async throws {
            try await withStage { stage in
                let repositories = stage.folder.appending("theirs")
                _ = try await python(stage, "write_repository.py", [repositories.string, "good", "plain", "older"])
                for name in ["good", "plain"] {
                    let client = Client(stage: stage, repositories: repositories, name: "client-\(name)")
                    let result = try await client.run(name, Client.names)
                    #expect(result.end == .exited(0), "\(name): \(result.errorText)")
                    #expect(try client.content("top%20level.txt") == "the content of top level.txt")
                    #expect(try client.content("bins%2Fin%20a%20bin.txt") == "the content of bins/in a bin.txt")
                    #expect(try client.content("prefixed.txt") == "the content of prefixed.txt")
                    #expect(try client.trusted().contains("all%20bins.json"))
                    let odd = try await client.run(name, ["odd/ä 100% [1]%2F.txt"])
                    #expect(odd.end == .exited(0), "\(odd.errorText)")
                    // The role that lists it comes after a terminating one, which speaks for the path and is silent.
                    let silent = try await client.run(name, ["bins/only last has it.txt"])
                    #expect(silent.end == .exited(1) && silent.errorText.contains("lists it"), "\(silent.errorText)")
                    // Odd names of roles are quoted in addresses and in file names.
                    #expect(try await client.run(name, ["nobody"]).end == .exited(1))
                    #expect(try client.trusted().contains("odd%20%3Flast%23.json"))
                    let older = try await client.run("older", Client.names)
                    #expect(
                        older.end == .exited(1) && older.errorText.contains("older"), "rollback: \(older.errorText)")
                }
            }
        }

        @Test(
            "tuf-client refuses what python-tuf wrote wrongly: freeze, arbitrary installation, mix-and-match, endless data"
        )
        func refusesTheirs() async throws {
            try await withStage { stage in
                let repositories = stage.folder.appending("theirs")
                let cases = [
                    ("expired", "expired", ["root.json"]), ("unsigned", "signed by 0", ["root.json"]),
                    ("mixed", "the snapshot says 9", ["root.json", "snapshot.json", "timestamp.json"]),
                    ("endless", "longer than", ["root.json", "snapshot.json", "timestamp.json"]),
                ]
                _ = try await python(stage, "write_repository.py", [repositories.string] + cases.map(\.0) + ["next"])
                for (name, reason, trusted) in cases {
                    let client = Client(stage: stage, repositories: repositories, name: "client-\(name)")
                    let result = try await client.run(name, Client.names)
                    #expect(
                        result.end == .exited(1) && result.errorText.contains(reason), "\(name): \(result.errorText)")
                    #expect(try client.trusted() == trusted, "\(name)")
                    // What it keeps is valid: the vendor's next release is read with it, unless that went back behind the snapshot.
                    if name == "mixed" { continue }
                    #expect(try await client.run("next", Client.names).end == .exited(0), "after \(name)")
                }
            }
        }
    }
}
