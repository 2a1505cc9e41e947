// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import RicambioClient

/// What a person reads of an error, and what a script does: sentences and an exit code, never a stack trace.
extension CommandLineError {
    init(describing error: any Error) {
        switch error {
        case let error as CommandLineError: self = error
        case let error as ClientError: self.init(error)
        case let error as UpdateFailure:
            self.init(error, Language.chosen(nil, environment: ProcessInfo.processInfo.environment))
        default: self.init(.failed, "\(error)")
        }
    }

    /// A failure in the person's language.
    init(_ failure: UpdateFailure, _ language: Language, state: SystemState? = nil) {
        let sentences = failure.sentences(in: language, state: state)
        self.init(
            CommandExit(failure.code), sentences: [sentences.happened, sentences.state, sentences.remedy])
    }

    private init(_ error: ClientError) {
        if let problem = error.problem {
            let said = problem.detail.isEmpty ? problem.title : problem.detail
            let exit = FailureCode(rawValue: problem.code).map { CommandExit($0) } ?? CommandExit(error.code)
            self.init(exit, sentences: [said, problem.state, problem.remedy].compactMap { $0 }.filter { !$0.isEmpty })
            return
        }
        self.init(CommandExit(error.code), error.reason)
        switch error.code {
        case .untrustedAgent:
            sentences += [
                "Nothing was sent to it.",
                "If this is your agent, give the fingerprint it prints when it starts with --fingerprint.",
            ]
        case .unauthorized: sentences.append("Log in again with: ricambio login URL")
        default: break
        }
    }
}

extension CommandExit {
    fileprivate init(_ code: ClientError.Code) {
        switch code {
        case .unreachable, .releaseUnavailable: self = .unreachable
        case .untrustedAgent, .unauthorized, .notAllowed: self = .notAllowed
        case .invalidAddress: self = .usage
        default: self = .failed
        }
    }

    fileprivate init(_ code: FailureCode) {
        switch code {
        case .vendorUnreachable, .agentUnreachable: self = .unreachable
        case .notLoggedIn, .loginFailed, .notAllowed, .passwordMustChange, .agentUntrusted, .tooManyAttempts:
            self = .notAllowed
        case .alreadyInstalled: self = .nothingToUpdate
        case .installationUnknown, .runUnknown, .graceOutOfRange, .addressInvalid, .timeInThePast, .releaseUnknown,
            .productUnknown, .channelUnknown, .partMissing, .accountUnknown, .accountNameInvalid:
            self = .usage
        case .cancelled: self = .cancelled
        default: self = .failed
        }
    }
}
