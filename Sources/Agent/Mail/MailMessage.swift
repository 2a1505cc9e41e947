// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation

/// An address as it may stand in a header and in an SMTP command: ASCII, a dot-atom on each side of the `@`.
struct MailAddress: Sendable, Hashable, CustomStringConvertible {
    let description: String

    /// `nil` for anything else, above all for whatever could end a header line or an SMTP command.
    init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard text.utf8.count <= 254, parts.count == 2, parts[0].utf8.count <= 64,
            Self.isDotAtom(parts[0], more: "!#$%&'*+/=?^_`{|}~"), Self.isDotAtom(parts[1], more: "")
        else { return nil }
        description = text
    }

    /// The address of somebody at this machine, for mails that a folder takes: always a valid one.
    ///
    /// - Parameters:
    ///   - person: an account's name; one that is an address already stays as it is.
    ///   - machine: the machine's name, which may have letters that an address may not.
    static func local(_ person: String, machine: String = MachineFacts.name) -> String {
        if let address = MailAddress(person) { return address.description }
        return "\(plain(person, instead: "account"))@\(plain(machine, instead: "localhost"))"
    }

    private static func plain(_ text: String, instead: String) -> String {
        let atoms = text.split(separator: ".").map { atom in
            atom.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "-" }.joined()
        }
        let plain = atoms.joined(separator: ".")
        let isNameless = plain.allSatisfy { "-.".contains($0) } || plain.hasPrefix("-")
        return isNameless || plain.utf8.count > 64 ? instead : plain
    }

    var domain: String { String(description.drop { $0 != "@" }.dropFirst()) }

    private static func isDotAtom(_ text: Substring, more: String) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty
                && atom.unicodeScalars.allSatisfy { scalar in
                    scalar.isASCII
                        && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "-"
                            || more.unicodeScalars.contains(scalar))
                }
        }
    }
}

/// One mail to one person: RFC 5322 with a UTF-8 text (RFC 2045) and an encoded subject (RFC 2047).
struct MailMessage: Sendable, Hashable {
    var from: MailAddress
    var to: MailAddress
    var subject: String
    var body: String
    var date: Date
    /// Without angle brackets. The same for every attempt to send the same mail, so that a mail system that gets it
    /// twice can tell.
    var identifier: String
    var language: Language

    /// The bytes to transmit: CRLF line endings, ASCII only, no line over 78 characters.
    func encoded() -> [UInt8] {
        let headers = [
            "Date: \(Self.dateText(date))",
            "From: Ricambio <\(from)>",
            "To: <\(to)>",
            "Message-ID: <\(identifier)>",
            MailEncoding.header("Subject", subject),
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            "Content-Language: \(language.rawValue)",
            // RFC 3834: nobody's absence note answers this mail.
            "Auto-Submitted: auto-generated",
        ]
        return Array((headers.joined(separator: "\r\n") + "\r\n\r\n" + MailEncoding.quotedPrintable(body)).utf8)
    }

    /// `Sun, 22 Nov 2026 10:15:00 +0000` (RFC 5322, section 3.3).
    static func dateText(_ date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second, .weekday], from: date)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int?) -> String { String(format: "%02d", number ?? 0) }
        return "\(days[(parts.weekday ?? 1) - 1]), \(two(parts.day)) \(months[(parts.month ?? 1) - 1]) "
            + "\(parts.year ?? 1970) \(two(parts.hour)):\(two(parts.minute)):\(two(parts.second)) +0000"
    }
}
