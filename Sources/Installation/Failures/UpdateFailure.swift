// SPDX-License-Identifier: Apache-2.0
public import AgentAPI

/// Why a run did not do what was ordered: a code and what its sentences need to know. The words are in
/// `AgentAPI.Catalogue`.
public struct UpdateFailure: Error, Sendable, Hashable, Codable {
    public var code: FailureCode
    /// `path`, `needed` and `free` (bytes), `reason`, `version`, …: whatever there is.
    public var arguments: [String: String]

    public init(_ code: FailureCode, _ arguments: [String: String] = [:]) {
        self.code = code
        self.arguments = arguments
    }

    /// For logs and for the argument `reason` of another failure.
    public var reason: String {
        guard !arguments.isEmpty else { return code.rawValue }
        return code.rawValue + " ("
            + arguments.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + ")"
    }

    /// What can be said of the service when the failure came before it was stopped: that it goes on running, unless the
    /// failure is that it does not, or that what stands there is none that is known.
    var stateWhileUp: SystemState? {
        switch code {
        case .serviceUnhealthy, .folderUnknown, .folderMissing, .notInstalled: nil
        default: .untouched
        }
    }

    public func sentences(in language: Language, state: SystemState? = nil) -> Failure {
        Catalogue.failure(code, arguments, language: language, state: state)
    }
}
