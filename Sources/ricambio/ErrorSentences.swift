// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Packaging
import RicambioClient

/// What a person reads of an error, and what a script does: sentences and an exit code, never a stack trace.
extension CommandLineError {
    init(describing error: any Error) {
        switch error {
        case let error as CommandLineError: self = error
        case let error as ClientError: self.init(client: error)
        case let error as Problem: self.init(Self.exit(status: error.status, code: error.code), problem: error)
        case let error as Failure: self.init(.failed, error.happened, error.state, error.remedy)
        case let error as PackagingError: self.init(packaging: error)
        default: self.init(.failed, "\(error)")
        }
    }

    private init(client error: ClientError) {
        if let problem = error.problem {
            self.init(Self.exit(status: problem.status, code: problem.code), problem: problem)
            return
        }
        switch error.code {
        case .unreachable: self.init(.unreachable, error.reason)
        case .untrustedAgent:
            self.init(
                .notAllowed, error.reason, "Nothing was sent to it.",
                "If this is your agent, give the fingerprint it prints when it starts with --fingerprint.")
        case .unauthorized:
            self.init(.notAllowed, error.reason, "Log in again with: ricambio login URL")
        case .notAllowed: self.init(.notAllowed, error.reason)
        case .invalidAddress: self.init(.usage, error.reason)
        default: self.init(.failed, error.reason)
        }
    }

    private init(_ exit: CommandExit, problem: Problem) {
        let said = problem.detail.isEmpty ? problem.title : problem.detail
        self.init(exit, sentences: [said, problem.state, problem.remedy].compactMap { $0 }.filter { !$0.isEmpty })
    }

    private init(packaging error: PackagingError) {
        switch error.code {
        case .fetch: self.init(.unreachable, "\(error)")
        default: self.init(.failed, "\(error)")
        }
    }

    private static func exit(status: Int, code: String) -> CommandExit {
        switch (status, code) {
        case (401, _), (403, _): .notAllowed
        case (_, "vendor-unreachable"): .unreachable
        case (_, "nothing-to-update"), (_, "already-installed"): .nothingToUpdate
        default: .failed
        }
    }
}
