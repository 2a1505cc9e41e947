// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import SystemPackage
import TUF
import TestServers
import TestSupport
import Testing

@testable import RicambioClient

@Suite("An agent is who it must be, or nothing is sent to it")
struct AgentTrustTests {
    /// How making a connection fails; `nil` when it does not.
    private func connecting(_ url: String, _ trust: AgentTrust) async -> ClientError.Code? {
        do throws(ClientError) {
            let connection = try await AgentConnection(url: url, trust: trust, token: nil)
            await connection.shutdown()
            return nil
        } catch {
            return error.code
        }
    }

    /// The whole of it, as an administrator meets it.
    private func error(_ url: String, _ trust: AgentTrust) async -> ClientError? {
        do throws(ClientError) {
            let connection = try await AgentConnection(url: url, trust: trust, token: "secret")
            do throws(ClientError) {
                try await connection.reach()
            } catch {
                await connection.shutdown()
                throw error
            }
            await connection.shutdown()
            return nil
        } catch {
            return error
        }
    }

    @Test("Whoever is not trusted is shown by the fingerprint to compare, in a person's words, and is sent nothing")
    func presented() async throws {
        let certificate = try TestCertificate()
        let fingerprint = try certificate.fingerprint()
        try await ScriptedServer.run(certificates: [certificate], handler: emptyList) { server in
            let unknown = await error(server.url, .system)
            #expect(unknown?.presented == PresentedCertificate(fingerprint: fingerprint, differsFromPinned: false))
            #expect(unknown?.agent == server.url)
            let other = await error(server.url, .fingerprint(String(repeating: "ab", count: 32)))
            #expect(other?.presented == PresentedCertificate(fingerprint: fingerprint, differsFromPinned: true))
            for reason in [unknown?.reason, other?.reason] { expectPlain(reason) }
            #expect(server.requests.isEmpty)
            #expect(await error(server.url, .fingerprint(fingerprint)) == nil)
            #expect(server.requests.map { $0.headers["authorization"] } == [nil], "the token is not needed for that")
        }
    }

    @Test("Why there is no connection is said in a person's words, not in a library's")
    func plainWords() async throws {
        let pin = AgentTrust.fingerprint(String(repeating: "ab", count: 32))
        let port = try await ScriptedServer.run(handler: { _, writer in try await writer.write("hello") }) { server in
            for trust in [pin, .system] {
                let plain = await error("https://127.0.0.1:\(server.port)", trust)
                #expect(plain?.code == .unreachable)
                expectPlain(plain?.reason)
            }
            let hello = await error(server.url, .system)
            #expect(hello?.code == .unreachable)
            expectPlain(hello?.reason)
            return server.port
        }
        for trust in [pin, .system] {
            let nobody = await error("https://127.0.0.1:\(port)", trust)
            #expect(nobody?.cause == "no connection: nobody answers at this address")
            expectPlain(nobody?.reason)
        }
        let unknown = await error("https://agent.invalid", .system)
        #expect(unknown?.cause == "no machine of this name is known")
        let file = await error("https://127.0.0.1:1", .certificateAuthority("/absent.pem"))
        expectPlain(file?.reason)
    }

    /// How an administrator's request fails; `nil` when it does not.
    private func refusal(_ server: ScriptedServer, _ trust: AgentTrust) async -> ClientError.Code? {
        do throws(ClientError) {
            let connection = try await AgentConnection(url: server.url, trust: trust, token: "secret")
            _ = try await Administration(connection).installations()
            await connection.shutdown()
            return nil
        } catch {
            return error.code
        }
    }

    private let emptyList: ScriptedServer.Handler = { _, writer in try await writer.json("[]") }

    @Test("The pinned certificate is accepted, however its fingerprint is written")
    func pinned() async throws {
        let certificate = try TestCertificate()
        let plain = try certificate.fingerprint()
        let pairs = stride(from: 0, to: 64, by: 2).map { plain.uppercased().dropFirst($0).prefix(2) }
        try await ScriptedServer.run(certificates: [certificate], handler: emptyList) { server in
            #expect(await refusal(server, .fingerprint(plain)) == nil)
            #expect(await refusal(server, .fingerprint(pairs.joined(separator: ":"))) == nil)
            #expect(server.requests.map { $0.headers["authorization"] } == ["Bearer secret", "Bearer secret"])
        }
    }

    @Test("Another certificate than the pinned one is refused before anything is sent")
    func impostor() async throws {
        let (agent, impostor) = (try TestCertificate(), try TestCertificate())
        let fingerprint = try agent.fingerprint()
        try await ScriptedServer.run(certificates: [impostor], handler: emptyList) { server in
            #expect(await refusal(server, .fingerprint(fingerprint)) == .untrustedAgent)
            #expect(server.requests.isEmpty)
        }
    }

