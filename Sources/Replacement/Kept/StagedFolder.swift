// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// A folder of the new version while the customer's files are put into it. The customer's win; what the release has under
/// their names lies beside them.
final class StagedFolder {
    let folder: any Folder
    let release: ReleaseFolder
    /// Its times, or its mode, are not what they were: its metadata has to be set.
    private(set) var isTouched: Bool

    init(_ folder: any Folder, release: ReleaseFolder, isTouched: Bool = false) {
        (self.folder, self.release, self.isTouched) = (folder, release, isTouched)
    }

    func touch() { isTouched = true }

    /// Removes what has the name; absent is fine.
    func clear(_ name: FilePath.Component) throws(FileError) {
        isTouched = true
        if let failure = folder.removeTree(name).first { throw failure }
    }

    /// What has the name makes room for something of the customer's: an earlier copy goes, the release's own is put beside.
    /// Answers whether the release's own lies beside now.
    func makeRoom(_ name: FilePath.Component, displaced: Bool) throws(FileError) -> Bool {
        guard release[name.bytes] != nil, !displaced else {
            try clear(name)
            return displaced
        }
        isTouched = true
        let beside = try beside(name)
        if try folder.attributes(of: beside) != nil {
            // A pass that was cut has put it there.
            try clear(name)
        } else if try folder.attributes(of: name) != nil {
            try folder.rename(name, to: beside, in: folder)
        }
        return true
    }

    /// If the release's own lies beside, it is in its place again, and the customer's is gone.
    func giveBack(_ name: FilePath.Component) throws(FileError) {
        let beside = try beside(name)
        guard try folder.attributes(of: beside) != nil else { return }
        try clear(name)
        try folder.rename(beside, to: name, in: folder)
    }

    func beside(_ name: FilePath.Component) throws(FileError) -> FilePath.Component {
        guard let beside = FilePath.Component(bytes: release.beside(name.bytes)) else {
            throw FileError(.badName, operation: "put the release's own beside", path: folder.path.appending(name))
        }
        return beside
    }

    /// The folder of that name, writable; made when there is none. Answers whether the release's own lies beside it.
    func enter(
        _ name: FilePath.Component, displaced: Bool
    ) throws(FileError) -> (inside: StagedFolder, displaced: Bool) {
        let inner = release.inside(name.bytes)
        if let found = try folder.attributes(of: name), found.kind == .directory {
            let isWritable = found.permissions & 0o700 == 0o700
            let inside = isWritable ? try folder.folder(name) : try folder.ownFolder(name)
            return (StagedFolder(inside, release: inner, isTouched: !isWritable), displaced)
        }
        let displaced = try makeRoom(name, displaced: displaced)
        return (
            StagedFolder(try folder.makeFolder(name, permissions: 0o700), release: inner, isTouched: true), displaced
        )
    }
}
