// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// Makes a staged folder what the release made it, wherever keep rules lead: for a first pass into a folder in which an
/// earlier one was cut, by a crash or an error.
struct StagedRestoration {
    let check: CancellationCheck

    func restore(_ staged: StagedFolder, _ position: KeepRules.Position, depth: Int = 0) throws(ReplacementError) {
        guard position.leadsOn else { return }
        guard depth <= maximumFolderDepth else { throw ReplacementError(.tooDeep, path: staged.folder.path) }
        let listing = try ReplacementError.files { () throws(FileError) in try staged.folder.list() }
        var restored: Set<[UInt8]> = []
        for index in listing.indices {
            guard let original = try displaced(under: listing.name(index), in: staged, position) else { continue }
            try ReplacementError.files { () throws(FileError) in try staged.giveBack(original) }
            restored.formUnion([Array(listing.name(index)), original.bytes])
        }
        for index in listing.indices where !restored.contains(Array(listing.name(index))) {
            try check()
            let position = position.entering(listing.name(index))
            let isFolder = listing.attributes[index].kind == .directory
            let name = listing.component(index)
            switch staged.release[listing.name(index)] {
            case nil:
                // Links, too, may have been kept on the way to something.
                let isLeading = isFolder || listing.attributes[index].kind == .symlink
                guard position.match != nil || (isLeading && position.leadsOn) else { continue }
                try ReplacementError.files { () throws(FileError) in try staged.clear(name) }
            case .directory where isFolder && position.leadsOn:
                let inside = try ReplacementError.files { () throws(FileError) in
                    try staged.enter(name, displaced: false).inside
                }
                try restore(inside, position, depth: depth + 1)
                guard inside.isTouched else { continue }
                try ReplacementError.files { () throws(FileError) in
                    try staged.folder.setPermissions(listing.attributes[index].permissions, of: name)
                }
            default: continue
            }
        }
    }

    /// What of the release's lies under this name, beside something of the customer's.
    private func displaced(
        under beside: ArraySlice<UInt8>, in staged: StagedFolder, _ position: KeepRules.Position
    ) throws(ReplacementError) -> FilePath.Component? {
        for original in staged.release.originals(of: beside) where position.entering(original).leadsOn {
            guard let name = FilePath.Component(bytes: original) else { continue }
            if try !isOwn(name, in: staged) { return name }
        }
        return nil
    }

    /// Whether the release's own is in its place.
    private func isOwn(_ name: FilePath.Component, in staged: StagedFolder) throws(ReplacementError) -> Bool {
        let found = try ReplacementError.files { () throws(FileError) in try staged.folder.attributes(of: name) }
        guard let found, let own = staged.release[name.bytes] else { return false }
        if case .directory = own { return found.kind == .directory }
        return try own.isSame(as: name, found, in: staged.folder, check: check)
    }
}

extension ReleaseEntry.Kind {
    /// Whether the file or symlink `name` holds the same. Folders are never the same.
    func isSame(
        as name: FilePath.Component, _ found: FileAttributes, in folder: any Folder, check: CancellationCheck
    ) throws(ReplacementError) -> Bool {
        switch self {
        case .directory: return false
        case .symlink(let destination):
            guard found.kind == .symlink else { return false }
            return try ReplacementError.files { () throws(FileError) in
                try folder.destination(ofLink: name) == FilePath(destination)
            }
        case .file(let size, let sha256, _):
            guard found.kind == .file, found.size == size else { return false }
            let file = try ReplacementError.files { () throws(FileError) in try folder.openForReading(name) }
            var hash = RunningHash()
            while hash.count < size {
                try check()
                let before = hash.count
                try ReplacementError.files { () throws(FileError) in
                    try hash.update(file, in: before..<min(size, before + 16 << 20))
                }
                if hash.count == before { return false }
            }
            return hash.hex == sha256
        }
    }
}
