// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// What a look at a folder of the customer's found.
struct LookedFolder: Sendable {
    /// Looked at before it was listed.
    var own: FileAttributes
    /// Kept entries and folders that lead to some; devices, sockets and pipes among them.
    var listing: FolderListing
    /// One for each folder in ``listing``, in its order.
    var folders: [LookedFolder] = []
    /// Whether the pass before left it and all that is in it as they have to be.
    var isDone = false
}

/// A place in the walk through the live folder and the release side by side.
struct KeptStep: Sendable {
    /// Relative to the application folder.
    var path: FilePath = ""
    var position: KeepRules.Position
    var release: ReleaseFolder
    var depth = 0

    func entering(_ name: FilePath.Component) -> KeptStep {
        let position = position.everythingBelow == nil ? position.entering(name) : position
        return KeptStep(
            path: path.appending(name), position: position, release: release.inside(name.bytes), depth: depth + 1)
    }

    /// What the rules say of a file with this name here.
    func match(_ name: ArraySlice<UInt8>) -> KeepRules.Match? {
        position.everythingBelow ?? position.entering(name).match
    }
}

/// Looks through the live folder for what keep rules mean, on two threads. Changes nothing.
struct KeptLook: Sendable {
    /// The live folder's.
    let device: UInt64

    /// Something that is kept, or a folder that leads to something kept.
    struct Entry: Sendable {
        var attributes: FileAttributes
        /// Of a folder.
        var inside: LookedFolder?
    }

    /// `nil` when nothing in it is kept, nor it itself.
    func look(
        _ folder: any Folder, _ step: KeptStep, since earlier: KeptFolder?
    ) throws(ReplacementError) -> LookedFolder? {
        guard step.depth <= maximumFolderDepth else { throw ReplacementError(.tooDeep, path: step.path) }
        let own = try ReplacementError.files { () throws(FileError) in try folder.attributes() }
        if step.depth > 0 { try checkDevice(own, step.path) }
        let isOwnSame = earlier.map { $0.isOwnSure && own.isUnchanged(since: $0.own) } ?? false
        var looked: LookedFolder
        if let earlier, isOwnSame, earlier.isSealed, step.position.everythingBelow?.immutable == true {
            looked = LookedFolder(own: own, listing: earlier.listing)
        } else {
            looked = LookedFolder(own: own, listing: try list(folder, step))
        }
        try lookInside(&looked, folder, step, since: earlier)
        if looked.listing.isEmpty, step.position.match == nil, step.depth > 0 { return nil }
        if let earlier, isOwnSame, Self.isSame(looked.listing, earlier) {
            // The two need not both be in memory.
            looked.listing = earlier.listing
            looked.isDone = looked.folders.allSatisfy(\.isDone)
        }
        return looked
    }

    private static func isSame(_ listing: FolderListing, _ earlier: KeptFolder) -> Bool {
        listing.hasSameNames(as: earlier.listing)
            && listing.indices.allSatisfy { earlier.isUnchanged($0, listing.attributes[$0]) }
    }

    /// What of the folder is kept, or is a folder that leads on.
    private func list(_ folder: any Folder, _ step: KeptStep) throws(ReplacementError) -> FolderListing {
        guard step.position.leadsOn else { return FolderListing() }
        let listing = try ReplacementError.files { () throws(FileError) in try folder.list() }
        var keeps = [Bool](repeating: true, count: listing.count)
        for index in listing.indices {
            let found = listing.attributes[index]
            if step.position.everythingBelow == nil {
                let position = step.position.entering(listing.name(index))
                keeps[index] =
                    switch found.kind {
                    case .directory: position.leadsOn
                    case .file, .other: position.match != nil
                    case .symlink: try isKept(listing.component(index), in: folder, step, position)
                    }
            }
            if keeps[index], found.kind == .file, found.isMountPoint {
                try checkDevice(found, step.path.appending(listing.component(index)))
            }
            if keeps[index], !step.release.isEmpty { keeps[index] = !isLeftBehind(listing, index, step) }
        }
        return keeps.contains(false) ? listing.filtered { keeps[$0] } : listing
    }

