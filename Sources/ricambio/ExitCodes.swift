// SPDX-License-Identifier: Apache-2.0
import AgentAPI

/// What a script can tell from the exit code; docs/exit-codes.md explains each.
enum CommandExit: Int32, CaseIterable {
    case done = 0
    /// It did not work; standard error says what happened, what state the system is in, and what to do.
    case failed = 1
    case usage = 2
    /// The new version did not become healthy; the old one runs again.
    case rolledBack = 3
    case cancelled = 4
    /// The agent, or the vendor, could not be reached.
    case unreachable = 5
    /// Not logged in, or not with the rights for this.
    case notAllowed = 6
    case nothingToUpdate = 7
    /// The update failed, and going back failed too: a person has to act.
    case stranded = 8

    init(_ outcome: UpdateOutcome?) {
        switch outcome {
        case .updated, nil: self = .done
        case .rolledBack: self = .rolledBack
        case .cancelled: self = .cancelled
        case .failed: self = .failed
        }
    }
}

/// An error that a person reads: sentences, and the exit code for scripts.
struct CommandLineError: Error, Equatable {
    var exit: CommandExit
    /// What happened, what state the system is in, what to do: each a sentence.
    var sentences: [String]

    init(_ exit: CommandExit, _ sentences: String...) {
        self.exit = exit
        self.sentences = sentences
    }

    init(_ exit: CommandExit, sentences: [String]) {
        self.exit = exit
        self.sentences = sentences
    }
}
