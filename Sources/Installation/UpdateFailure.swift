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

    public func sentences(in language: Language, state: SystemState? = nil) -> Failure {
        Catalogue.failure(code, arguments, language: language, state: state)
    }
}
