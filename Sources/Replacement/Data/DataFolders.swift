// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

extension FileSystem {
    /// The folder that holds what is at a path on which no symlink is: one that has come there since is `isSymlink`, and not
    /// followed. `nil` when there is none.
    func folder(above path: FilePath) throws(FileError) -> (any Folder)? {
        do {
            return try folder(withoutLinks: path.removingLastComponent())
        } catch  where error.code == .notFound || error.code == .notDirectory {
            return nil
        }
    }
}

/// Asks a check of this target within a walk of ``Platform``, which knows file errors only; what it threw comes out as it was.
struct Cancellation {
    private var reason: ReplacementError?

    mutating func ask(_ check: CancellationCheck) throws(FileError) {
        do throws(ReplacementError) {
            try check()
        } catch {
            reason = error
            throw FileError(.busy, operation: "go on with", path: error.path)
        }
    }

    /// Why the walk ended.
    func error(_ error: FileError) -> ReplacementError {
        if let reason { return reason }
        guard error.code == .mountPoint else { return ReplacementError(error) }
        return ReplacementError(.notSameFileSystem, path: FilePath(error.path), reason: error.code.reason)
    }
}

extension TreeCopy {
    /// What the copy of the data at `place` has not got.
    func notCarried(of place: FilePath) -> [NotCarried] {
        leftOut.map { NotCarried(path: place.pushing($0), what: .special) }
            + lost.flatMap { lost in
                lost.parts.sorted().map { NotCarried(path: place.pushing(lost.path), what: .part($0)) }
            }
    }
}
