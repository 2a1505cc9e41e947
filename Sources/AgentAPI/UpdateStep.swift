// SPDX-License-Identifier: Apache-2.0

/// One step of an update run. The order of the cases is the order of the product's promise;
/// the journal records them, the console shows them and tests name them.
public enum UpdateStep: String, Codable, Sendable, CaseIterable, Hashable {
    /// The administrator has ordered the update; it runs now or at its time.
    case requested
    /// Only what is missing is fetched, resumed after a break, verified.
    case downloading
    /// The new folder is built beside the live one and kept files are copied ahead.
    case staging
    /// Everyone connected sees the warning and the countdown; new logins are refused.
    case warning
    /// Sessions still open are told to close, then closed.
    case closing
    /// The service is stopped: asked first, forced after its stop timeout.
    case stopping
    /// Kept files that changed since they were copied ahead are copied again; migrated data is snapshotted.
    case carryingOver
    /// Live and new folder change places; the old one is then named `<name>_old`.
    case swapping
    /// The service is started and must become healthy with the expected version.
    case starting
    /// Only after a failure from `stopping` on: everything back as it was.
    case rollingBack
    /// `<name>_old` is deleted, or kept for the retention time.
    case cleaningUp
    /// The administrator's mail leaves the outbox.
    case notifying
    /// Clients that reconnect are offered the version that belongs to this server.
    case offeringClients
    /// The run has ended with an ``UpdateOutcome``.
    case finished

    /// Whether the service may be down while this step runs.
    public var isServiceDown: Bool {
        switch self {
        case .stopping, .carryingOver, .swapping, .starting, .rollingBack: true
        default: false
        }
    }
}

/// How an update run ended.
public enum UpdateOutcome: String, Codable, Sendable, CaseIterable, Hashable {
    /// The new version is in place and healthy.
    case updated
    /// The new version did not become healthy; the old one runs again with its files and data.
    case rolledBack
    /// The administrator cancelled before the service was stopped.
    case cancelled
    /// The run failed before the service was stopped; the old version was never touched.
    case failed
}
