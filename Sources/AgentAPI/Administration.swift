// SPDX-License-Identifier: Apache-2.0
public import Foundation

public enum Role: String, Codable, Sendable, CaseIterable, Hashable {
    case administrator
    /// May read, not order.
    case viewer
}

/// Body of `POST /v1/login`.
public struct LoginRequest: Codable, Sendable, Hashable {
    public var user: String
    public var password: String
    /// Sets a new password in the same step; required while ``LoginAnswer/mustChangePassword`` would be true.
    public var newPassword: String?

    public init(user: String, password: String, newPassword: String? = nil) {
        self.user = user
        self.password = password
        self.newPassword = newPassword
    }
}

public struct LoginAnswer: Codable, Sendable, Hashable {
    /// Secret; the administrator's bearer token. Also set as the cookie `ricambio`.
    public var token: String
    public var role: Role
    public var expiresAt: Date
    /// The password was the one-time one: nothing else is allowed until it is changed.
    public var mustChangePassword: Bool

    public init(token: String, role: Role, expiresAt: Date, mustChangePassword: Bool) {
        self.token = token
        self.role = role
        self.expiresAt = expiresAt
        self.mustChangePassword = mustChangePassword
    }
}

public enum ServiceState: String, Codable, Sendable, CaseIterable, Hashable {
    case starting
    case running
    case stopping
    case stopped
    /// Died and waits for its next start.
    case waitingToRestart
}

/// One product at one place on this machine: `GET /v1/installations`.
public struct InstallationStatus: Codable, Sendable, Hashable, Identifiable {
    public var id: String
    public var product: String
    public var channel: String
    public var folder: String
    /// The version of the live folder; `nil` when nothing is installed yet.
    public var version: String?
    /// The channel's current release when it is newer and offered to this installation.
    public var available: String?
    public var service: ServiceState
    public var sessions: Int
    /// The run that is going on or scheduled.
    public var run: UpdateRun?
    /// Whatever the administrator should know, the most urgent first: a crash loop, a folder that nobody knows, what
    /// could not be cleaned up, a failed release check.
    public var problems: [Failure]
    /// Folders of versions before that are kept, the newest first.
    public var retained: [OldFolder]
    /// The first of ``problems``; written for clients that know of one only.
    public var problem: Failure? { problems.first }

    /// - Parameter problem: comes before `problems`.
    public init(
        id: String, product: String, channel: String, folder: String, version: String?, available: String?,
        service: ServiceState, sessions: Int, run: UpdateRun? = nil, problem: Failure? = nil, problems: [Failure] = [],
        retained: [OldFolder] = []
    ) {
        self.id = id
        self.product = product
        self.channel = channel
        self.folder = folder
        self.version = version
        self.available = available
        self.service = service
        self.sessions = sessions
        self.run = run
        self.problems = (problem.map { [$0] } ?? []) + problems
        self.retained = retained
    }

    private enum CodingKeys: CodingKey {
        case id, product, channel, folder, version, available, service, sessions, run, problem, problems, retained
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        product = try container.decode(String.self, forKey: .product)
        channel = try container.decode(String.self, forKey: .channel)
        folder = try container.decode(String.self, forKey: .folder)
        version = try container.decodeIfPresent(String.self, forKey: .version)
        available = try container.decodeIfPresent(String.self, forKey: .available)
        service = try container.decode(ServiceState.self, forKey: .service)
        sessions = try container.decode(Int.self, forKey: .sessions)
        run = try container.decodeIfPresent(UpdateRun.self, forKey: .run)
        problems =
            try container.decodeIfPresent([Failure].self, forKey: .problems)
            ?? container.decodeIfPresent(Failure.self, forKey: .problem).map { [$0] } ?? []
        retained = try container.decodeIfPresent([OldFolder].self, forKey: .retained) ?? []
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(product, forKey: .product)
        try container.encode(channel, forKey: .channel)
        try container.encode(folder, forKey: .folder)
        try container.encodeIfPresent(version, forKey: .version)
        try container.encodeIfPresent(available, forKey: .available)
        try container.encode(service, forKey: .service)
        try container.encode(sessions, forKey: .sessions)
        try container.encodeIfPresent(run, forKey: .run)
        try container.encodeIfPresent(problem, forKey: .problem)
        try container.encode(problems, forKey: .problems)
        try container.encode(retained, forKey: .retained)
    }
}

/// A release an installation may be updated to: `GET /v1/installations/{id}/releases`.
public struct ReleaseSummary: Codable, Sendable, Hashable {
    public var version: String
    public var date: Date
    /// `low`, `normal`, `high` or `critical`.
    public var severity: String
    /// Notes by language code.
    public var notes: [String: String]
    public var isCurrent: Bool
    public var isInstalled: Bool
    public var isRecalled: Bool
    /// Bytes of the full pack for this installation's platform.
    public var fullPackBytes: Int64?

    public init(
        version: String, date: Date, severity: String, notes: [String: String], isCurrent: Bool,
        isInstalled: Bool, isRecalled: Bool, fullPackBytes: Int64?
    ) {
        self.version = version
        self.date = date
        self.severity = severity
        self.notes = notes
        self.isCurrent = isCurrent
        self.isInstalled = isInstalled
        self.isRecalled = isRecalled
        self.fullPackBytes = fullPackBytes
    }
}

/// An `application/problem+json` body (RFC 9457); ``state`` and ``remedy`` are extension members.
public struct Problem: Codable, Sendable, Hashable, Error {
    /// `urn:ricambio:problem:<code>`.
    public var type: String
    public var title: String
    public var status: Int
    public var detail: String
    public var code: String
    public var state: String?
    public var remedy: String?

    public static let mediaType = "application/problem+json"

    public init(
        code: String, title: String, status: Int, detail: String, state: String? = nil, remedy: String? = nil
    ) {
        type = "urn:ricambio:problem:\(code)"
        self.title = title
        self.status = status
        self.detail = detail
        self.code = code
        self.state = state
        self.remedy = remedy
    }
}

/// One line of `GET /v1/audit`.
public struct AuditEntry: Codable, Sendable, Hashable {
    public var at: Date
    public var actor: String
    public var action: String
    public var subject: String
    /// SHA-256 over the previous line's hash and this line, lower-case hex.
    public var hash: String

    public init(at: Date, actor: String, action: String, subject: String, hash: String) {
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.hash = hash
    }
}