    private func isKept(
        _ link: FilePath.Component, in folder: any Folder, _ step: KeptStep, _ position: KeepRules.Position
    ) throws(ReplacementError) -> Bool {
        if position.match != nil { return true }
        return try LinkOnTheWay.isOne(
            link, in: folder, at: step.path.appending(link), position, release: step.release)
    }

    /// `x.new`, which an earlier update put beside the customer's `x`, makes room for what this release has to say of `x`.
    private func isLeftBehind(_ listing: FolderListing, _ index: Int, _ step: KeptStep) -> Bool {
        guard let original = ReleaseFolder.original(of: listing.name(index)), step.release[original] != nil,
            let other = listing.index(of: original), listing.attributes[other].kind != .other
        else { return false }
        return step.match(original) != nil
    }

    /// Looks into the folders of the listing, and takes those out of it that turn out to lead to nothing.
    private func lookInside(
        _ looked: inout LookedFolder, _ folder: any Folder, _ step: KeptStep, since earlier: KeptFolder?
    ) throws(ReplacementError) {
        let listing = looked.listing
        let directories = listing.indices.filter { listing.attributes[$0].kind == .directory }
        guard !directories.isEmpty else { return }
        let entries = try inParallel(directories.count, threads: 2) { (number) throws(ReplacementError) -> Entry? in
            let name = listing.component(directories[number])
            return try entry(
                name, listing.attributes[directories[number]], in: folder, step,
                since: earlier?.folder(named: name.bytes))
        }
        looked.folders = entries.compactMap { $0?.inside }
        guard looked.folders.count < entries.count else { return }
        looked.listing = FolderListing()
        looked.listing.reserve(listing.count)
        var next = 0
        for index in listing.indices {
            var attributes = listing.attributes[index]
            if attributes.kind == .directory {
                next += 1
                guard let entry = entries[next - 1] else { continue }
                attributes = entry.attributes
            }
            looked.listing.append(listing.name(index), attributes)
        }
    }

    /// Looks at one entry of a folder, and into it. What has become something else since it was listed is taken for what it is:
    /// the service is up. `nil` when it is gone, or not kept.
    func entry(
        _ name: FilePath.Component, _ listed: FileAttributes, in folder: any Folder, _ step: KeptStep,
        since earlier: KeptFolder?
    ) throws(ReplacementError) -> Entry? {
        let inner = step.entering(name)
        var attributes = listed
        for attempt in 1...3 {
            switch attributes.kind {
            case .file, .other: return inner.position.match.map { _ in Entry(attributes: attributes) }
            case .symlink:
                return try isKept(name, in: folder, step, inner.position) ? Entry(attributes: attributes) : nil
            case .directory: break
            }
            guard inner.position.leadsOn else { return nil }
            let opened: any Folder
            do throws(FileError) {
                opened = try folder.folder(name)
            } catch {
                guard let now = try Self.now(name, in: folder, after: error, attributes.kind, attempt) else {
                    return nil
                }
                attributes = now
                continue
            }
            return try look(opened, inner, since: earlier).map { Entry(attributes: attributes, inside: $0) }
        }
        return nil
    }

    /// Why something failed: `nil` when the entry is gone, its attributes when it has become something else since;
    /// the error otherwise, and at the third attempt.
    static func now(
        _ name: FilePath.Component, in folder: any Folder, after error: FileError, _ kind: FileKind, _ attempt: Int
    ) throws(ReplacementError) -> FileAttributes? {
        let now = try ReplacementError.files { () throws(FileError) in try folder.attributes(of: name) }
        guard let now else { return nil }
        guard now.kind != kind, attempt < 3 else { throw ReplacementError(error) }
        return now
    }

    func checkDevice(_ found: FileAttributes, _ path: FilePath) throws(ReplacementError) {
        // A file of an overlay has its layer's number.
        guard !found.isMountPoint, found.kind != .directory || found.device == device else {
            throw ReplacementError(.notSameFileSystem, path: path, reason: "something is mounted there")
        }
    }
}

extension FolderListing {
    fileprivate func filtered(_ isWanted: (Int) -> Bool) -> FolderListing {
        var listing = FolderListing()
        listing.reserve(count)
        for index in indices where isWanted(index) { listing.append(name(index), attributes[index]) }
        return listing
    }
}
