// SPDX-License-Identifier: Apache-2.0
public import AgentAPI

/// Body of `POST /login`.
public struct OfficeLogin: Codable, Sendable, Hashable {
    public var user: String
    public var password: String
    public var workstation: String
    public var language: Language
    public var clientVersion: String?

    public init(user: String, password: String, workstation: String, language: Language, clientVersion: String?) {
        self.user = user
        self.password = password
        self.workstation = workstation
        self.language = language
        self.clientVersion = clientVersion
    }
}

/// Answer to ``OfficeLogin``.
public struct OfficeWelcome: Codable, Sendable, Hashable {
    /// Secret; the bearer token of this login.
    public var token: String
    public var person: String
    public var isAdministrator: Bool
    public var edition: Edition
    /// The server's.
    public var version: String
    /// `nil` when the server runs without an agent.
    public var session: SessionTicket?

    public init(
        token: String, person: String, isAdministrator: Bool, edition: Edition, version: String,
        session: SessionTicket?
    ) {
        self.token = token
        self.person = person
        self.isAdministrator = isAdministrator
        self.edition = edition
        self.version = version
        self.session = session
    }
}

/// `GET /health`.
public struct OfficeHealth: Codable, Sendable, Hashable {
    public var status: String
    public var version: String
    public var edition: Edition

    public init(status: String, version: String, edition: Edition) {
        self.status = status
        self.version = version
        self.edition = edition
    }
}

/// Answer to `POST /backup`.
public struct OfficeBackup: Codable, Sendable, Hashable {
    /// Relative to the server's folder.
    public var file: String

    public init(file: String) { self.file = file }
}

public enum FieldValue: Codable, Sendable, Hashable, CustomStringConvertible {
    case text(String)
    case number(Int64)
    case none

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .none
        } else if let number = try? container.decode(Int64.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        case .none: try container.encodeNil()
        }
    }

    public var description: String {
        switch self {
        case .text(let text): text
        case .number(let number): String(number)
        case .none: ""
        }
    }
}

/// A record: its fields by name, and `id`.
public typealias OfficeRecord = [String: FieldValue]

/// Problem codes of the server.
public enum OfficeProblem {
    public static let wrongPassword = "wrong-password"
    public static let notLoggedIn = "not-logged-in"
    public static let loginsRefused = "logins-refused"
    public static let notAllowed = "not-allowed"
    public static let tooManyAttempts = "too-many-attempts"
    public static let notFound = "not-found"
    public static let invalid = "request-invalid"
    public static let unexpected = "unexpected"
}
