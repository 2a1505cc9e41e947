// SPDX-License-Identifier: Apache-2.0

/// Everything that can go wrong and that a person has to know of. The raw values are stable: they stand in the API,
/// in `--json` and in problem types. The arguments that the sentences use stand at each case; `reason`, in the words of
/// the system or of the other side, may always be added and may always be left out.
public enum FailureCode: String, Codable, Sendable, CaseIterable, Hashable {
    // The agent's start.
    /// `port`
    case portInUse = "port-in-use"
    /// `port`
    case portNotAllowed = "port-not-allowed"
    /// `file`, `line`
    case configurationInvalid = "configuration-invalid"
    /// `file`, `line`, `key`, `suggestion` (optional)
    case configurationUnknownKey = "configuration-unknown-key"
    /// `path`
    case certificateUnusable = "certificate-unusable"
    /// `path`
    case stateFolderUnusable = "state-folder-unusable"
    /// `path`
    case secretUnreadable = "secret-unreadable"

    // The vendor's repository.
    /// `url` (optional)
    case vendorUnreachable = "vendor-unreachable"
    /// `path`
    case rootUnusable = "root-unusable"
    /// `role`, `date` (optional)
    case metadataExpired = "metadata-expired"
    /// `role`
    case metadataUntrusted = "metadata-untrusted"
    /// `role`
    case metadataRolledBack = "metadata-rolled-back"
    /// `role`
    case metadataMalformed = "metadata-malformed"
    /// `version` (optional)
    case packTampered = "pack-tampered"
    /// `version` (optional)
    case releaseUnsafe = "release-unsafe"
    /// `product`
    case productUnknown = "product-unknown"
    /// `channel`, `product`
    case channelUnknown = "channel-unknown"
    /// `version`, `channel` (optional)
    case releaseUnknown = "release-unknown"
    /// `version`
    case releaseRecalled = "release-recalled"
    /// `version`, `component`, `platform`
    case partMissing = "part-missing"
    /// `version`, `required`
    case versionTooOld = "version-too-old"
    /// `version`, `required`
    case agentTooOld = "agent-too-old"

    // The place.
    /// `path`
    case folderNotWritable = "folder-not-writable"
    /// `path`
    case folderMissing = "folder-missing"
    /// `path`
    case folderNotEmpty = "folder-not-empty"
    /// `path`
    case folderInTheWay = "folder-in-the-way"
    /// `path`
    case folderUnknown = "folder-unknown"
    /// `path`, `cause` (optional: `immutable`, `owner`, `layer`, `mounted`)
    case folderCannotMove = "folder-cannot-move"
    /// `path`
    case linkInTheWay = "link-in-the-way"
    /// `path`
    case notInstalled = "not-installed"
    /// `path`, `free`, `needed` (bytes)
    case notEnoughSpace = "not-enough-space"
    /// `path`, `free`, `needed` (files)
    case notEnoughFiles = "not-enough-files"
    /// `path`, `other`
    case notSameFileSystem = "not-same-file-system"
    /// `path`
    case fileFailed = "file-failed"
    /// `path`
    case locked = "locked"
    case clockWrong = "clock-wrong"

    // The service.
    /// `command`
    case serviceCannotStart = "service-cannot-start"
    /// `version`, `status` (both optional)
    case serviceExited = "service-exited"
    /// `command`, `count` (processes)
    case wentToBackground = "went-to-background"
    /// `version`
    case serviceUnhealthy = "service-unhealthy"
    /// `listener` (optional)
    case stillAnswers = "still-answers"
    /// `seconds`, `reason` (both optional)
    case serviceDoesNotStop = "service-does-not-stop"
    /// `version`, `seconds`
    case healthCheckFailed = "health-check-failed"
    /// `expected`, `found`
    case wrongVersion = "wrong-version"
    /// `from`
    case rollbackFailed = "rollback-failed"

    // The run.
    /// `command`
    case dataCommandFailed = "data-command-failed"
    /// `path`
    case leftBehind = "left-behind"
    /// `path`
    case truthNotWritten = "truth-not-written"
    /// `by` (optional)
    case cancelled = "cancelled"
    /// `step`
    case interrupted = "interrupted"
    /// `seconds`
    case deadlinePassed = "deadline-passed"
    /// `version`
    case alreadyInstalled = "already-installed"
    /// `version`
    case notOfferedYet = "not-offered-yet"
    /// `time` (optional)
    case missedItsTime = "missed-its-time"
    case updateRunning = "update-running"
    case tooLateToCancel = "too-late-to-cancel"
    case unexpected = "unexpected"

    // Requests.
    case requestInvalid = "request-invalid"
    /// `limit` (bytes)
    case requestTooLarge = "request-too-large"
    case notFound = "not-found"
    /// `id`
    case installationUnknown = "installation-unknown"
    /// `id`
    case runUnknown = "run-unknown"
    case graceOutOfRange = "grace-out-of-range"
    /// `address`
    case addressInvalid = "address-invalid"
    case timeInThePast = "time-in-the-past"
    case notLoggedIn = "not-logged-in"
    case loginFailed = "login-failed"
    /// `seconds`
    case tooManyAttempts = "too-many-attempts"
    case notAllowed = "not-allowed"
    case passwordMustChange = "password-must-change"
    /// `minimum` (characters)
    case passwordTooWeak = "password-too-weak"
    case loginsRefused = "logins-refused"
    case sessionUnknown = "session-unknown"
    /// `platform`
    case clientMissing = "client-missing"

    // Accounts, at the agent's machine.
    case noAccounts = "no-accounts"
    /// `user`
    case accountUnknown = "account-unknown"
    /// `user`
    case accountExists = "account-exists"
    /// `user`
    case accountNameInvalid = "account-name-invalid"
    /// `user`
    case lastAdministrator = "last-administrator"

