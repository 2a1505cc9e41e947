// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// The part of a pass that changes the staged folder: only where the look found a difference.
struct KeptCopy {
    let look: KeptLook
    let durable: Bool
    let check: CancellationCheck
    var tally = KeptTally()
    private var files: KeptFileCopy
    private var losses = 0

    /// `began` is the file system's time before anything was looked at.
    init(look: KeptLook, top: any Folder, began: Int64, durable: Bool, check: @escaping CancellationCheck) {
        (self.look, self.durable, self.check) = (look, durable, check)
        files = KeptFileCopy(top: top, began: began, durable: durable, check: check)
    }

    /// Makes `staged` hold of the customer's what `live` holds, and look like it.
    mutating func carry(
        _ looked: LookedFolder, since earlier: KeptFolder?, _ step: KeptStep, from live: any Folder,
        into staged: StagedFolder
    ) throws(ReplacementError) -> KeptFolder {
        var kept = KeptFolder(own: looked.own, isOwnSure: !looked.own.mayChangeUnseen(readFrom: files.began))
        kept.reserve(looked.listing.count)
        try takeAwayGone(looked, since: earlier, from: staged)
        var (folder, before) = (0, 0)
        for index in looked.listing.indices {
            let name = looked.listing.name(index)
            var entry = KeptLook.Entry(attributes: looked.listing.attributes[index])
            if entry.attributes.kind == .directory {
                entry.inside = looked.folders[folder]
                folder += 1
            }
            let known = earlier.flatMap { Self.find(name, in: $0, from: &before) }
            if let earlier, let known, try keep(earlier, known, entry, step, &kept) { continue }
            try check()
            try carry(
                looked.listing.component(index), entry, since: earlier, known, step, from: live, into: staged, &kept)
        }
        try finish(&kept, since: earlier, from: live, into: staged)
        tally.count(kept, at: step.path, release: step.release)
        tally.copiedBytes = files.copiedBytes
        return kept
    }

    /// The entry of that name at or after `next`, which moves on: both sides go in the order of their names.
    private static func find(_ name: ArraySlice<UInt8>, in earlier: KeptFolder, from next: inout Int) -> Int? {
        while next < earlier.listing.count, earlier.listing.name(next).lexicographicallyPrecedes(name) { next += 1 }
        guard next < earlier.listing.count, earlier.listing.name(next).elementsEqual(name) else { return nil }
        return next
    }

    /// Whether the entry is as the pass before left it.
    private mutating func keep(
        _ earlier: KeptFolder, _ index: Int, _ entry: KeptLook.Entry, _ step: KeptStep, _ kept: inout KeptFolder
    ) throws(ReplacementError) -> Bool {
        guard earlier.isUnchanged(index, entry.attributes), entry.inside?.isDone ?? true else { return false }
        let inside = earlier.folder(at: index)
        if let inside {
            let inner = step.entering(earlier.listing.component(index))
            tally.countAll(inside, at: inner.path, release: inner.release)
        }
        kept.append(
            earlier.listing.name(index), entry.attributes, earlier.marks[index], lost: earlier.lost[index] ?? [],
            folder: inside)
        return true
    }

    // MARK: - What the customer deleted

    private func takeAwayGone(
        _ looked: LookedFolder, since earlier: KeptFolder?, from staged: StagedFolder
    ) throws(ReplacementError) {
        guard let earlier, !looked.listing.hasSameNames(as: earlier.listing) else { return }
        var next = 0
        for index in earlier.listing.indices {
            let name = earlier.listing.name(index)
            while next < looked.listing.count, looked.listing.name(next).lexicographicallyPrecedes(name) { next += 1 }
            if next < looked.listing.count, looked.listing.name(next).elementsEqual(name) { continue }
            try takeAway(earlier, index, from: staged)
        }
    }

    /// What the release has in its place is there again.
    private func takeAway(_ earlier: KeptFolder, _ index: Int, from staged: StagedFolder) throws(ReplacementError) {
        try check()
        let name = earlier.listing.component(index)
        if earlier.listing.attributes[index].kind == .other { return }
        if staged.release[name.bytes] != nil {
            // Also where a pass that was cut has put it beside.
            try ReplacementError.files { () throws(FileError) in try staged.giveBack(name) }
            if earlier.marks[index].contains(.displaced) { return }
        }
        switch staged.release[name.bytes] {
        case nil: try ReplacementError.files { () throws(FileError) in try staged.clear(name) }
        case .directory:
            guard let gone = earlier.folder(at: index) else { return }
            try takeAwayContent(of: gone, name, from: staged)
        case .file(_, _, let permissions):
            // It holds the same; the mode was the customer's.
            try ReplacementError.files { () throws(FileError) in try staged.folder.setPermissions(permissions, of: name)
            }
        case .symlink: break
        }
    }

