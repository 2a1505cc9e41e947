// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
public import Foundation

/// What came of an ``UpdateStory``: `.demo/report.json`.
public struct StoryReport: Codable, Sendable {
    public struct Step: Codable, Sendable {
        public var name: String
        public var start: Date
        public var end: Date?
    }

    public struct Check: Codable, Sendable {
        /// A promise, as a sentence.
        public var what: String
        public var isTrue: Bool
    }

    public var outcome: String
    public var from: String
    public var to: String
    public var steps: [Step]
    public var downtimeSeconds: Double?
    public var applicationStopSeconds: Double?
    public var applicationStartSeconds: Double?
    public var sessions: SessionCounts
    /// Relative to the application folder.
    public var kept: [String]
    /// The file of the mail.
    public var mail: String?
    /// The lowest version that one of the three clients works with.
    public var clientVersion: String?
    /// Where OM Business answers, while it is up.
    public var server: String?
    public var checks: [Check] = []

    init(_ run: UpdateRun) {
        outcome = run.outcome?.rawValue ?? "unfinished"
        from = run.from
        to = run.to
        steps = run.steps.map { Step(name: $0.step.rawValue, start: $0.startedAt, end: $0.endedAt) }
        downtimeSeconds = run.downtimeSeconds
        applicationStopSeconds = run.applicationStopSeconds
        applicationStartSeconds = run.applicationStartSeconds
        sessions = run.sessions
        kept = run.kept
    }

    mutating func check(_ what: String, _ isTrue: Bool) {
        checks.append(Check(what: what, isTrue: isTrue))
    }

    public var allIsTrue: Bool { checks.allSatisfy(\.isTrue) }

    /// The down time beside what the application itself needs.
    public var downtimeLine: String {
        let own = (applicationStopSeconds ?? 0) + (applicationStartSeconds ?? 0)
        let down = downtimeSeconds ?? 0
        return "down time \(rounded(down)) s; the application's own stop \(rounded(applicationStopSeconds ?? 0)) s and "
            + "start \(rounded(applicationStartSeconds ?? 0)) s; ratio \(rounded(own > 0 ? down / own : 0))"
    }

    private func rounded(_ value: Double) -> String {
        String(format: "%.2f", value)
    }
}
