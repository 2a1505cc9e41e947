// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// What the administrator orders: the body of `POST /v1/installations/{id}/updates`.
public struct UpdateOrder: Codable, Sendable, Hashable {
    /// The version to install; `nil` means the channel's current release.
    public var version: String?
    /// Seconds between the warning and the closing of sessions, 0…3600.
    public var graceSeconds: Int
    /// Who gets the mail; empty means the addresses of the agent's configuration.
    public var email: [String]
    /// Language of the mail (`it`, `en`, `fr`, `de`); `nil` means the agent's configuration.
    public var language: Language?
    /// When to run; `nil` means now.
    public var at: Date?

    public static let defaultGraceSeconds = 120
    public static let allowedGraceSeconds = 0...3600

    public init(
        version: String? = nil, graceSeconds: Int = UpdateOrder.defaultGraceSeconds, email: [String] = [],
        language: Language? = nil, at: Date? = nil
    ) {
        self.version = version
        self.graceSeconds = graceSeconds
        self.email = email
        self.language = language
        self.at = at
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        version = try container.decodeIfPresent(String.self, forKey: .version)
        graceSeconds =
            try container.decodeIfPresent(Int.self, forKey: .graceSeconds) ?? Self.defaultGraceSeconds
        email = try container.decodeIfPresent([String].self, forKey: .email) ?? []
        language = try container.decodeIfPresent(Language.self, forKey: .language)
        at = try container.decodeIfPresent(Date.self, forKey: .at)
    }
}

/// One step of a run as it happened.
public struct StepRecord: Codable, Sendable, Hashable {
    public var step: UpdateStep
    public var startedAt: Date
    /// `nil` while the step is running.
    public var endedAt: Date?
    /// Bytes done so far, for steps that move bytes (`downloading`, `staging`, `carryingOver`).
    public var bytesDone: Int64?
    public var bytesTotal: Int64?

    public init(
        step: UpdateStep, startedAt: Date, endedAt: Date? = nil, bytesDone: Int64? = nil,
        bytesTotal: Int64? = nil
    ) {
        self.step = step
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.bytesDone = bytesDone
        self.bytesTotal = bytesTotal
    }
}

/// How a run gets the new version's content: what was weighed, and what was taken.
public struct ContentSummary: Codable, Sendable, Hashable {
    public struct Choice: Codable, Sendable, Hashable {
        /// `nothing`, `delta`, `ranges` or `pack`.
        public var way: String
        /// To fetch.
        public var bytes: Int64
        public var requests: Int

        public init(way: String, bytes: Int64, requests: Int) {
            self.way = way
            self.bytes = bytes
            self.requests = requests
        }
    }

    /// `nothing`, `delta`, `ranges` or `pack`.
    public var way: String
    /// Bytes that have to be fetched.
    public var bytesFetched: Int64
    /// Bytes of the new version that come from what is installed.
    public var bytesReused: Int64
    /// Requests for content, besides those for metadata.
    public var requests: Int
    /// All ways that were possible, the one taken first.
    public var choices: [Choice]

    public init(way: String, bytesFetched: Int64, bytesReused: Int64, requests: Int, choices: [Choice]) {
        self.way = way
        self.bytesFetched = bytesFetched
        self.bytesReused = bytesReused
        self.requests = requests
        self.choices = choices
    }

    /// For the log: what was taken, and what else there was.
    public var sentence: String {
        let others = choices.dropFirst().map { "\($0.way) \($0.bytes) bytes in \($0.requests)" }
        let why = others.isEmpty ? "no other way" : "cheaper than " + others.joined(separator: ", ")
        return "\(way), \(bytesFetched) bytes to fetch in \(requests) requests, \(bytesReused) bytes reused; \(why)"
    }
}

/// How many sessions a run met.
public struct SessionCounts: Codable, Sendable, Hashable {
    /// Sessions that were told of the update.
    public var warned: Int
    /// Sessions that said "ready", or left, before the time was up.
    public var ready: Int
    /// Sessions that the agent had to have closed.
    public var closed: Int

    public init(warned: Int = 0, ready: Int = 0, closed: Int = 0) {
        self.warned = warned
        self.ready = ready
        self.closed = closed
    }
}

/// Why something did not work, in words for the person who has to act on it.
public struct Failure: Codable, Sendable, Hashable, Error {
    /// Stable identifier, e.g. `health-check-failed`; the catalogue has the sentences of each.
    public var code: String
    /// What happened.
    public var happened: String
    /// What state the system is in.
    public var state: String
    /// What to do.
    public var remedy: String

    public init(code: String, happened: String, state: String, remedy: String) {
        self.code = code
        self.happened = happened
        self.state = state
        self.remedy = remedy
    }
}

/// One update run, running or ended: what `status`, `history` and the progress stream carry.
public struct UpdateRun: Codable, Sendable, Hashable, Identifiable {
    public var id: String
    public var installation: String
    public var product: String
    /// The version that was live when the run was requested.
    public var from: String
    public var to: String
    public var order: UpdateOrder
    /// The account that ordered it.
    public var requestedBy: String
    public var steps: [StepRecord]
    /// `nil` while the run is going on.
    public var outcome: UpdateOutcome?
    public var failure: Failure?
    public var sessions: SessionCounts
    /// Where the new version's content comes from; `nil` until it has been worked out.
    public var content: ContentSummary?
    /// Kept files, as paths relative to the application folder.
    public var kept: [String]
    /// Files of the release that were put beside the customer's as `<name>.new`.
    public var beside: [String]
    /// When the last session should be closed; set from `warning` on.
    public var deadline: Date?
    /// From the stop order until the service was healthy again.
    public var downtimeSeconds: Double?
    /// The application's own time to stop.
    public var applicationStopSeconds: Double?
    /// The application's own time from start until healthy.
    public var applicationStartSeconds: Double?

    public init(
        id: String, installation: String, product: String, from: String, to: String, order: UpdateOrder,
        requestedBy: String
    ) {
        self.id = id
        self.installation = installation
        self.product = product
        self.from = from
        self.to = to
        self.order = order
        self.requestedBy = requestedBy
        steps = []
        sessions = SessionCounts()
        kept = []
        beside = []
    }

    /// The step that is running, or the last one that ran.
    public var step: UpdateStep { steps.last?.step ?? .requested }
}
