// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import TestSupport
import Testing

@testable import Agent

@Suite("Mail into a folder")
struct FolderTransportTests {
    private func message(_ identifier: String, at seconds: Double = 0) throws -> MailMessage {
        MailMessage(
            from: try #require(MailAddress("ricambio@example.com")), to: try #require(MailAddress("anna@example.com")),
            subject: "s", body: "b", date: Date(timeIntervalSince1970: 1_795_342_500 + seconds), identifier: identifier,
            language: .english)
    }

    @Test("one readable .eml file per mail, for the agent's user only, in names that sort by time")
    func files() async throws {
        let folder = try TemporaryFolder()
        let mails = folder.path.appending("new/mail")
        let fileSystem = POSIXFileSystem()
        let transport = FolderTransport(folder: mails, fileSystem: fileSystem)
        for (index, identifier) in ["c", "a", "b"].enumerated() {
            try await transport.send(try message(identifier, at: Double(index)))
        }
        // After a crash the outbox sends again: the file is replaced, not added to.
        try await transport.send(try message("a", at: 1))
        let names = try fileSystem.entries(of: mails)
        #expect(names.count == 3)
        #expect(names.allSatisfy { $0.wholeMatch(of: /20261122T10150\dZ-[0-9a-f]{16}\.eml/) != nil }, "\(names)")
        for (index, identifier) in ["c", "a", "b"].enumerated() {
            let file = mails.appending(names[index])
            let text = String(decoding: try fileSystem.read(file, limit: 100_000), as: UTF8.self)
            #expect(text.contains("Message-ID: <\(identifier)>\r\n"))
            #expect(try fileSystem.attributes(of: file)?.permissions == 0o600)
        }
    }

    @Test("a folder that cannot be written to is a failure that says so and is tried again")
    func notWritable() async throws {
        let folder = try TemporaryFolder()
        let inTheWay = folder / "mail"
        try Data().write(to: URL(filePath: inTheWay.string))
        let transport = FolderTransport(folder: inTheWay, fileSystem: POSIXFileSystem())
        let failure = await #expect(throws: MailFailure.self) { try await transport.send(try message("a")) }
        #expect(failure?.code == .mailFolderNotWritable && failure?.kind == .transient)
        #expect(failure?.sentences(.english).happened.contains(inTheWay.string) == true)
    }
}