    // Reaching the agent.
    /// `url`
    case agentUnreachable = "agent-unreachable"
    /// `url`
    case agentUntrusted = "agent-untrusted"

    // Mail.
    /// `server`, `address` (optional)
    case mailRefused = "mail-refused"
    /// `server`
    case mailLoginFailed = "mail-login-failed"
    /// `server`
    case mailServerUnreachable = "mail-server-unreachable"
    /// `server`
    case mailCertificateInvalid = "mail-certificate-invalid"
    /// `path`
    case mailFolderNotWritable = "mail-folder-not-writable"
    /// `address`
    case mailGivenUp = "mail-given-up"
}

/// The sentences of one failure, and the state it usually leaves behind.
struct FailureTexts: Sendable {
    let happened: LocalizedText
    let state: SystemState
    let remedy: LocalizedText
    /// Better ones where the argument `cause` says which of several it was.
    let remedies: [String: LocalizedText]

    init(
        _ happened: LocalizedText, _ state: SystemState, _ remedy: LocalizedText,
        byCause remedies: [String: LocalizedText] = [:]
    ) {
        self.happened = happened
        self.state = state
        self.remedy = remedy
        self.remedies = remedies
    }

    func remedy(for cause: String?) -> LocalizedText { cause.flatMap { remedies[$0] } ?? remedy }
}

extension FailureCode {
    // A plain table without a default: a code without sentences does not compile.
    var texts: FailureTexts {
        switch self {
        case .portInUse: .portInUse
        case .portNotAllowed: .portNotAllowed
        case .configurationInvalid: .configurationInvalid
        case .configurationUnknownKey: .configurationUnknownKey
        case .certificateUnusable: .certificateUnusable
        case .stateFolderUnusable: .stateFolderUnusable
        case .secretUnreadable: .secretUnreadable
        case .vendorUnreachable: .vendorUnreachable
        case .rootUnusable: .rootUnusable
        case .metadataExpired: .metadataExpired
        case .metadataUntrusted: .metadataUntrusted
        case .metadataRolledBack: .metadataRolledBack
        case .metadataMalformed: .metadataMalformed
        case .packTampered: .packTampered
        case .releaseUnsafe: .releaseUnsafe
        case .productUnknown: .productUnknown
        case .channelUnknown: .channelUnknown
        case .releaseUnknown: .releaseUnknown
        case .releaseRecalled: .releaseRecalled
        case .partMissing: .partMissing
        case .versionTooOld: .versionTooOld
        case .agentTooOld: .agentTooOld
        case .folderNotWritable: .folderNotWritable
        case .folderMissing: .folderMissing
        case .folderNotEmpty: .folderNotEmpty
        case .folderInTheWay: .folderInTheWay
        case .folderUnknown: .folderUnknown
        case .folderCannotMove: .folderCannotMove
        case .linkInTheWay: .linkInTheWay
        case .notInstalled: .notInstalled
        case .notEnoughSpace: .notEnoughSpace
        case .notEnoughFiles: .notEnoughFiles
        case .notSameFileSystem: .notSameFileSystem
        case .fileFailed: .fileFailed
        case .locked: .locked
        case .clockWrong: .clockWrong
        case .serviceCannotStart: .serviceCannotStart
        case .serviceExited: .serviceExited
        case .wentToBackground: .wentToBackground
        case .serviceUnhealthy: .serviceUnhealthy
        case .stillAnswers: .stillAnswers
        case .serviceDoesNotStop: .serviceDoesNotStop
        case .healthCheckFailed: .healthCheckFailed
        case .wrongVersion: .wrongVersion
        case .rollbackFailed: .rollbackFailed
        case .dataCommandFailed: .dataCommandFailed
        case .leftBehind: .leftBehind
        case .truthNotWritten: .truthNotWritten
        case .cancelled: .cancelled
        case .interrupted: .interrupted
        case .deadlinePassed: .deadlinePassed
        case .alreadyInstalled: .alreadyInstalled
        case .notOfferedYet: .notOfferedYet
        case .missedItsTime: .missedItsTime
        case .updateRunning: .updateRunning
        case .tooLateToCancel: .tooLateToCancel
        case .unexpected: .unexpected
        case .requestInvalid: .requestInvalid
        case .requestTooLarge: .requestTooLarge
        case .notFound: .notFound
        case .installationUnknown: .installationUnknown
        case .runUnknown: .runUnknown
        case .graceOutOfRange: .graceOutOfRange
        case .addressInvalid: .addressInvalid
        case .timeInThePast: .timeInThePast
        case .notLoggedIn: .notLoggedIn
        case .loginFailed: .loginFailed
        case .tooManyAttempts: .tooManyAttempts
        case .notAllowed: .notAllowed
        case .passwordMustChange: .passwordMustChange
        case .passwordTooWeak: .passwordTooWeak
        case .loginsRefused: .loginsRefused
        case .sessionUnknown: .sessionUnknown
        case .clientMissing: .clientMissing
        case .noAccounts: .noAccounts
        case .accountUnknown: .accountUnknown
        case .accountExists: .accountExists
        case .accountNameInvalid: .accountNameInvalid
        case .lastAdministrator: .lastAdministrator
        case .agentUnreachable: .agentUnreachable
        case .agentUntrusted: .agentUntrusted
        case .mailRefused: .mailRefused
        case .mailLoginFailed: .mailLoginFailed
        case .mailServerUnreachable: .mailServerUnreachable
        case .mailCertificateInvalid: .mailCertificateInvalid
        case .mailFolderNotWritable: .mailFolderNotWritable
        case .mailGivenUp: .mailGivenUp
        }
    }
}
