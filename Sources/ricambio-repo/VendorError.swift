// SPDX-License-Identifier: Apache-2.0
internal import ObjectStore
internal import Packaging
internal import Platform
internal import TUFRepository

/// Why a command of the vendor's did not do what it was asked, in a sentence for the release engineer.
struct VendorError: Error, Hashable, CustomStringConvertible {
    /// The raw values are exit codes.
    enum Code: Int32, CaseIterable {
        case failed = 1
        case usage = 2
        case exists = 3
        case refused = 4
        case notFound = 5
        case damaged = 6
        case busy = 7
        case waits = 8

        var help: String {
            switch self {
            case .failed: "something else went wrong (disk full, no permission, …); nothing was published"
            case .usage: "the command line is wrong"
            case .exists: "the repository or the version exists already"
            case .refused: "a folder holds what a release cannot carry, or changed while it was read"
            case .notFound: "no such repository, product, version or file"
            case .damaged: "the repository or its keys are damaged or expired"
            case .waits: "nothing was published yet: what was prepared waits for signatures (see “status”)"
            case .busy: "somebody else is publishing into this repository, or has published into the store"
            }
        }
    }

    var code: Code
    var sentence: String

    init(_ code: Code, _ sentence: String) {
        self.code = code
        self.sentence = sentence
    }

    var description: String { sentence }

    static var exitCodesHelp: String {
        "EXIT CODES:\n  0  done\n" + Code.allCases.map { "  \($0.rawValue)  \($0.help)" }.joined(separator: "\n")
    }

    /// `nil` for errors that are the command line library's own.
    init?(wrapping error: any Error) {
        switch error {
        case let error as VendorError: self = error
        case let error as PackagingError: self.init(error)
        case let error as FileError:
            self.init(error.code == .notFound ? .notFound : .failed, "\(error.description).")
        case let error as RepositoryError: self.init(error)
        case let error as UploadError: self.init(error)
        default: return nil
        }
    }

    init(_ error: RepositoryError) {
        let code: Code =
            switch error.code {
            case .exists: .exists
            case .notARepository, .unknownProduct: .notFound
            case .locked: .busy
            case .waitsForSignatures: .waits
            case .badName: .usage
            case .missingKey, .badKey, .metadata: .damaged
            case .file(let file): file.code == .notFound ? .notFound : .failed
            }
        self.init(code, "\(error.reason).")
    }

    init(_ error: UploadError) {
        let code: Code =
            switch error.code {
            case .conflict, .older: .busy
            case .incomplete: .damaged
            case .store(.notFound): .notFound
            case .store, .file: .failed
            }
        self.init(code, error.reason)
    }

    init(_ error: PackagingError) {
        let code: Code =
            switch error.code {
            case .escapes, .changedWhileRead, .unsupported: .refused
            case .tampered, .untrusted: .damaged
            case .malformed: .refused
            case .notFound: .notFound
            case .exists: .exists
            case .file(let file): file.code == .notFound ? .notFound : .failed
            case .fetch: .failed
            }
        self.init(code, error.description)
    }
}
