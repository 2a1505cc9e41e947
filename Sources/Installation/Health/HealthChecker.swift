// SPDX-License-Identifier: Apache-2.0

/// What one question about the application's health was answered.
public enum Health: Sendable, Hashable {
    /// `version` is what the application said of itself, `nil` when it does not say.
    case healthy(version: String?)
    /// Why not, in the words of the system or of the other side.
    case unhealthy(reason: String)
}

/// Asks the application once. The runner repeats it until its time is up.
public protocol HealthChecker: Sendable {
    /// `expected` is the version that should answer; only a checker that looks for it in free text needs it.
    func check(expecting expected: String?, timeoutSeconds: Double) async -> Health
}
