// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// Body of `POST /v1/application/sessions`: the application server opens a session for a person it has authenticated.
public struct SessionRequest: Codable, Sendable, Hashable {
    public var person: String
    public var workstation: String
    public var language: Language
    public var clientVersion: String?

    public init(person: String, workstation: String, language: Language, clientVersion: String? = nil) {
        self.person = person
        self.workstation = workstation
        self.language = language
        self.clientVersion = clientVersion
    }
}

/// Answer to ``SessionRequest``: the application hands the ticket, the agent's address and its
/// certificate's fingerprint to the workstation.
public struct SessionTicket: Codable, Sendable, Hashable {
    public var session: String
    /// Secret; the workstation's bearer token.
    public var ticket: String
    /// Where the workstation reaches the agent.
    public var agentURL: String
    /// SHA-256 of the agent's certificate (DER), lower-case hex; `nil` when the customer's own certificate
    /// is to be checked against the system's authorities.
    public var fingerprint: String?

    public init(session: String, ticket: String, agentURL: String, fingerprint: String?) {
        self.session = session
        self.ticket = ticket
        self.agentURL = agentURL
        self.fingerprint = fingerprint
    }
}

public enum SessionState: String, Codable, Sendable, CaseIterable, Hashable {
    /// Connected and working.
    case open
    /// Warned of an update and not ready yet.
    case warned
    /// Has said "ready".
    case ready
    /// Has been told to close.
    case closing
    /// Has ended.
    case ended
}

/// One person connected from one workstation.
public struct Session: Codable, Sendable, Hashable, Identifiable {
    public var id: String
    public var person: String
    public var workstation: String
    public var language: Language
    public var clientVersion: String?
    public var state: SessionState
    public var openedAt: Date
    public var lastSeenAt: Date

    public init(
        id: String, person: String, workstation: String, language: Language, clientVersion: String?,
        state: SessionState, openedAt: Date, lastSeenAt: Date
    ) {
        self.id = id
        self.person = person
        self.workstation = workstation
        self.language = language
        self.clientVersion = clientVersion
        self.state = state
        self.openedAt = openedAt
        self.lastSeenAt = lastSeenAt
    }
}

public enum NoticeKind: String, Codable, Sendable, CaseIterable, Hashable {
    /// An update is coming: save your work. Carries the deadline.
    case warning
    /// The time is up: close now.
    case closing
    /// The update was cancelled: go on working.
    case cancelled
    /// A client of another version belongs to this server now.
    case clientOffered
}

/// What a session is told: the data of an SSE event `notice` whose id is ``id``.
public struct Notice: Codable, Sendable, Hashable, Identifiable {
    /// Grows by one per installation; `Last-Event-ID` resumes after it.
    public var id: Int
    public var kind: NoticeKind
    /// In the session's language, ready to show.
    public var text: String
    public var fromVersion: String?
    public var toVersion: String?
    /// When sessions close, for `warning`.
    public var deadline: Date?
    /// Seconds left when the notice was sent, for workstations whose clock is wrong.
    public var secondsLeft: Int?

    public init(
        id: Int, kind: NoticeKind, text: String, fromVersion: String? = nil, toVersion: String? = nil,
        deadline: Date? = nil, secondsLeft: Int? = nil
    ) {
        self.id = id
        self.kind = kind
        self.text = text
        self.fromVersion = fromVersion
        self.toVersion = toVersion
        self.deadline = deadline
        self.secondsLeft = secondsLeft
    }
}

public enum ApplicationEventKind: String, Codable, Sendable, CaseIterable, Hashable {
    /// Whether logins are accepted; sent first on every connection, and at each change.
    case logins
    /// Close this session now.
    case closeSession
}

/// The data of an SSE event on `GET /v1/application/events`.
public struct ApplicationEvent: Codable, Sendable, Hashable, Identifiable {
    public var id: Int
    public var kind: ApplicationEventKind
    /// For `logins`.
    public var accepted: Bool?
    /// For `closeSession`.
    public var session: String?

    public init(id: Int, kind: ApplicationEventKind, accepted: Bool? = nil, session: String? = nil) {
        self.id = id
        self.kind = kind
        self.accepted = accepted
        self.session = session
    }
}

/// Which client belongs to this server: `GET /v1/session/client?platform=linux-x86_64`.
public struct ClientOffer: Codable, Sendable, Hashable {
    public var product: String
    /// The vendor's channel that the server follows: the client asks it whether the version was recalled.
    public var channel: String
    public var version: String
    public var platform: String
    /// Base URL of the repository's mirror on this agent: append `metadata/`, `targets/` and `packs/`.
    public var repositoryURL: String

    public init(product: String, channel: String, version: String, platform: String, repositoryURL: String) {
        self.product = product
        self.channel = channel
        self.version = version
        self.platform = platform
        self.repositoryURL = repositoryURL
    }
}
