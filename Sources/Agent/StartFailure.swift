// SPDX-License-Identifier: Apache-2.0
public import AgentAPI

/// Why the agent did not start, in the three sentences that people act on, with the exit code of the process.
public struct StartFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public var failure: Failure
    public var exitCode: Int32

    public init(_ failure: Failure, exitCode: Int32 = 1) {
        self.failure = failure
        self.exitCode = exitCode
    }

    public var description: String { "\(failure.happened) \(failure.state) \(failure.remedy)" }
}
