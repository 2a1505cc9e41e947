// SPDX-License-Identifier: Apache-2.0
public import AgentAPI

/// What did not work between this program and its agent, or while a client updates itself.
public struct ClientError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// Nobody answers there, or the answer did not come in time.
        case unreachable
        /// Somebody answers there, but not the agent that is expected: nothing was sent to it.
        case untrustedAgent
        /// The address given is not one of an agent.
        case invalidAddress
        /// Not logged in (any more), or the session has ended.
        case unauthorized
        case notAllowed
        case notFound
        /// The state does not allow it (any more), e.g. a run that can no longer be cancelled.
        case conflict
        /// Logins are refused because an update is near.
        case loginsRefused
        /// Any other refusal, by HTTP status.
        case refused(Int)
        /// The answer cannot be understood.
        case malformed
        case cancelled

        /// The release is not what its vendor signed, or cannot be proven to be: nothing was put in place.
        case untrustedRelease
        /// The release is the vendor's, but the channel says that nobody is to have it any more: nothing was put in
        /// place.
        case recalledRelease
        /// The vendor, or the agent's mirror of it, cannot be reached or has no such release.
        case releaseUnavailable
        /// The folder cannot be changed: rights, space, or another file system.
        case folder
        /// Another program is updating the same folder.
        case busy
    }

    public var code: Code
    /// A sentence for the person who has to act on it.
    public var reason: String
    /// What the agent said, when it said something.
    public var problem: Problem?
    /// Where the agent was looked for; `nil` when no connection is what failed.
    public var agent: String?
    /// With `unreachable`: why, as a part of a sentence.
    public var cause: String?
    /// With `untrustedAgent`: whom somebody there claims to be.
    public var presented: PresentedCertificate?

    public init(
        _ code: Code, _ reason: String, problem: Problem? = nil, agent: String? = nil, cause: String? = nil,
        presented: PresentedCertificate? = nil
    ) {
        self.code = code
        self.reason = reason
        self.problem = problem
        self.agent = agent
        self.cause = cause
        self.presented = presented
    }

    public var description: String { reason }
}

/// The certificate of somebody who is not known to be the agent. Nothing was sent to them.
public struct PresentedCertificate: Sendable, Hashable {
    /// SHA-256 of its DER form: 64 hexadecimal digits in lower case, as an agent prints its own.
    public var fingerprint: String
    /// Whether it is another one than the one that was pinned; else nobody trusted vouches for it.
    public var differsFromPinned: Bool

    public init(fingerprint: String, differsFromPinned: Bool) {
        self.fingerprint = fingerprint
        self.differsFromPinned = differsFromPinned
    }
}

extension ClientError {
    /// An agent's refusal, from its problem document or, without one, its status alone.
    init(status: Int, problem: Problem?) {
        let code: Code =
            switch (status, problem?.code) {
            case (_, "logins-refused"): .loginsRefused
            case (401, _): .unauthorized
            case (403, _): .notAllowed
            case (404, _), (410, _): .notFound
            case (409, _): .conflict
            default: .refused(status)
            }
        let reason =
            problem.map { $0.detail.isEmpty ? $0.title : $0.detail } ?? "The agent answered with status \(status)."
        self.init(code, reason, problem: problem)
    }

    /// Whether trying again later can help.
    public var isTransient: Bool {
        switch code {
        case .unreachable, .refused(429), .refused(500...599): true
        default: false
        }
    }
}
