// SPDX-License-Identifier: Apache-2.0
import Packaging
import Platform
import Replacement
import SystemPackage

/// Refuses what cannot succeed, in words, before anything is fetched or changed.
struct ClientPreflight {
    let folder: ClientFolder
    let keep: KeepRules

    private var place: Place { folder.place }
    private var fileSystem: any FileSystem { folder.fileSystem }

    /// May the folders change places, and is every place free?
    func checkPlaces() throws(ClientError) {
        let (here, blocked, mount) = try ClientError.files { () throws(FileError) in
            (
                try fileSystem.attributes(of: place.live), try fileSystem.exists(place.old),
                try fileSystem.mountPoints(below: place.live).first
            )
        }
        guard let here, here.kind == .directory else {
            throw ClientError(
                .folder, "\(place.live.readable) is not a folder, or a symlink to one: name the folder itself.")
        }
        if let obstacle = TryOut(place, fileSystem: fileSystem).obstacles().first { throw ClientError(obstacle) }
        if let mount {
            throw ClientError(
                ReplacementError(
                    .notSameFileSystem, path: place.live, reason: "something is mounted at \(mount.readable)"))
        }
        guard !blocked else { throw ClientError(ReplacementError(.inTheWay, path: place.old)) }
        try folder.clearStaged()
    }

    /// Can the person's files be copied, and is there room for everything? `bytesToFetch` are those that are not here yet.
    func checkContent(_ tree: Tree, bytesToFetch: Int64) throws(ClientError) {
        let entries = tree.releaseEntries
        try ClientError.replacement { () throws(ReplacementError) in
            let survey = try survey(entries)
            if let obstacle = survey.obstacles.first { throw obstacle }
            var needed = Space(for: entries) + survey.keptSpace
            // A handful for downloads, journal and records.
            needed += Space(bytes: bytesToFetch + 16 << 20, files: 64)
            if let lacking = try needed.lacking(at: place.state, fileSystem: fileSystem).first { throw lacking }
        }
    }

    private func survey(_ entries: [ReleaseEntry]) throws(ReplacementError) -> Survey {
        let live: any Folder
        do throws(FileError) { live = try fileSystem.folder(place.live) } catch { throw ReplacementError(error) }
        return try Survey(of: live, installed: nil, release: entries, changed: [], rules: keep, check: {})
    }
}
