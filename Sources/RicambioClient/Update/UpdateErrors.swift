// SPDX-License-Identifier: Apache-2.0
import Packaging
import Platform
import Replacement
import SystemPackage

// What other parts throw while a client updates itself, in this library's words: here and nowhere else.
extension ClientError {
    /// Whatever was thrown.
    init(_ error: any Error) {
        switch error {
        case let error as ClientError: self = error
        case let error as FileError: self.init(error)
        case let error as PackagingError: self.init(error)
        case let error as ReplacementError: self.init(error)
        case is CancellationError: self = .cancelledUpdate
        default: self.init(.folder, "\(error)")
        }
    }

    static let cancelledUpdate = ClientError(.cancelled, "Cancelled. Nothing was changed.")

    init(_ error: FileError) {
        self.init(.folder, error.description)
    }

    /// What a release's reader found wrong.
    init(_ error: PackagingError) {
        switch error.code {
        case .file(let file):
            self.init(file)
        case .fetch, .notFound:
            self.init(.releaseUnavailable, error.description)
        case .untrusted(let trust):
            switch trust.code {
            case .fetch, .notFound: self.init(.releaseUnavailable, error.description)
            default: self.init(.untrustedRelease, error.description)
            }
        default:
            self.init(.untrustedRelease, error.description)
        }
    }

    /// Why a folder cannot be replaced, as the person at the screen would want to hear it.
    init(_ error: ReplacementError) {
        let path = error.path.readable
        switch error.code {
        case .file(let error): self.init(error)
        case .missing: self.init(.folder, "\(path) is not there, or is no folder.")
        case .unknown(let why): self.init(.folder, "\(path) \(Self.words(why)) It was left as it is.")
        case .inTheWay: self.init(.folder, "\(path) is in the way: move it away, then update again.")
        case .notSameFileSystem:
            self.init(.folder, "\(path) cannot change places with the new version beside it: \(error.reason).")
        case .linkHidesRelease:
            self.init(
                .folder,
                "\(path) is a link, behind which a file of the new version would not be seen (\(error.reason)). "
                    + "Put a folder in the link's place, then update again.")
        case .linkLeadsNowhere:
            self.init(.folder, "\(path) is a link to a folder that is not there, and your files are behind it.")
        case .tooDeep: self.init(.folder, "\(path) has more folders inside folders than can be copied.")
        case .tampered: self.init(.untrustedRelease, "\(path) is not what the vendor made: \(error.reason).")
        case .immutable: self.init(.folder, "\(path) is marked as immutable (chattr), so it cannot be replaced.")
        case .sticky:
            self.init(.folder, "In \(path) only its owner may replace this program's folder: \(error.reason).")
        case .notEnoughBytes(let free, let needed):
            self.init(.folder, "\(path) has \(free) bytes free; the update needs \(needed). Nothing was changed.")
        case .notEnoughFiles(let free, let needed):
            self.init(
                .folder,
                "On the file system of \(path) \(free) more files can be made; the update needs \(needed). "
                    + "Nothing was changed.")
        case .command: self.init(.folder, "\(path): \(error.reason).")
        case .cancelled: self = .cancelledUpdate
        }
    }

    /// After the path.
    private static func words(_ why: UnknownFolder) -> String {
        switch why {
        case .noFolder: "is not a folder."
        case .nothingMatches: "is not what was installed there: somebody has put something else in its place."
        case .mixed: "holds files of two versions, so nobody can say which it is."
        case .noDifference: "cannot be told from other folders, so nobody can say which version it is."
        case .atTwoPlaces: "is there twice, so nobody can say which one is the copy."
        case .retired: "is a version of earlier, which does not belong there."
        case .changedMeanwhile: "was changed by somebody while the folders were changing places."
        case .notListed: "holds more than was installed there."
        }
    }

    /// Runs file operations and reports their errors as this type.
    static func files<Value>(_ body: () throws(FileError) -> Value) throws(ClientError) -> Value {
        do {
            return try body()
        } catch {
            throw ClientError(error)
        }
    }

    /// The same for what replaces folders.
    static func replacement<Value>(_ body: () throws(ReplacementError) -> Value) throws(ClientError) -> Value {
        do {
            return try body()
        } catch {
            throw ClientError(error)
        }
    }

    static func packaging<Value>(
        _ body: () async throws(PackagingError) -> Value
    ) async throws(ClientError) -> Value {
        do {
            return try await body()
        } catch {
            throw ClientError(error)
        }
    }
}
