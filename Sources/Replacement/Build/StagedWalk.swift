// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// A walk through a staged folder and its release side by side.
struct StagedWalk {
    /// A file that is the release's by its place, kind and size.
    struct File {
        var entry: Int
        var path: FilePath
        var sha256: String
        var attributes: FileAttributes
        var folder: any Folder
        var name: FilePath.Component
    }

    typealias Visit = (File) throws(ReplacementError) -> Void

    private let start: KeptStep
    private let beside: Set<FilePath>
    private let check: CancellationCheck

    init(entries: [ReleaseEntry], rules: KeepRules, beside: Set<FilePath>, check: @escaping CancellationCheck) {
        start = KeptStep(position: rules.start, release: ReleaseFolder(entries))
        self.beside = beside
        self.check = check
    }

    /// Hands over each of the release's files that is there with its size; throws `tampered` for all else that is not as
    /// it has to be. What is at a kept path is the customer's.
    func walk(_ staged: any Folder, _ visit: Visit) throws(ReplacementError) {
        let device = try ReplacementError.files { () throws(FileError) in try staged.attributes().device }
        try walk(staged, start, device, visit)
    }

    private func walk(
        _ folder: any Folder, _ step: KeptStep, _ device: UInt64, _ visit: Visit
    ) throws(ReplacementError) {
        guard step.depth <= maximumFolderDepth else { throw ReplacementError(.tooDeep, path: step.path) }
        let listing = try ReplacementError.files { () throws(FileError) in try folder.list() }
        try ReleaseFolders.pair(listing, step.release.children) { (bytes, found, child) throws(ReplacementError) in
            try check()
            let position = step.position.entering(bytes)
            guard position.match == nil, let name = FilePath.Component(bytes: bytes) else { return }
            let path = step.path.appending(name)
            guard let found else { throw tampered(path, "it is missing") }
            guard found.device == device, !found.isMountPoint else {
                throw ReplacementError(.notSameFileSystem, path: path, reason: "something is mounted there")
            }
            switch (child.map { step.release.kind(of: $0) }, found.kind) {
            case (.directory, .directory): try enter(name, folder, step, device, visit)
            // Folders on the way to kept files are the customer's, also where the release has something else.
            case (_, .directory) where position.leadsOn: try enter(name, folder, step, device, visit)
            // So is a link on that way, unless something of the release's would lie behind it.
            case (.directory, .symlink) where position.leadsOn && hidesNothing(bytes, step.release, position): return
            case (nil, .symlink) where position.leadsOn && position.way != .anyFolders: return
            case (.file(let size, let sha256, _), .file) where found.size == size:
                guard let entry = child?.entry else { return }
                try visit(
                    File(entry: entry, path: path, sha256: sha256, attributes: found, folder: folder, name: name))
            case (.symlink(let destination), .symlink):
                let actual = try ReplacementError.files { () throws(FileError) in try folder.destination(ofLink: name) }
                guard actual == FilePath(destination) else { throw tampered(path, "it leads somewhere else") }
            case (nil, _) where beside.contains(path): return
            case (nil, _): throw tampered(path, "it is not the release's")
            default: throw tampered(path, "it is another kind of file, or of another size")
            }
        }
    }

    private func enter(
        _ name: FilePath.Component, _ folder: any Folder, _ step: KeptStep, _ device: UInt64, _ visit: Visit
    ) throws(ReplacementError) {
        let inside = try ReplacementError.files { () throws(FileError) in try folder.folder(name) }
        try walk(inside, step.entering(name), device, visit)
    }

    private func hidesNothing(
        _ name: ArraySlice<UInt8>, _ release: ReleaseFolder, _ position: KeepRules.Position
    ) -> Bool {
        release.inside(name).firstNotKept(from: position) == nil
    }

    private func tampered(_ path: FilePath, _ reason: String) -> ReplacementError {
        ReplacementError(.tampered, path: path, reason: reason)
    }
}

extension StagedWalk.File {
    /// SHA-256 in lower-case hex; `tampered` when it changed while it was read.
    func hash(check: CancellationCheck) throws(ReplacementError) -> String {
        var hash = RunningHash()
        let open = try ReplacementError.files { () throws(FileError) in try folder.openForReading(name) }
        while hash.count < attributes.size {
            try check()
            let before = hash.count
            try ReplacementError.files { () throws(FileError) in
                try hash.update(open, in: before..<min(attributes.size, before + 64 << 20))
            }
            if hash.count == before { break }
        }
        let after = try ReplacementError.files { () throws(FileError) in try open.attributes() }
        guard after.inode == attributes.inode, after.size == attributes.size, after.changed == attributes.changed
        else { throw ReplacementError(.tampered, path: path, reason: "it changed while it was read") }
        return hash.hex
    }
}
