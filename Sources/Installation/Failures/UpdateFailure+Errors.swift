// SPDX-License-Identifier: Apache-2.0
internal import AgentAPI
internal import Packaging
internal import Platform
internal import Replacement
internal import ServiceControl
internal import SystemPackage
internal import TUF

// What other parts throw, as the code that a person gets.
extension UpdateFailure {
    /// Whatever was thrown.
    public init(_ error: any Error) {
        switch error {
        case let failure as UpdateFailure: self = failure
        case let error as FileError: self.init(file: error)
        case let error as ReplacementError: self.init(replacement: error)
        case let error as PackagingError: self.init(packaging: error)
        case let error as ServiceError: self.init(service: error)
        case let error as TUFError: self.init(trust: error)
        case let error as FetchError: self.init(fetch: error)
        case is CancellationError: self.init(.cancelled)
        default: self.init(.unexpected, ["reason": "\(error)"])
        }
    }

    private init(file error: FileError) {
        let arguments = ["path": error.path, "reason": error.description]
        switch error.code {
        case .permissionDenied, .readOnly: self.init(.folderNotWritable, arguments)
        case .noSpace: self.init(.notEnoughSpace, arguments)
        case .crossesFileSystems, .mountPoint:
            let other = FilePath(error.path).removingLastComponent().string
            self.init(.notSameFileSystem, arguments.merging(["other": other]) { $1 })
        default: self.init(.fileFailed, arguments)
        }
    }

    init(replacement error: ReplacementError) {
        let path = error.path.readable
        var arguments = ["path": path]
        if !error.reason.isEmpty { arguments["reason"] = error.reason }
        switch error.code {
        case .file(let error): self.init(file: error)
        case .missing: self.init(.folderMissing, arguments)
        case .unknown(let why): self.init(unknown: why, at: error.path)
        case .inTheWay: self.init(.folderInTheWay, arguments)
        case .notSameFileSystem:
            let other = error.path.removingLastComponent().readable
            self.init(.notSameFileSystem, arguments.merging(["other": other]) { $1 })
        case .linkHidesRelease, .linkLeadsNowhere: self.init(.linkInTheWay, arguments)
        case .tooDeep: self.init(.fileFailed, arguments.merging(["reason": "folders inside folders, too deep"]) { $1 })
        case .tampered: self.init(.packTampered, arguments)
        case .immutable: self.init(.folderCannotMove, arguments.merging(["cause": "immutable"]) { $1 })
        case .sticky: self.init(.folderCannotMove, arguments.merging(["cause": "owner"]) { $1 })
        case .notEnoughBytes(let free, let needed):
            let figures = ["free": String(free), "needed": String(needed)]
            self.init(.notEnoughSpace, arguments.merging(figures) { $1 })
        case .notEnoughFiles(let free, let needed):
            let figures = ["free": String(free), "needed": String(needed)]
            self.init(.notEnoughFiles, arguments.merging(figures) { $1 })
        case .command: self.init(.dataCommandFailed, arguments.merging(["command": path]) { $1 })
        case .cancelled: self.init(.cancelled)
        }
    }

    /// What could not be removed: nothing is lost, and it is tried again.
    init(leftBehind error: FileError) {
        self.init(.leftBehind, ["path": error.path, "reason": error.code.reason])
    }

    private init(packaging error: PackagingError) {
        var arguments = ["reason": error.reason]
        if let place = error.place { arguments["path"] = place }
        switch error.code {
        case .tampered: self.init(.packTampered, arguments)
        case .malformed, .unsupported, .escapes: self.init(.releaseUnsafe, arguments)
        case .notFound(.channel): self.init(.channelUnknown, arguments)
        case .notFound(.release): self.init(.releaseUnknown, arguments)
        case .notFound(.part(let version, let component, let platform)):
            let part = ["version": version, "component": component, "platform": platform]
            self.init(.partMissing, arguments.merging(part) { $1 })
        case .untrusted(let error): self.init(trust: error)
        case .fetch(let error): self.init(fetch: error)
        case .file(let error): self.init(file: error)
        case .changedWhileRead, .exists: self.init(.fileFailed, arguments)
        }
    }

    private init(trust error: TUFError) {
        var arguments = ["reason": error.reason]
        if let role = error.role { arguments["role"] = role }
        switch error.code {
        case .malformed: self.init(.metadataMalformed, arguments)
        case .threshold, .tampered, .wrongVersion: self.init(.metadataUntrusted, arguments)
        case .expired: self.init(.metadataExpired, arguments)
        case .rollback: self.init(.metadataRolledBack, arguments)
        // A role that is not there is no repository at this address, or half of one.
        case .notFound: self.init(error.role == nil ? .releaseUnknown : .vendorUnreachable, arguments)
        case .fetch(let error): self.init(fetch: error)
        case .store(let error): self.init(file: error)
        case .noTrustedRoot: self.init(.rootUnusable, arguments)
        }
    }

    private init(fetch error: FetchError) {
        let arguments = ["url": error.url, "reason": error.reason]
        switch error.code {
        case .cancelled: self.init(.cancelled)
        case .tooLong: self.init(.packTampered, arguments)
        case .notFound, .stalled, .unreachable, .status, .rangeNotSupported: self.init(.vendorUnreachable, arguments)
        case .receiver: self.init(.fileFailed, arguments)
        }
    }

    private init(service error: ServiceError) {
        let arguments = ["command": error.place, "reason": error.reason]
        switch error.code {
        case .doesNotStop: self.init(.serviceDoesNotStop, arguments)
        case .wentToBackground: self.init(.wentToBackground, arguments)
        case .diedAtOnce: self.init(.serviceExited, arguments)
        case .file(let error): self.init(file: error)
        case .notFound, .notExecutable, .noFolder, .alreadyRunning, .system:
            self.init(.serviceCannotStart, arguments)
        }
    }
}
