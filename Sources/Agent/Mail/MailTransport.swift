// SPDX-License-Identifier: Apache-2.0
import AgentAPI

/// Takes one mail off our hands. A port: a folder, or a mail server.
protocol MailTransport: Sendable {
    /// Returns once somebody else is responsible for the mail. May be called again for the same mail after a crash.
    func send(_ message: MailMessage) async throws(MailFailure)
}

/// Why a mail did not leave.
struct MailFailure: Error, Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// Trying again would end the same way: the mail server says that it never will.
        case permanent
        case transient
        /// We were told to stop; it says nothing about the mail.
        case stopped
    }

    var code: FailureCode
    var kind: Kind
    var arguments: [String: String]

    init(_ code: FailureCode, _ kind: Kind, _ arguments: [String: String]) {
        self.code = code
        self.kind = kind
        self.arguments = arguments
    }

    func sentences(_ language: Language) -> Failure { Catalogue.failure(code, arguments, language: language) }
}
