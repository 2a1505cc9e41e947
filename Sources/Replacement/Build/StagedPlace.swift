// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

extension Trash {
    /// Frees the place where a new folder is built. Only what was built there is removed; anything else is moved out of
    /// the way, into the product's own folder, and stays. Throws when not even its name could go.
    ///
    /// - Parameter built: what was noted of the folder that was last built there, if anything.
    public func clearStaged(_ built: FolderRecord?) throws(ReplacementError) {
        let found = try Identifier(fileSystem).identify(place.staged, among: [built].compactMap(\.self))
        switch found {
        case .absent: return
        case .unknown: try moveStagedAside()
        case .known:
            let left: [Undeletable]
            do throws(ReplacementError) {
                left = try discard(place.staged, as: found)
            } catch {
                // Where the file system keeps no birth times, what a crash left half built cannot be told for certain; a copy
                // may be one in which somebody has worked.
                guard case .unknown = error.code else { throw error }
                return try moveStagedAside()
            }
            if let first = left.first, try stagedIsThere() { throw ReplacementError(first.error) }
        }
    }

    private func stagedIsThere() throws(ReplacementError) -> Bool {
        try ReplacementError.files { () throws(FileError) in try fileSystem.exists(place.staged) }
    }

    private func moveStagedAside() throws(ReplacementError) {
        // An empty folder is one that was made a moment before its note.
        if (try? fileSystem.remove(place.staged)) != nil, try !stagedIsThere() { return }
        try ReplacementError.files { () throws(FileError) in
            try fileSystem.rename(place.staged, to: place.state.appending(Place.strangerPrefix + randomName()))
        }
    }
}
