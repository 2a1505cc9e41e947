// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Stage
import SystemPackage
import TUF
import Testing

extension EndToEnd {
    /// A real S3 API server (moto) between the vendor and everybody else.
    @Suite("A repository in an object store")
    struct ObjectStoreTests {
        private static let environment = ["AWS_ACCESS_KEY_ID": "ID", "AWS_SECRET_ACCESS_KEY": "secret"]

        /// The store's address, with one bucket in it.
        private func store(_ stage: Stage) async throws -> String {
            let root = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
            let python =
                ProcessInfo.processInfo.environment["RICAMBIO_TEST_PYTHON"].map { FilePath($0) }
                ?? root.pushing(".venv/bin/python")
            let server = python.removingLastComponent().appending("moto_server")
            guard FileManager.default.isExecutableFile(atPath: server.string) else {
                throw StageError(
                    "There is no \(server): run “make bootstrap”, or “make test”, which does it by itself.")
            }
            let process = try await stage.start(
                "store", [server.string, "-H", "127.0.0.1", "-p", "0"], environment: ["PYTHONUNBUFFERED": "1"])
            let url = try await process.line(after: " * Running on ")
            try await stage.succeed([
                "curl", "-sS", "--fail", "-X", "PUT", "-H", "x-amz-acl: public-read", "\(url)/releases",
            ])
            return url
        }

        private func repo(_ stage: Stage, _ arguments: [String], _ environment: [String: String] = environment)
            async throws -> CommandResult
        {
            try await stage.run(
                [stage.executables.ricambioRepo.string] + arguments, environment: environment, timeout: 120)
        }

        @Test("A release goes straight to an S3 API server, and a customer installs it from there")
        func published() async throws {
            try await withStage { stage in
                let vendor = Vendor(stage: stage)
                try await vendor.initialise()
                let url = try await store(stage)
                let source = stage.folder.appending("release")
                try ScriptApplication(version: "1.0").write(to: source, fileSystem: stage.fileSystem)
                let to = ["--to", "s3://releases/tools", "--endpoint", url]
                let published = try await repo(
                    stage,
                    ["publish", vendor.folder.string, "tool", "1.0", "--server", "\(Platform.current)=\(source)"] + to)
                #expect(published.end == .exited(0), "\(published.errorText)")
                #expect(published.outputText.contains("\(url)/releases/tools/"))

                let verified = try await repo(
                    stage, ["verify", "\(url)/releases/tools/", "--root", vendor.root.string, "--deep"])
                #expect(verified.end == .exited(0), "\(verified.outputText)")
                let customer = try Customer(stage: stage)
                let installed = try await customer.ricambio([
                    "install", "--repository", "\(url)/releases/tools", "--root", vendor.root.string, "--product",
                    "tool", "--folder", stage.folder.appending("installed").string,
                ])
                #expect(installed.end == .exited(0), "\(installed.errorText)")

                let refreshed = try await repo(stage, ["refresh", vendor.folder.string])
                #expect(refreshed.end == .exited(0))
                let dry = try await repo(stage, ["sync", vendor.folder.string, "--dry-run"] + to)
                #expect(dry.outputText.contains("would write metadata/timestamp.json"))
                let synced = try await repo(stage, ["sync", vendor.folder.string, "--json"] + to)
                let answer = try JSONValue(parsing: synced.output)
                #expect(answer["written"]?.arrayValue?.last == "metadata/timestamp.json", "\(synced.outputText)")
                #expect(answer["timestamp"]?.integerValue ?? 0 > 1)
            }
        }

        @Test("Missing credentials, an address that is none, no such bucket: each is said, and what is published stays")
        func refused() async throws {
            try await withStage { stage in
                let vendor = Vendor(stage: stage)
                try await vendor.initialise()
                let url = try await store(stage)
                let source = stage.folder.appending("release")
                try ScriptApplication(version: "1.0").write(to: source, fileSystem: stage.fileSystem)
                let publish = [
                    "publish", vendor.folder.string, "tool", "1.0", "--server", "\(Platform.current)=\(source)",
                ]
                let nobody = try await repo(stage, publish + ["--to", "s3://releases", "--endpoint", url], [:])
                #expect(nobody.end == .exited(2) && nobody.errorText.contains("AWS_ACCESS_KEY_ID"))
                let wrong = try await repo(stage, publish + ["--to", "releases", "--endpoint", url])
                #expect(wrong.end == .exited(2) && wrong.errorText.contains("s3://bucket"), "\(wrong.errorText)")
                let shown = try await repo(stage, ["show", vendor.folder.string])
                #expect(shown.outputText.contains("no product yet"), "nothing was published")

                let absent = try await repo(stage, publish + ["--to", "s3://no-such-bucket", "--endpoint", url])
                #expect(absent.end == .exited(5), "\(absent.errorText)")
                #expect(absent.errorText.contains("no such bucket") && absent.errorText.contains("“sync” goes on"))
                #expect(!absent.errorText.contains("secret"))
                let synced = try await repo(
                    stage, ["sync", vendor.folder.string, "--to", "s3://releases", "--endpoint", url])
                #expect(synced.end == .exited(0), "\(synced.errorText)")
            }
        }
    }
}
