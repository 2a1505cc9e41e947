// SPDX-License-Identifier: Apache-2.0

/// Words and sentences of the command line and of client programs; arguments stand at each case.
public enum TextKey: String, Sendable, CaseIterable, Hashable {
    // Columns and labels.
    case installation
    case product
    case version
    case available
    case channel
    case folder
    case service
    case sessions
    case person
    case workstation
    case client
    case state
    case since
    case date
    case severity
    case size
    case notes
    case run
    case from
    case to
    case orderedBy
    case orderedAt
    case outcome
    case step
    case duration
    case downtime
    case kept
    case actor
    case action
    case happened
    case systemState
    case remedy
    case installed
    case current
    case recalled
    case none
    case account
    case role
    case password
    case passwordOwn
    case passwordOneTime
    case chosen
    case possible
    case content
    case toFetch
    case requests
    case wayNothing
    case wayDelta
    case wayRanges
    case wayPack
    case previousVersion
    case remarks
    case dataCommands
    // Sentences of the command line.
    /// `bytes`, written out
    case reused
    /// `version`
    case upToDate
    /// `version`
    case updateAvailable
    /// `product`, `from`, `to`, `people`, `grace`, all written out
    case confirmUpdate
    /// the letters that mean yes
    case yesLetters
    /// `id`
    case updateOrdered
    /// `id`, `date`
    case updateScheduled
    case updateDetached
    /// `product`, `from`, `to`, `time`
    case updated
    /// `product`, `from`, `to`
    case rolledBack
    /// `product`, `to`
    case failed
    case stranded
    /// `product`, `to`
    case cancelled
    case nothingToCancel
    case noRuns
    case noSessions
    case noReleases
    /// `time`
    case timeLeft
    /// `product`, `version`
    case installing
    /// `product`, `version`, `folder`
    case installedInto
    /// `user`
    case passwordPrompt
    case newPasswordPrompt
    case repeatPasswordPrompt
    case passwordsDiffer
    case passwordMustChange
    /// `user`, `url`
    case loggedIn
    /// `url`, `fingerprint`
    case trustFingerprint
    /// `list`
    case chooseInstallation
    /// `user`
    case accountAdded
    /// `user`
    case accountReset
    /// `user`
    case accountRemoved
    /// `password`
    case oneTimePassword
    case oneTimePasswordNote
    // Client programs.
    /// `person`, `product`
    case welcome
    /// `time`
    case countdown
    case sayReady
    case readySaid
    case sessionClosed
    case serverAway
    /// `version`
    case serverBack
    /// `version`
    case clientUpdating
    /// `version`
    case clientUpdated
    case unsaved
}

extension TextKey {
    // A plain table without a default: a key without its four texts does not compile.
    var text: LocalizedText {
        switch self {
        case .installation: .installation
        case .product: .product
        case .version: .version
        case .available: .available
        case .channel: .channel
        case .folder: .folder
        case .service: .service
        case .sessions: .sessions
        case .person: .person
        case .workstation: .workstation
        case .client: .client
        case .state: .state
        case .since: .since
        case .date: .date
        case .severity: .severity
        case .size: .size
        case .notes: .notes
        case .run: .run
        case .from: .from
        case .to: .to
        case .orderedBy: .orderedBy
        case .orderedAt: .orderedAt
        case .outcome: .outcome
        case .step: .step
        case .duration: .duration
        case .downtime: .downtime
        case .kept: .kept
        case .actor: .actor
        case .action: .action
        case .happened: .happened
        case .systemState: .systemState
        case .remedy: .remedy
        case .installed: .installed
        case .current: .current
        case .recalled: .recalled
        case .chosen: .chosen
        case .possible: .possible
        case .content: .content
        case .toFetch: .toFetch
        case .requests: .requests
        case .wayNothing: .wayNothing
        case .wayDelta: .wayDelta
        case .wayRanges: .wayRanges
        case .wayPack: .wayPack
        case .previousVersion: .previousVersion
        case .remarks: .remarks
        case .dataCommands: .dataCommands
        case .reused: .reused
        case .none: .none
        case .account: .account
        case .role: .role
        case .password: .password
        case .passwordOwn: .passwordOwn
        case .passwordOneTime: .passwordOneTime
        case .upToDate: .upToDate
        case .updateAvailable: .updateAvailable
        case .confirmUpdate: .confirmUpdate
        case .yesLetters: .yesLetters
        case .updateOrdered: .updateOrdered
        case .updateScheduled: .updateScheduled
        case .updateDetached: .updateDetached
        case .updated: .updated
        case .rolledBack: .rolledBack
        case .failed: .failed
        case .stranded: .stranded
        case .cancelled: .cancelled
        case .nothingToCancel: .nothingToCancel
        case .noRuns: .noRuns
        case .noSessions: .noSessions
        case .noReleases: .noReleases
        case .timeLeft: .timeLeft
        case .installing: .installing
        case .installedInto: .installedInto
        case .passwordPrompt: .passwordPrompt
        case .newPasswordPrompt: .newPasswordPrompt
        case .repeatPasswordPrompt: .repeatPasswordPrompt
        case .passwordsDiffer: .passwordsDiffer
        case .passwordMustChange: .passwordMustChange
        case .loggedIn: .loggedIn
        case .trustFingerprint: .trustFingerprint
        case .chooseInstallation: .chooseInstallation
        case .accountAdded: .accountAdded
        case .accountReset: .accountReset
        case .accountRemoved: .accountRemoved
        case .oneTimePassword: .oneTimePassword
        case .oneTimePasswordNote: .oneTimePasswordNote
        case .welcome: .welcome
        case .countdown: .countdown
        case .sayReady: .sayReady
        case .readySaid: .readySaid
        case .sessionClosed: .sessionClosed
        case .serverAway: .serverAway
        case .serverBack: .serverBack
        case .clientUpdating: .clientUpdating
        case .clientUpdated: .clientUpdated
        case .unsaved: .unsaved
        }
    }
}
