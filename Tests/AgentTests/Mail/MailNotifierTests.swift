// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import TestSupport
import Testing

@testable import Agent

@Suite("Who gets the mail of a run")
struct MailNotifierTests {
    /// The recipients of a run's mails as they lie in the folder.
    private func recipients(
        ordering email: [String], configured to: [String], account: String = "admin"
    ) async throws -> [String] {
        let folder = try TemporaryFolder()
        let fileSystem = POSIXFileSystem()
        let settings = MailSettings(to: to, transport: .folder(folder / "mail"))
        let outbox = Outbox(
            database: try StateDatabase.inMemory().writer,
            transport: FolderTransport(folder: folder / "mail", fileSystem: fileSystem), clock: SystemWallClock(),
            logger: TestAgent.quiet)
        let notifier = MailNotifier(
            outbox: outbox, settings: settings, language: .english, productNames: [:], logger: TestAgent.quiet)
        var run = UpdateRun(
            id: "r1", installation: "om", product: "om", from: "1.0", to: "2.0", order: UpdateOrder(email: email),
            requestedBy: account)
        run.outcome = .updated
        try await notifier.notify(run)
        #expect(await outbox.deliver() == nil)
        let mails = try fileSystem.entries(of: folder / "mail").map { name in
            String(decoding: try fileSystem.read((folder / "mail").appending(name), limit: 100_000), as: UTF8.self)
        }
        for mail in mails { #expect(mail.contains("From: Ricambio <\(MailAddress.local("ricambio"))>\r\n")) }
        folder.remove()
        return mails.flatMap { mail in
            mail.split(separator: "\r\n").filter { $0.hasPrefix("To: <") }.map { String($0.dropFirst(5).dropLast()) }
        }.sorted()
    }

    @Test("those the order names, else those of the configuration, else the account that ordered at this machine")
    func order() async throws {
        let (a, b) = ("a@example.com", "b@example.com")
        #expect(try await recipients(ordering: [a], configured: [b]) == [a])
        #expect(try await recipients(ordering: [], configured: [a, b]) == [a, b])
        #expect(try await recipients(ordering: [], configured: []) == [MailAddress.local("admin")])
        #expect(try await recipients(ordering: [], configured: [], account: a) == [a])
    }

    @Test("an address at this machine is valid, whatever the account and the machine are called")
    func local() {
        #expect(MailAddress.local("admin", machine: "server.office.lan") == "admin@server.office.lan")
        #expect(MailAddress.local("admin", machine: "my_server") == "admin@my-server")
        #expect(MailAddress.local("anna@example.com", machine: "server") == "anna@example.com")
        let hostile = [
            "", ".", "…", "a\r\nBcc: x@y.z", "-rf", "José", "a b", "a..b", String(repeating: "a", count: 300),
        ]
        for name in hostile {
            let address = MailAddress.local(name, machine: name)
            #expect(MailAddress(address) != nil, "\(address)")
            #expect(!address.hasPrefix("-"))
        }
    }

    @Test("with a mail server and nobody named, nothing is sent to an address that nobody has")
    func server() async throws {
        let database = try StateDatabase.inMemory()
        let folder = try TemporaryFolder()
        let outbox = Outbox(
            database: database.writer,
            transport: FolderTransport(folder: folder / "mail", fileSystem: POSIXFileSystem()),
            clock: SystemWallClock(), logger: TestAgent.quiet)
        let notifier = MailNotifier(
            outbox: outbox,
            settings: MailSettings(from: "a@example.com", transport: .smtp(SMTPSettings(host: "h", port: 25))),
            language: .english, productNames: [:], logger: TestAgent.quiet)
        let run = UpdateRun(
            id: "r1", installation: "om", product: "om", from: "1.0", to: "2.0", order: UpdateOrder(),
            requestedBy: "admin")
        try await notifier.notify(run)
        _ = await outbox.deliver()
        #expect(try !POSIXFileSystem().exists(folder / "mail"))
        folder.remove()
    }
}
