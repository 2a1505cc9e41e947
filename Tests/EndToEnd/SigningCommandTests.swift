// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Stage
import SystemPackage
import TUF
import Testing

extension EndToEnd {
    @Suite("Keys on the command line")
    struct SigningCommandTests {
        private struct Place {
            let stage: Stage
            let vendor: Vendor
            let passphrase: FilePath

            init(_ stage: Stage) throws {
                self.stage = stage
                vendor = Vendor(stage: stage)
                passphrase = stage.folder.appending("passphrase")
                try stage.fileSystem.replace(passphrase, with: Array("correct horse\n".utf8), permissions: 0o600)
            }

            func run(_ arguments: [String]) async throws -> CommandResult {
                try await stage.run([stage.executables.ricambioRepo.string] + arguments)
            }

            /// With the repository's folder after the command.
            func repo(_ command: [String], _ rest: String...) async throws -> CommandResult {
                try await run(command + [vendor.folder.string] + rest)
            }

            /// The reader's word: exit 0 of a TUF client that has the first root only.
            func isReadable() async throws -> Bool {
                let server = try await vendor.serve()
                let home = stage.folder.appending("reader-\(UInt32.random(in: 0 ... .max))")
                let client = stage.executables.tufClient.string
                try await stage.succeed([client, "--metadata-dir", home.string, "init", vendor.root.string])
                let result = try await stage.run([
                    client, "--metadata-url", server.url + "metadata/", "--metadata-dir", home.string, "refresh",
                ])
                _ = try await server.process.stop()
                return result.end == .exited(0)
            }
        }

        @Test("Two people at home sign a new root on files they carry, with encrypted keys; then it is published")
        func carriedRoot() async throws {
            try await withStage { stage in
                let place = try Place(stage)
                let (files, keys) = (stage.fileSystem, place.vendor.folder.appending("keys"))
                try await place.vendor.initialise(options: ["--passphrase-file", place.passphrase.string])
                let home = stage.folder.appending("home")
                try files.makeDirectories(home)
                for name in ["root-1.pem", "root-2.pem", "root-3.pem"] {
                    try files.rename(keys.appending(name), to: home.appending(name))
                }
                let rotated = try await place.repo(["rotate"], "timestamp")
                #expect(rotated.end == .exited(8) && rotated.errorText.contains("pending"), "\(rotated.errorText)")
                #expect(try await place.isReadable())

                let carried = home.appending("root.json")
                try files.copyFile(place.vendor.folder.appending("pending/root.json"), to: carried)
                func sign(_ key: String, passphrase: FilePath) async throws -> CommandResult {
                    try await place.run([
                        "sign", carried.string, "--key", home.appending(key).string, "--yes", "--passphrase-file",
                        passphrase.string, "--previous", place.vendor.root.string,
                    ])
                }
                let wrong = stage.folder.appending("wrong")
                try files.replace(wrong, with: Array("wrong".utf8), permissions: 0o600)
                let refused = try await sign("root-1.pem", passphrase: wrong)
                #expect(refused.end == .exited(6) && refused.errorText.contains("passphrase"), "\(refused.errorText)")
                let first = try await sign("root-1.pem", passphrase: place.passphrase)
                #expect(first.end == .exited(0) && first.outputText.contains("key taken away"), "\(first.errorText)")
                let early = try await place.repo(["commit"], carried.string)
                #expect(early.end == .exited(8) && early.errorText.contains("1 of 2"), "\(early.errorText)")
                let status = try await place.repo(["status"])
                #expect(status.outputText.contains("signed") && status.outputText.contains("missing"))
                #expect(try await sign("root-3.pem", passphrase: place.passphrase).end == .exited(0))
                let done = try await place.repo(["commit"], carried.string)
                #expect(done.end == .exited(0) && done.outputText.contains("root version 2"), "\(done.errorText)")
                #expect(try await place.isReadable())
                #expect(try await place.repo(["status"]).outputText.contains("nothing waits"))
            }
        }

        @Test("refresh from cron needs no passphrase, keeps quiet, and warns of what expires elsewhere")
        func cron() async throws {
            try await withStage { stage in
                let place = try Place(stage)
                try await place.vendor.initialise(options: ["--passphrase-file", place.passphrase.string])
                let quiet = try await place.repo(["refresh", "--quiet"])
                #expect(quiet.end == .exited(0) && quiet.outputText.isEmpty && quiet.errorText.isEmpty)
                #expect(try await place.isReadable())
                try await stage.succeed(
                    [stage.executables.ricambioRepo.string, "rotate", place.vendor.folder.string, "root"]
                        + ["--expires-days", "10", "--passphrase-file", place.passphrase.string])
                let warned = try await place.repo(["refresh", "--quiet"])
                #expect(warned.end == .exited(0) && warned.errorText.contains("root expires"), "\(warned.errorText)")
            }
        }

        @Test("Keys of other tools and of a signing command are taken over, and listed with their roles")
        func keys() async throws {
            try await withStage { stage in
                let place = try Place(stage)
                try await place.vendor.initialise()
                let (key, script) = (stage.folder.appending("rsa.pem"), stage.folder.appending("hsm"))
                try await stage.succeed(["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-out", key.string])
                try await stage.succeed([
                    "openssl", "pkey", "-in", key.string, "-pubout", "-out", key.string + ".pub",
                ])
                let body = """
                    #!/bin/sh
                    openssl dgst -sha256 -sign \(key) -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 | base64
                    """
                try stage.fileSystem.replace(script, with: Array(body.utf8), permissions: 0o755)
                let external = try await place.run([
                    "key", "external", place.vendor.folder.string, "hsm", "--public", key.string + ".pub", "--",
                    script.string,
                ])
                #expect(external.end == .exited(0), "\(external.errorText)")
                #expect(
                    try await place.repo(["rotate"], "targets", "--add", "hsm", "--threshold", "2").end == .exited(0))
                #expect(try await place.isReadable())
                let list = try await place.repo(["key", "list"], "--json")
                let entries = try JSONValue(parsing: list.output)["keys"]?.arrayValue ?? []
                let hsm = try #require(entries.first { $0["name"] == "hsm" })
                #expect(hsm["kind"] == "external" && hsm["roles"] == ["targets"], "\(list.outputText)")
            }
        }
    }
}
