// SPDX-License-Identifier: Apache-2.0
internal import Packaging

/// How the version that an update replaces answered its health check: what the next one is held to is learnt from it.
public struct HealthBefore: Sendable, Hashable, Codable {
    /// `false` when it did not pass, or was down: the update is ordered as a repair.
    public var isHealthy: Bool
    /// What it said that it is; `nil` when it did not say.
    public var version: String?

    public init(isHealthy: Bool, version: String?) {
        self.isHealthy = isHealthy
        self.version = version
    }

    init(_ answer: Health) {
        switch answer {
        case .healthy(let version): self.init(isHealthy: true, version: version)
        case .unhealthy: self.init(isHealthy: false, version: nil)
        }
    }
}

/// What an answer has to be for a version to count as healthy.
struct HealthExpectation: Sendable, Hashable {
    /// `nil`: whatever version answers, or none.
    var version: String?
    /// An answer without a version is none.
    var mustSayVersion = false

    /// Of a version that an update has put in place. One that names no version is never held to one, unless the
    /// configuration insists and the version before did name its own.
    static func new(_ version: String, expectVersion: Bool?, before: HealthBefore?) -> HealthExpectation {
        guard expectVersion != false else { return HealthExpectation(version: nil) }
        let saidVersion = before?.version != nil
        return HealthExpectation(version: version, mustSayVersion: expectVersion == true && saidVersion)
    }

    /// Of the version that was there before: no more than it answered then.
    static func old(expectVersion: Bool?, before: HealthBefore?) -> HealthExpectation {
        HealthExpectation(version: expectVersion == false ? nil : before?.version)
    }

    /// `nil` when it is as expected.
    func judge(_ answer: Health) -> UpdateFailure? {
        switch answer {
        case .unhealthy(let reason): return UpdateFailure(.healthCheckFailed, ["reason": reason])
        case .healthy(let found):
            guard let version else { return nil }
            guard let found else {
                return mustSayVersion
                    ? UpdateFailure(.healthCheckFailed, ["reason": "it does not say its version"]) : nil
            }
            return Version.isSame(found, version)
                ? nil : UpdateFailure(.wrongVersion, ["expected": version, "found": found])
        }
    }
}
