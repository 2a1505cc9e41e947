// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Crypto
import Foundation
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Agent

@Suite struct CertificateTests {
    private func load(
        _ folder: TemporaryFolder, own: CertificateFiles? = nil, clock: any WallClock = SystemWallClock()
    ) throws -> ServerCertificate {
        try ServerCertificate.load(
            own: own, folder: folder.path, host: "192.0.2.7", machine: "server", fileSystem: POSIXFileSystem(),
            clock: clock)
    }

    @Test("a certificate is made on the first start and kept; its key is for the owner only")
    func made() throws {
        let folder = try TemporaryFolder()
        let first = try load(folder)
        #expect(first.isSelfMade)
        #expect(first.fingerprint.count == 64)
        #expect(try load(folder).fingerprint == first.fingerprint)
        let key = try POSIXFileSystem().attributes(of: folder / "key.pem")
        #expect(key?.permissions == 0o600)
        let stored = try String(contentsOfFile: (folder / "fingerprint").string, encoding: .utf8)
        #expect(stored == first.fingerprint + "\n")
        let der = try first.chain[0].toDERBytes()
        #expect(Secret.hex(SHA256.hash(data: Data(der))) == first.fingerprint)
        folder.remove()
    }

    @Test("the certificate names the listening address, this machine and localhost, each once")
    func names() {
        let names = ServerCertificate.names(host: "192.0.2.7", machine: "server").map { "\($0)" }
        #expect(names.count == 5)
        #expect(names.contains { $0.contains("server") })
        #expect(ServerCertificate.names(host: "0.0.0.0", machine: "localhost").count == 3)
    }

    @Test("the customer's own certificate is checked: readable, a certificate, its key, its time")
    func own() throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        _ = try load(folder)
        _ = try load(other)
        let files = CertificateFiles(certificate: folder / "certificate.pem", key: folder / "key.pem")
        let own = try load(try TemporaryFolder(), own: files)
        #expect(!own.isSelfMade)

        var wrong = files
        wrong.key = other / "key.pem"
        #expect(throws: ServerCertificate.Fault.keyDoesNotFit) { _ = try load(folder, own: wrong) }
        wrong.key = folder / "certificate.pem"
        #expect(throws: ServerCertificate.Fault.notAKey(wrong.key)) { _ = try load(folder, own: wrong) }
        wrong = CertificateFiles(certificate: folder / "fingerprint", key: files.key)
        #expect(throws: ServerCertificate.Fault.notACertificate(wrong.certificate)) {
            _ = try load(folder, own: wrong)
        }
        wrong.certificate = folder / "absent"
        #expect(throws: ServerCertificate.Fault.unreadable(wrong.certificate)) { _ = try load(folder, own: wrong) }
        let late = ManualClock(now: Date().addingTimeInterval(ServerCertificate.lifetime + 86400))
        #expect(throws: ServerCertificate.Fault.self) { _ = try load(folder, own: files, clock: late) }
        folder.remove()
        other.remove()
    }

    @Test("a certificate that cannot be used is explained in words, at the file that is wrong")
    func words() async throws {
        let folder = try TemporaryFolder()
        _ = try load(folder)
        let faults: [ServerCertificate.Fault] = [
            .unreadable("/a"), .notACertificate("/a"), .notAKey("/a"), .keyDoesNotFit, .expired("/a", Date()),
        ]
        for fault in faults {
            let failure = Catalogue.failure(
                .certificateUnusable, ["path": "/a", "reason": fault.reason], language: .english)
            #expect(failure.happened.contains(fault.reason))
            #expect(!fault.reason.contains("("))
        }
        let files = CertificateFiles(certificate: folder / "certificate.pem", key: folder / "absent")
        let configuration = AgentConfiguration(
            listen: ListenAddress(host: "127.0.0.1", port: 0), state: folder / "state", tls: files, scryptCost: 2)
        let failure = await #expect(throws: StartFailure.self) {
            try await AgentService(configuration: configuration, logger: TestAgent.quiet).run { _ in }
        }
        #expect(failure?.failure.happened.contains("absent") == true)
        #expect(failure?.failure.happened.contains("unreadable(") == false)
        folder.remove()
    }
}
