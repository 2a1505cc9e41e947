// SPDX-License-Identifier: Apache-2.0
public import Foundation

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
    /// Only after a run in which even going back failed.
    public var standing: Standing?
    public var sessions: SessionCounts
    /// Where the new version's content comes from; `nil` until it has been worked out.
    public var content: ContentSummary?
    /// Kept files, as paths relative to the application folder.
    public var kept: [String] { didSet { keptCount = max(keptCount, kept.count) } }
    /// How many there are in all, never fewer than ``kept`` names.
    public var keptCount: Int
    /// Files of the release that were put beside the customer's as `<name>.new`.
    public var beside: [String]
    /// Files that were neither the vendor's nor kept: at most ``CustomerFiles/maximumListed`` paths relative to the
    /// application folder, readable. After an update they are in ``oldKept``.
    public var foreign: [String] { didSet { foreignCount = max(foreignCount, foreign.count) } }
    /// How many there are in all, never fewer than ``foreign`` names.
    public var foreignCount: Int
    /// What the new folder does not have of the customer's files, at most ``CustomerFiles/maximumListed`` of them.
    public var notCarried: [NotCarriedFile] { didSet { notCarriedCount = max(notCarriedCount, notCarried.count) } }
    /// How many there are in all, never fewer than ``notCarried`` names.
    public var notCarriedCount: Int
    /// What could not be cleaned up or done after the run had ended well or was taken back; never changes ``outcome``.
    public var remarks: [Failure]
    /// The folder of the version before, while it is kept.
    public var oldKept: OldFolder?
    /// What the configuration's data commands said, in the order in which they ran.
    public var dataCommands: [CommandOutput]
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
        keptCount = 0
        beside = []
        foreign = []
        foreignCount = 0
        notCarried = []
        notCarriedCount = 0
        remarks = []
        dataCommands = []
    }

    // The history keeps runs for years: those of earlier agents lack what came later.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        installation = try container.decode(String.self, forKey: .installation)
        product = try container.decode(String.self, forKey: .product)
        from = try container.decode(String.self, forKey: .from)
        to = try container.decode(String.self, forKey: .to)
        order = try container.decode(UpdateOrder.self, forKey: .order)
        requestedBy = try container.decode(String.self, forKey: .requestedBy)
        steps = try container.decode([StepRecord].self, forKey: .steps)
        outcome = try container.decodeIfPresent(UpdateOutcome.self, forKey: .outcome)
        failure = try container.decodeIfPresent(Failure.self, forKey: .failure)
        standing = try container.decodeIfPresent(Standing.self, forKey: .standing)
        sessions = try container.decode(SessionCounts.self, forKey: .sessions)
        content = try container.decodeIfPresent(ContentSummary.self, forKey: .content)
        kept = try container.decode([String].self, forKey: .kept)
        keptCount = try container.decodeIfPresent(Int.self, forKey: .keptCount) ?? kept.count
        beside = try container.decode([String].self, forKey: .beside)
        foreign = try container.decodeIfPresent([String].self, forKey: .foreign) ?? []
        foreignCount = try container.decodeIfPresent(Int.self, forKey: .foreignCount) ?? foreign.count
        notCarried = try container.decodeIfPresent([NotCarriedFile].self, forKey: .notCarried) ?? []
        notCarriedCount = try container.decodeIfPresent(Int.self, forKey: .notCarriedCount) ?? notCarried.count
        remarks = try container.decodeIfPresent([Failure].self, forKey: .remarks) ?? []
        oldKept = try container.decodeIfPresent(OldFolder.self, forKey: .oldKept)
        dataCommands = try container.decodeIfPresent([CommandOutput].self, forKey: .dataCommands) ?? []
        deadline = try container.decodeIfPresent(Date.self, forKey: .deadline)
        downtimeSeconds = try container.decodeIfPresent(Double.self, forKey: .downtimeSeconds)
        applicationStopSeconds = try container.decodeIfPresent(Double.self, forKey: .applicationStopSeconds)
        applicationStartSeconds = try container.decodeIfPresent(Double.self, forKey: .applicationStartSeconds)
    }

    /// With ``oldKept`` where it is by now, among the folders that are there; later updates move it. `nil` when it is gone.
    public func following(_ folders: [OldFolder]) -> UpdateRun {
        guard let id = oldKept?.id else { return self }
        var run = self
        run.oldKept = folders.first { $0.id == id }
        return run
    }

    /// The step that is running, or the last one that ran.
    public var step: UpdateStep { steps.last?.step ?? .requested }
}
