// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// A symlink where a keep rule expects a folder that leads to what it keeps: the customer has moved the folder elsewhere.
/// The files behind it are not touched; that the link stays is what keeps them.
enum LinkOnTheWay {
    /// Whether the link `name` in `folder` is one. Throws `linkHidesRelease` when the release has files there that would lie
    /// behind the link, unseen, and `linkLeadsNowhere` when what it kept cannot be reached.
    ///
    /// Where the release has a link or a file of its own, or a rule leads everywhere, a link is none of the customer's
    /// making.
    static func isOne(
        _ name: FilePath.Component, in folder: any Folder, at path: FilePath, _ position: KeepRules.Position,
        release: ReleaseFolder
    ) throws(ReplacementError) -> Bool {
        guard position.match == nil, position.leadsOn else { return false }
        let bytes = name.bytes
        let isExpected: Bool
        switch release[bytes] {
        case .directory:
            isExpected = true
            if let hidden = release.inside(bytes).firstNotKept(from: position) {
                throw ReplacementError(
                    .linkHidesRelease, path: path, reason: path.pushing(hidden).readable)
            }
        case nil:
            guard position.way != .anyFolders else { return false }
            isExpected = position.way == .name
        case .file, .symlink: return false
        }
        let leads = try ReplacementError.files { () throws(FileError) in try folder.leadsToFolder(name) }
        // A pattern also meets links that have nothing to do with it.
        guard leads || isExpected else { return false }
        guard leads else { throw ReplacementError(.linkLeadsNowhere, path: path) }
        return true
    }
}
