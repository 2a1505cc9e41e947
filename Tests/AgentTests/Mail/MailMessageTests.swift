// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Testing

@testable import Agent

@Suite("Mail messages")
struct MailMessageTests {
    private func message(subject: String = "s", body: String = "b") throws -> MailMessage {
        MailMessage(
            from: try #require(MailAddress("ricambio@example.com")), to: try #require(MailAddress("anna@example.com")),
            subject: subject, body: body, date: Date(timeIntervalSince1970: 1_795_342_500),
            identifier: "1@example.com", language: .italian)
    }

    private func lines(_ message: MailMessage) -> [String] {
        String(decoding: message.encoded(), as: UTF8.self).components(separatedBy: "\r\n")
    }

    @Test("a line break in the subject cannot add a header")
    func headerInjection() throws {
        for bad in ["a\r\nBcc: evil@example.com", "a\nBcc: x@y", "a\rBcc: x@y", "à\r\nBcc: x@y", "a\u{0085}Bcc: x@y"] {
            let lines = lines(try message(subject: bad))
            let headers = lines.prefix { !$0.isEmpty }
            #expect(!headers.contains { $0.lowercased().hasPrefix("bcc") })
            #expect(headers.filter { $0.hasPrefix("Subject:") }.count == 1)
        }
    }

    @Test(
        "an address that could end a command or a header is none",
        arguments: [
            "", "a", "a@", "@b", "a@b@c", "a b@c", "a@b\r\nRCPT TO:<x@y>", "a@b\n", "<a@b>", "a@b>", "a,b@c", "a..b@c",
            ".a@b", "a@b.", "a@-b\"", "à@b.it", "a@bücher.de", "a@b\u{0}", String(repeating: "a", count: 65) + "@b",
        ])
    func badAddresses(address: String) {
        #expect(MailAddress(address) == nil)
    }

    @Test(
        "usual addresses are taken",
        arguments: ["anna@example.com", "anna.rossi+it@mail.example.com", "root@localhost", "o'neil@example.com"])
    func goodAddresses(address: String) {
        #expect(MailAddress(address)?.description == address)
    }

    @Test("no line is longer than 78 characters, all is ASCII, and no blank stands at a line's end")
    func lineLength() throws {
        let long =
            String(repeating: "Übergröße für alle = ", count: 40) + "\n" + String(repeating: "x", count: 500) + " "
        let message = try message(subject: String(repeating: "Aktualisierung für Büro ", count: 20), body: long)
        let lines = lines(message)
        #expect(lines.allSatisfy { $0.count <= 78 && $0.utf8.allSatisfy { $0 < 128 } })
        #expect(!lines.contains { $0.hasSuffix(" ") || $0.hasSuffix("\t") })
        let plain = self.lines(try self.message(subject: String(repeating: "updated to a version ", count: 20)))
        #expect(plain.allSatisfy { $0.count <= 78 })
    }

    @Test("encoded words are at most 75 characters long, on lines of at most 76, and split no character (RFC 2047)")
    func encodedWords() throws {
        let subject = String(repeating: "é😀", count: 60)
        let header = MailEncoding.header("Subject", subject)
        var decoded = ""
        for line in header.components(separatedBy: "\r\n") {
            #expect(line.count <= 76)
            let word = line.trimmingPrefix("Subject: ").trimmingCharacters(in: .whitespaces)
            #expect(word.count <= 75)
            let base64 = try #require(word.wholeMatch(of: /=\?utf-8\?B\?([A-Za-z0-9+\/=]+)\?=/)).output.1
            let bytes = try #require(Data(base64Encoded: String(base64)))
            decoded += try #require(String(data: bytes, encoding: .utf8))
        }
        #expect(decoded == subject)
    }

    @Test("quoted-printable keeps every character, whatever the line endings were")
    func quotedPrintable() {
        #expect(MailEncoding.quotedPrintable("è = 1\nb\r\nc\rd ") == "=C3=A8 =3D 1\r\nb\r\nc\r\nd=20")
        #expect(MailEncoding.quotedPrintable("") == "")
        let exact = String(repeating: "x", count: 76)
        #expect(MailEncoding.quotedPrintable(exact) == exact)
        #expect(MailEncoding.quotedPrintable(exact + "y") == String(repeating: "x", count: 75) + "=\r\nxy")
    }

    @Test("the date is RFC 5322's")
    func date() {
        #expect(MailMessage.dateText(Date(timeIntervalSince1970: 1_795_342_500)) == "Sun, 22 Nov 2026 10:15:00 +0000")
    }
}
