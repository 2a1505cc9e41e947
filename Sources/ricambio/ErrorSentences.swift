// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import RicambioClient

/// What a person reads of an error, and what a script does: sentences and an exit code, never a stack trace.
extension CommandLineError {
    init(describing error: any Error, _ language: Language) {
        switch error {
        case let error as CommandLineError: self = error
        case let error as ClientError: self.init(error, language)
        default: self.init(UpdateFailure(error), language, state: .nothingChanged)
        }
    }

    /// A failure in the person's language.
    init(_ failure: UpdateFailure, _ language: Language, state: SystemState? = nil) {
        self.init(failure.code, failure.sentences(in: language, state: state))
    }

    /// A failure of this name, in the person's language.
    init(_ code: FailureCode, _ arguments: [String: String], _ language: Language) {
        self.init(code, Catalogue.failure(code, arguments, language: language))
    }

    private init(_ code: FailureCode, _ failure: Failure) {
        self.init(CommandExit(code), sentences: [failure.happened, failure.state, failure.remedy])
    }

    private init(_ error: ClientError, _ language: Language) {
        if let problem = error.problem {
            let said = problem.detail.isEmpty ? problem.title : problem.detail
            let exit = FailureCode(rawValue: problem.code).map { CommandExit($0) } ?? CommandExit(error.code)
            self.init(exit, sentences: [said, problem.state, problem.remedy].compactMap { $0 }.filter { !$0.isEmpty })
            return
        }
        switch (error.code, error.agent) {
        case (.unreachable, let agent?):
            var arguments = ["url": agent]
            arguments["reason"] = error.cause
            self.init(.agentUnreachable, arguments, language)
        case (.untrustedAgent, let agent?):
            let texts = error.presented?.differsFromPinned == true ? TrustTexts.other : TrustTexts.unknown
            var arguments = ["url": agent]
            arguments["fingerprint"] = error.presented?.fingerprint
            self.init(.notAllowed, sentences: texts.map { $0.filled(arguments, language: language) })
        case (.unauthorized, _):
            self.init(.notLoggedIn, [:], language)
        default:
            self.init(CommandExit(error.code), error.reason)
        }
    }
}

extension CommandExit {
    /// What came of a run that has ended.
    init(_ run: UpdateRun) {
        if run.outcome == .failed, run.order.version != nil, run.failure?.code == FailureCode.releaseUnknown.rawValue {
            // A version that does not exist is the order's fault, whether the agent notices at once or in the run.
            self = .usage
        } else if run.outcome == .failed, run.standing != nil {
            self = .stranded
        } else {
            self.init(run.outcome)
        }
    }

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
        case .alreadyInstalled, .notOfferedYet: self = .nothingToUpdate
        case .installationUnknown, .runUnknown, .graceOutOfRange, .addressInvalid, .timeInThePast, .releaseUnknown,
            .productUnknown, .channelUnknown, .partMissing, .rootUnusable, .accountUnknown, .accountNameInvalid:
            self = .usage
        case .cancelled: self = .cancelled
        default: self = .failed
        }
    }
}
