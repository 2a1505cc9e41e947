// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Agent

@Suite("Mail through a mail server")
struct SMTPTransportTests {
    private let folder: TemporaryFolder
    private let fileSystem = POSIXFileSystem()

    init() throws { folder = try TemporaryFolder() }

    private func message(to: String = "anna@example.com") throws -> MailMessage {
        MailMessage(
            from: try #require(MailAddress("ricambio@example.com")), to: try #require(MailAddress(to)),
            subject: "OM Büro: aggiornato, è già in funzione — tutto bene con un soggetto molto lungo per una riga",
            body: "Perché no?\n.\n.una riga con un punto\nfine =\n", date: Date(timeIntervalSince1970: 1_795_342_500),
            identifier: "42.ricambio@example.com", language: .italian)
    }

    private func transport(
        port: Int, password: String = MailServer.password, certificate: FilePath?, host: String = "127.0.0.1",
        searchPath: String? = nil
    ) throws -> SMTPTransport {
        let file = folder / "smtp.password"
        try fileSystem.replace(file, with: Array((password + "\n").utf8), permissions: 0o600)
        let settings = SMTPSettings(
            host: host, port: port, security: .starttls, user: MailServer.user, passwordFile: file,
            certificateAuthority: certificate)
        let path = searchPath ?? ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return SMTPTransport(
            settings: settings, spool: folder / "spool", runner: POSIXCommandRunner(), fileSystem: fileSystem,
            searchPath: path)
    }

    @Test("a mail arrives over STARTTLS with a login, and a mail program reads in it what was written")
    func arrives() async throws {
        let server = try await MailServer()
        let message = try message()
        try await transport(port: server.port, certificate: server.certificate).send(message)
        let mail = try #require(try server.mails().first)
        #expect(mail.tls && mail.sender == "ricambio@example.com" && mail.recipients == ["anna@example.com"])
        #expect(mail.headers["subject"] == message.subject)
        #expect(mail.body.replacing("\r\n", with: "\n").trimmingCharacters(in: .newlines) + "\n" == message.body)
        #expect(mail.headers["date"] == "Sun, 22 Nov 2026 10:15:00 +0000")
        #expect(mail.headers["message-id"] == "<42.ricambio@example.com>")
        #expect(mail.headers["content-language"] == "it")
        #expect(mail.defects.isEmpty && mail.ascii && mail.longest <= 78)
        #expect(Set(mail.names).count == mail.names.count)
        // Nothing of it stays behind.
        #expect(try fileSystem.entries(of: folder / "spool").isEmpty)
    }

    @Test("a wrong password is a login failure with the server's words, and worth another try")
    func wrongPassword() async throws {
        let server = try await MailServer()
        let transport = try transport(port: server.port, password: "wrong", certificate: server.certificate)
        let failure = await #expect(throws: MailFailure.self) { try await transport.send(try message()) }
        #expect(failure?.code == .mailLoginFailed && failure?.kind == .transient)
        #expect(failure?.sentences(.english).happened.contains("535") == true)
        #expect(try server.mails().isEmpty)
    }

    @Test("a recipient that the server refuses for ever is not tried again; “later” is")
    func refusedRecipient() async throws {
        let server = try await MailServer()
        let transport = try transport(port: server.port, certificate: server.certificate)
        let never = await #expect(throws: MailFailure.self) {
            try await transport.send(try message(to: "nobody@example.com"))
        }
        #expect(never?.code == .mailRefused && never?.kind == .permanent)
        let sentence = never?.sentences(.english).happened ?? ""
        #expect(
            sentence.contains("550 5.1.1 there is nobody of that name here") && sentence.contains("nobody@example.com"))
        let later = await #expect(throws: MailFailure.self) {
            try await transport.send(try message(to: "later@example.com"))
        }
        #expect(later?.code == .mailRefused && later?.kind == .transient)
    }

    @Test("a certificate that nobody vouches for is refused before the password is sent")
    func untrustedCertificate() async throws {
        let (server, other) = (try await MailServer(), try await MailServer())
        let transport = try transport(port: server.port, certificate: other.certificate)
        let failure = await #expect(throws: MailFailure.self) { try await transport.send(try message()) }
        #expect(failure?.code == .mailCertificateInvalid)
        #expect(try server.mails().isEmpty)
    }

    @Test("a server that is not there is unreachable, and a password file that is not there is named")
    func unreachable() async throws {
        let server = try await MailServer()
        // Nothing listens on port 1 of the loopback address.
        let away = try transport(port: 1, certificate: server.certificate)
        let failure = await #expect(throws: MailFailure.self) { try await away.send(try message()) }
        #expect(failure?.code == .mailServerUnreachable && failure?.kind == .transient)
        var settings = away.settings
        settings.passwordFile = folder / "missing"
        let without = SMTPTransport(
            settings: settings, spool: folder / "spool", runner: POSIXCommandRunner(), fileSystem: fileSystem)
        let unreadable = await #expect(throws: MailFailure.self) { try await without.send(try message()) }
        #expect(unreadable?.code == .secretUnreadable)
        #expect(unreadable?.sentences(.english).happened.contains("missing") == true)
    }

    @Test("a curl that is not installed is a failure with a sentence, not a crash")
    func noCurl() async throws {
        let transport = try transport(port: 1, certificate: nil, searchPath: folder.path.string)
        let failure = await #expect(throws: MailFailure.self) { try await transport.send(try message()) }
        #expect(failure?.code == .mailServerUnreachable && failure?.kind == .transient)
        #expect(failure?.arguments["reason"]?.contains("curl") == true)
    }

    @Test("the password is neither on the command line nor in the environment of curl")
    func passwordIsHidden() async throws {
        // Stands in curl's place and writes down all that another account of the machine could see of it.
        let script = """
            #!/bin/sh
            tr '\\0' '\\n' < /proc/$$/cmdline > '\(folder.path)/seen'
            tr '\\0' '\\n' < /proc/$$/environ >> '\(folder.path)/seen'
            cat > '\(folder.path)/input'
            exit 0
            """
        try FileManager.default.createDirectory(atPath: (folder / "bin").string, withIntermediateDirectories: true)
        try fileSystem.replace(folder.path.appending("bin/curl"), with: Array(script.utf8), permissions: 0o755)
        let transport = try transport(
            port: 2525, certificate: nil, searchPath: folder.path.appending("bin").string + ":/usr/bin:/bin")
        try await transport.send(try message())
        let seen = String(decoding: try fileSystem.read(folder / "seen", limit: 100_000), as: UTF8.self)
        let input = String(decoding: try fileSystem.read(folder / "input", limit: 100_000), as: UTF8.self)
        #expect(seen.contains("--config") && seen.contains("PATH="))
        for word in ["pass", "word", MailServer.user, "2525"] { #expect(!seen.contains(word), "\(word)") }
        #expect(input.contains(#"user = "posta:pass \"word\\ €: ;#1""#))
        #expect(input.contains("ssl-reqd"))
    }

    @Test("a value cannot add an option to what curl is told")
    func quoting() {
        #expect(SMTPTransport.quoted("a\"\nurl = \"x\\") == #""a\"\nurl = \"x\\""#)
        #expect(SMTPTransport.quoted("a\r\tb\u{0B}") == #""a\r\tb\v""#)
    }
}