    @Test("An impostor that lets the first look pass to the agent gets nothing on the next connection")
    func impostorAfterTheFirstLook() async throws {
        let (agent, impostor) = (try TestCertificate(), try TestCertificate())
        let fingerprint = try agent.fingerprint()
        try await ScriptedServer.run(certificates: [agent, impostor], handler: emptyList) { server in
            #expect(await refusal(server, .fingerprint(fingerprint)) == .untrustedAgent)
            #expect(server.requests.isEmpty)
        }
    }

    @Test("A self-made certificate is not trusted by the system's authorities")
    func system() async throws {
        try await ScriptedServer.run(certificates: [try TestCertificate()], handler: emptyList) { server in
            #expect(await refusal(server, .system) == .untrustedAgent)
            #expect(server.requests.isEmpty)
        }
    }

    @Test("A customer's own authority is trusted from its file, and only it")
    func authority() async throws {
        let (own, other) = (try TestCertificate(), try TestCertificate())
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = folder / "ca.pem"
        try own.pem().write(toFile: file.string, atomically: true, encoding: .utf8)
        try await ScriptedServer.run(certificates: [own], handler: emptyList) { server in
            #expect(await refusal(server, .certificateAuthority(file)) == nil)
        }
        try await ScriptedServer.run(certificates: [other], handler: emptyList) { server in
            #expect(await refusal(server, .certificateAuthority(file)) == .untrustedAgent)
        }
        #expect(
            await connecting("https://127.0.0.1:1", .certificateAuthority(folder / "absent.pem")) == .untrustedAgent)
    }

    @Test(
        "A certificate of an authority is taken by the authority; its fingerprint is refused with the way out",
        arguments: [true, false])
    func issued(presentingIssuer: Bool) async throws {
        let authority = try TestCertificate()
        let agent = try TestCertificate(issuedBy: authority, presentingIssuer: presentingIssuer)
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = folder / "ca.pem"
        try authority.pem().write(toFile: file.string, atomically: true, encoding: .utf8)
        let fingerprint = try agent.fingerprint()
        try await ScriptedServer.run(certificates: [agent], handler: emptyList) { server in
            #expect(await refusal(server, .certificateAuthority(file)) == nil)
            let error = await #expect(throws: ClientError.self) {
                try await AgentConnection(url: server.url, trust: .fingerprint(fingerprint), token: "secret")
            }
            #expect(error?.code == .untrustedAgent)
            #expect(error?.reason.contains("authority has issued it") == true)
            #expect(server.requests.count == 1)
        }
    }

    @Test("A server that speaks no TLS, or nobody at all, is unreachable, not trusted")
    func noTLS() async throws {
        let pin = AgentTrust.fingerprint(String(repeating: "ab", count: 32))
        let port = try await ScriptedServer.run(handler: { _, writer in try await writer.write("hello") }) { server in
            #expect(await connecting("https://127.0.0.1:\(server.port)", pin) == .unreachable)
            return server.port
        }
        #expect(await connecting("https://127.0.0.1:\(port)", pin) == .unreachable)
    }

    @Test(
        "A token never crosses the network in the clear, and an address must be one",
        arguments: [
            "http://agent.example.com:8443", "http://127.example.com", "ftp://127.0.0.1", "127.0.0.1:8443", "",
            "https://", "https://user@agent", "https://agent/?x=1", "https://agent/#x",
        ])
    func addresses(url: String) async {
        #expect(await connecting(url, .system) == .invalidAddress)
    }

    @Test(
        "A fingerprint of another length or alphabet is refused",
        arguments: ["", "ab", String(repeating: "g", count: 64), String(repeating: "a", count: 63)])
    func badFingerprints(text: String) async {
        #expect(await connecting("https://127.0.0.1:1", .fingerprint(text)) == .untrustedAgent)
    }

    @Test("Fingerprints are equal in all bytes or not at all")
    func comparison() throws {
        let fingerprint = try #require(Fingerprint(String(repeating: "0f", count: 32)))
        let same = [UInt8](repeating: 0x0F, count: 32)
        #expect(fingerprint.matches(same))
        for index in 0..<32 {
            var other = same
            other[index] ^= 1
            #expect(!fingerprint.matches(other))
        }
        #expect(!fingerprint.matches(same.dropLast()))
        #expect(!fingerprint.matches(same + [0]))
    }

    @Test("The mirror is fetched with the pinned certificate and the ticket")
    func mirror() async throws {
        let certificate = try TestCertificate()
        let fingerprint = try certificate.fingerprint()
        try await ScriptedServer.run(certificates: [certificate]) { request, writer in
            try await writer.respond("200 OK", body: request.target)
        } _: { server in
            let session = WorkstationSession(
                ticket: SessionTicket(session: "s", ticket: "secret", agentURL: server.url, fingerprint: fingerprint))
            let fetcher = try await session.mirror()
            let bytes = try await fetcher.bytes(server.url + "/v1/mirror/x/metadata/timestamp.json", limit: 1000)
            #expect(String(decoding: bytes, as: UTF8.self) == "/v1/mirror/x/metadata/timestamp.json")
            #expect(server.requests.map { $0.headers["authorization"] } == ["Bearer secret"])
            await fetcher.shutdown()
            await session.shutdown()
        }
    }
}
