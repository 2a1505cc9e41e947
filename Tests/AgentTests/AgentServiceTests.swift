// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import AsyncHTTPClient
import Foundation
import NIOCore
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Agent

/// The agent as a whole, on real TLS and a real state folder.
@Suite struct AgentServiceTests {
    private func configuration(_ folder: TemporaryFolder) -> AgentConfiguration {
        AgentConfiguration(
            listen: ListenAddress(host: "127.0.0.1", port: 0), state: folder / "state", scryptCost: 2)
    }

    /// Runs an agent while `work` does its part, then ends it.
    private func running(
        _ configuration: AgentConfiguration, _ work: @escaping @Sendable (AgentReady, HTTPClient) async throws -> Void
    ) async throws {
        let (ready, continuation) = AsyncStream.makeStream(of: AgentReady.self)
        let agent = Task {
            defer { continuation.finish() }
            try await AgentService(configuration: configuration, logger: TestAgent.quiet).run {
                continuation.yield($0)
            }
        }
        guard let known = await ready.first(where: { _ in true }) else { return try await agent.value }
        var tls = HTTPClient.Configuration()
        tls.tlsConfiguration = .makeClientConfiguration()
        // Trusts exactly the certificate that the agent has made, name and all.
        tls.tlsConfiguration?.trustRoots = .file(configuration.state.appending("tls/certificate.pem").string)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: tls)
        do {
            try await work(known, client)
        } catch {
            agent.cancel()
            _ = await agent.result
            try await client.shutdown()
            throw error
        }
        agent.cancel()
        _ = await agent.result
        try await client.shutdown()
    }

    private func failure(_ configuration: AgentConfiguration) async -> StartFailure? {
        do {
            try await AgentService(configuration: configuration, logger: TestAgent.quiet).run { _ in }
            return nil
        } catch {
            return error as? StartFailure
        }
    }

    @Test("the agent says where it is, its fingerprint, and the first password once; it answers on TLS it made itself")
    func starts() async throws {
        let folder = try TemporaryFolder()
        let configuration = configuration(folder)
        try await running(configuration) { ready, client in
            #expect(ready.lines.count == 3)
            #expect(ready.lines[0].hasPrefix("ricambio agent ready: https://127.0.0.1:"))
            #expect(ready.lines[1] == "certificate fingerprint: \(ready.fingerprint)")
            let health = try await client.execute(
                HTTPClientRequest(url: ready.url + "/v1/health"), timeout: .seconds(10))
            #expect(health.status == .ok)
            let password = try #require(ready.oneTimePassword)
            var login = HTTPClientRequest(url: ready.url + "/v1/login")
            login.method = .POST
            login.body = .bytes(
                ByteBuffer(
                    bytes: try APIJSON.encode(
                        LoginRequest(user: "admin", password: password, newPassword: "a good password"))))
            #expect(try await client.execute(login, timeout: .seconds(30)).status == .ok)
        }
        try await running(configuration) { ready, _ in
            #expect(ready.oneTimePassword == nil)
            #expect(ready.lines.count == 2)
        }
        let permissions = try POSIXFileSystem().attributes(of: configuration.state)?.permissions
        #expect(permissions == 0o700)
        folder.remove()
    }

    @Test("a port that is taken is named, with what to do")
    func portInUse() async throws {
        let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
        let other = configuration(second)
        try await running(configuration(first)) { ready, _ in
            var taken = other
            taken.listen.port = try #require(URL(string: ready.url)?.port)
            let failure = await failure(taken)
            #expect(failure?.failure.code == "port-in-use")
            #expect(failure?.failure.happened.contains("\(taken.listen.port)") ?? false)
            #expect(failure?.exitCode == 1)
        }
        first.remove()
        second.remove()
    }

    @Test("two agents never share a state folder")
    func locked() async throws {
        let folder = try TemporaryFolder()
        let configuration = configuration(folder)
        try await running(configuration) { _, _ in
            #expect(await failure(configuration)?.failure.code == "locked")
        }
        folder.remove()
    }

    @Test(
        "a state folder that cannot be made, a certificate that cannot be used, a root that is absent: three sentences")
    func refusals() async throws {
        let folder = try TemporaryFolder()
        try Data("a file".utf8).write(to: URL(fileURLWithPath: (folder / "file").string))
        var wrong = configuration(folder)
        wrong.state = (folder / "file").appending("state")
        #expect(await failure(wrong)?.failure.code == "state-folder-unusable")

        wrong = configuration(folder)
        wrong.tls = CertificateFiles(certificate: folder / "file", key: folder / "file")
        #expect(await failure(wrong)?.failure.code == "certificate-unusable")

        wrong = configuration(folder)
        wrong.installations = [
            InstallationConfiguration(
                id: "om", product: "om", platform: "linux-x86_64", folder: folder / "om",
                repositoryURL: "http://127.0.0.1:1/", trustedRoot: folder / "absent.json", service: .none,
                health: .init(probe: .none, expectVersion: false))
        ]
        let failure = await failure(wrong)
        #expect(failure?.failure.code == "root-unusable")
        for sentence in [failure?.failure.happened, failure?.failure.state, failure?.failure.remedy] {
            #expect(sentence?.isEmpty == false)
        }
        folder.remove()
    }

    @Test("JSON log lines stay lines, and metadata cannot forge their own fields")
    func jsonLog() throws {
        let handler = AgentLogHandler(label: "ricambio", format: .json, logLevel: .info) { _ in }
        let line = handler.line("now", .info, "a\nb", ["message": "forged", "run": "1"])
        #expect(!line.contains("\n"))
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
        #expect(object?["message"] == "a\nb" && object?["field.message"] == "forged" && object?["run"] == "1")
        let console = AgentLogHandler(label: "ricambio", format: .console, logLevel: .info) { _ in }
        #expect(!console.line("now", .info, "a\nb", ["x": "c\nd"]).contains("\n"))
    }

    @Test("an expected version is found as a word of its own")
    func versions() {
        #expect(InstallationHealth.version(in: "tool v2.0 (linux)", expecting: "2.0") == "2.0")
        #expect(InstallationHealth.version(in: "Version 2.0.", expecting: "2.0") == "2.0")
        #expect(InstallationHealth.version(in: "12.0.1\n", expecting: "2.0") == "12.0.1")
        #expect(InstallationHealth.version(in: "", expecting: "2.0") == nil)
    }
}