    /// Of a folder that the release has too.
    private func takeAwayContent(
        of gone: KeptFolder, _ name: FilePath.Component, from staged: StagedFolder
    ) throws(ReplacementError) {
        let before = try ReplacementError.files { () throws(FileError) in try staged.folder.metadata(of: name) }
        let inside = try ReplacementError.files { () throws(FileError) in
            try staged.enter(name, displaced: false).inside
        }
        for index in gone.listing.indices { try takeAway(gone, index, from: inside) }
        try ReplacementError.files { () throws(FileError) in
            if inside.isTouched { _ = try inside.folder.set(before) }
            if durable { try inside.folder.sync() }
        }
    }

    // MARK: - What is new, or has changed

    /// What turns out to have become something else is taken for what it is now.
    private mutating func carry(
        _ name: FilePath.Component, _ listed: KeptLook.Entry, since earlier: KeptFolder?, _ index: Int?,
        _ step: KeptStep, from live: any Folder, into staged: StagedFolder, _ kept: inout KeptFolder
    ) throws(ReplacementError) {
        var (entry, known) = (listed, index)
        var displaced = index.flatMap { earlier?.marks[$0] }?.contains(.displaced) ?? false
        for attempt in 1...3 {
            let kind = entry.attributes.kind
            if let earlier, let index = known, earlier.listing.attributes[index].kind != kind {
                try takeAway(earlier, index, from: staged)
                (known, displaced) = (nil, false)
            }
            let failure: FileError
            do throws(ReplacementError) {
                return try carry(
                    name, entry, since: known.flatMap { earlier?.folder(at: $0) }, step, from: live, into: staged,
                    &displaced,
                    &kept)
            } catch {
                guard case .file(let cause) = error.code else { throw error }
                failure = cause
            }
            let now = try KeptLook.now(name, in: live, after: failure, kind, attempt)
            let again =
                if let now { try look.entry(name, now, in: live, step, since: nil) } else { nil as KeptLook.Entry? }
            guard let again else { break }
            entry = again
        }
        // It is gone.
        try ReplacementError.files { () throws(FileError) in
            if staged.release[name.bytes] == nil { try staged.clear(name) } else { try staged.giveBack(name) }
        }
        if let earlier, let known { try takeAway(earlier, known, from: staged) }
    }

    private mutating func carry(
        _ name: FilePath.Component, _ entry: KeptLook.Entry, since earlier: KeptFolder?, _ step: KeptStep,
        from live: any Folder, into staged: StagedFolder, _ displaced: inout Bool, _ kept: inout KeptFolder
    ) throws(ReplacementError) {
        guard entry.attributes.kind != .other else { return kept.append(name.bytes, entry.attributes) }
        if let looked = entry.inside {
            let inner = step.entering(name)
            let opened = try ReplacementError.files { () throws(FileError) in try live.folder(name) }
            try look.checkDevice(
                try ReplacementError.files { () throws(FileError) in try opened.attributes() }, inner.path)
            let inside: StagedFolder
            do throws(FileError) {
                (inside, displaced) = try staged.enter(name, displaced: displaced)
            } catch {
                throw ReplacementError(error)
            }
            let folder = try carry(looked, since: earlier, inner, from: opened, into: inside)
            return kept.append(name.bytes, entry.attributes, displaced ? .displaced : [], folder: folder)
        }
        var copied = try files.copy(
            name, entry.attributes, immutable: step.match(name.bytes[...])?.immutable ?? false, from: live,
            into: staged,
            at: step.path, &displaced)
        if displaced { copied.marks.insert(.displaced) }
        if !copied.lost.isEmpty, losses < CarryOver.Pass.named {
            losses += 1
            copied.marks.insert(.lossy)
        } else {
            copied.lost = []
        }
        kept.append(name.bytes, copied.attributes, copied.marks, lost: copied.lost)
    }

    /// The folder looks like the live one; its mode last, since it may not let anybody write.
    private func finish(
        _ kept: inout KeptFolder, since earlier: KeptFolder?, from live: any Folder, into staged: StagedFolder
    ) throws(ReplacementError) {
        kept.ownLost = earlier?.ownLost ?? []
        if let earlier, earlier.isOwnSure, kept.own.isUnchanged(since: earlier.own), !staged.isTouched { return }
        do throws(FileError) {
            let metadata = try live.metadata()
            if !staged.isTouched, try staged.folder.metadata().isSame(as: metadata) { return }
            kept.ownLost = try staged.folder.set(metadata)
            if durable { try staged.folder.sync() }
        } catch {
            throw ReplacementError(error)
        }
    }
}

extension FileMetadata {
    /// All but when it was last read.
    fileprivate func isSame(as other: FileMetadata) -> Bool {
        var same = self
        same.accessed = other.accessed
        return same == other
    }
}
