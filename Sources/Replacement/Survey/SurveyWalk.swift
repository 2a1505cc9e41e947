// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// The walk of a ``Survey``.
struct SurveyWalk {
    private static let capabilities = "security.capability"

    private let changed: Set<FilePath>
    private let account: Account
    private let check: CancellationCheck
    private var device: UInt64 = 0
    /// Kept files with more than one name that have been counted: their copy has one content too.
    private var counted: Set<UInt64> = []
    var survey = Survey()

    init(changed: Set<FilePath>, account: Account, check: @escaping CancellationCheck) {
        self.changed = changed
        self.account = account
        self.check = check
    }

    /// A folder on the way: what the rules and the new release say of it, and what the vendor had installed there.
    private struct Place {
        var folder: any Folder
        var step: KeptStep
        var vendors: ReleaseFolder
    }

    /// One of the things in a folder.
    private struct Item {
        var name: FilePath.Component
        var path: FilePath
        var attributes: FileAttributes
        var position: KeepRules.Position
        /// Whether the vendor installed something there.
        var isVendors: Bool
    }

    // MARK: - Walking

    mutating func begin(
        _ live: any Folder, installed: ReleaseFolder, release: ReleaseFolder, _ rules: KeepRules
    ) throws(ReplacementError) {
        guard let found = attempt({ () throws(FileError) in try live.attributes() }) else { return }
        device = found.device
        lose(found, at: "")
        guard let listing = attempt({ () throws(FileError) in try live.list() }) else { return }
        let step = KeptStep(position: rules.start, release: release)
        try walk(Place(folder: live, step: step, vendors: installed), listing)
    }

    private mutating func walk(_ place: Place, _ listing: FolderListing) throws(ReplacementError) {
        try ReleaseFolders.pair(listing, place.vendors.children) { (name, found, child) throws(ReplacementError) in
            try check()
            guard let found, let component = FilePath.Component(bytes: name) else { return }
            let path = place.step.path.appending(component)
            guard found.device == device, !found.isMountPoint else {
                return obstruct(.init(.notSameFileSystem, path: path, reason: "something is mounted there"))
            }
            let position =
                place.step.position.everythingBelow == nil ? place.step.position.entering(name) : place.step.position
            let item = Item(
                name: component, path: path, attributes: found, position: position, isVendors: child != nil)
            switch (position.match, found.kind) {
            case (.some(let match), _): try keep(item, match, in: place)
            case (nil, .directory): try pass(item, in: place)
            case (nil, .symlink) where isOnTheWay(item, in: place): try keep(item, .init(immutable: false), in: place)
            case (nil, _) where child != nil: meetVendors(item, in: place)
            case (nil, _): if !isLeftBeside(name, place) { meetForeign(item) }
            }
        }
    }

    private mutating func enter(
        _ item: Item, _ folder: any Folder, _ listing: FolderListing, _ place: Place
    ) throws(ReplacementError) {
        guard place.step.depth < maximumFolderDepth else { return obstruct(.init(.tooDeep, path: item.path)) }
        let vendors = place.vendors.inside(item.name.bytes)
        try walk(Place(folder: folder, step: place.step.entering(item.name), vendors: vendors), listing)
    }

    /// A link that is kept itself, since it leads to what is; one that must not be there stands against the order.
    private mutating func isOnTheWay(_ item: Item, in place: Place) -> Bool {
        do {
            return try LinkOnTheWay.isOne(
                item.name, in: place.folder, at: item.path, item.position, release: place.step.release)
        } catch {
            obstruct(error)
            return true
        }
    }

    // MARK: - What is met

    private mutating func keep(_ item: Item, _ match: KeepRules.Match, in place: Place) throws(ReplacementError) {
        let found = item.attributes
        if found.kind == .other { return note(.special, at: item.path) }
        if found.isImmutable { note(.immutableMark, at: item.path) }
        if found.kind != .directory { survey.keptCount += 1 }
        let isOwn = account.user == Account.root || account.user == found.owner
        // Only one's own can be linked, where links are protected, and never what nobody may change.
        if match.immutable, found.kind == .file, isOwn, !found.isImmutable { return }
        if found.kind != .file || found.links < 2 || counted.insert(found.inode).inserted {
            survey.keptSpace += Space(bytes: found.allocated, files: 1)
        }
        lose(found, at: item.path)
        switch found.kind {
        case .directory:
            guard let (folder, listing) = attempt({ () throws(FileError) in try Self.open(item, in: place) }) else {
                return
            }
            try enter(item, folder, listing, place)
        case .file:
            // Opened and not only asked: what the mode says is not all that decides.
            let open = attempt { () throws(FileError) in try place.folder.openForReading(item.name) }
            if open != nil, account.user != Account.root { loseCapabilities(item, in: place) }
        case .symlink, .other: break
        }
    }

    /// A folder that is not kept itself.
    private mutating func pass(_ item: Item, in place: Place) throws(ReplacementError) {
        if item.isVendors { lose(item.attributes, at: item.path) }
        let opened: (folder: any Folder, listing: FolderListing)
        do {
            opened = try Self.open(item, in: place)
        } catch  where error.code == .permissionDenied && !item.position.leadsOn {
            // Nothing in it is asked for, but whatever is in it does not come along.
            return meetForeign(item)
        } catch {
            return obstruct(error)
        }
        if opened.listing.isEmpty, !item.isVendors { meetForeign(item) }
        try enter(item, opened.folder, opened.listing, place)
    }

    private static func open(_ item: Item, in place: Place) throws(FileError) -> (
        folder: any Folder, listing: FolderListing
    ) {
        let folder = try place.folder.folder(item.name)
        return (folder, try folder.list())
    }

    private mutating func meetVendors(_ item: Item, in place: Place) {
        if changed.contains(item.path) { meetForeign(item) }
        lose(item.attributes, at: item.path)
        loseCapabilities(item, in: place)
    }

    /// The vendor's own file that an earlier update put beside a kept one.
    private func isLeftBeside(_ name: ArraySlice<UInt8>, _ place: Place) -> Bool {
        var name = name
        while let original = ReleaseFolder.original(of: name) {
            if place.vendors[original] != nil, place.step.match(original) != nil { return true }
            name = original
        }
        return false
    }

    private mutating func meetForeign(_ item: Item) {
        guard var foreign = survey.foreign else { return }
        survey.foreign = nil
        foreign.count += 1
        foreign.bytes += item.attributes.allocated
        if foreign.paths.count < Survey.named { foreign.paths.append(item.path) }
        survey.foreign = foreign
    }

    // MARK: - What is noted

    private mutating func note(_ what: NotCarried.What, at path: FilePath) {
        if survey.notCarried.count < Survey.named { survey.notCarried.append(NotCarried(path: path, what: what)) }
    }

    private mutating func lose(_ found: FileAttributes, at path: FilePath) {
        for part in account.cannotGive(owner: found.owner, group: found.group).sorted() {
            note(.part(part), at: path)
        }
    }

    /// Rights that were given to a program; they mean something only where it can be executed.
    private mutating func loseCapabilities(_ item: Item, in place: Place) {
        guard item.attributes.kind == .file, item.attributes.permissions & 0o111 != 0 else { return }
        let metadata = attempt { () throws(FileError) in try place.folder.metadata(of: item.name) }
        guard metadata?.attributes[Self.capabilities] != nil else { return }
        note(.part(.attribute(Self.capabilities)), at: item.path)
    }

    private mutating func obstruct(_ obstacle: ReplacementError) {
        if survey.obstacles.count < Survey.namedObstacles { survey.obstacles.append(obstacle) }
    }

    /// What went away, or became something else, while the walk came to it is no obstacle.
    private mutating func obstruct(_ error: FileError) {
        guard ![.notFound, .isSymlink, .notDirectory].contains(error.code) else { return }
        obstruct(ReplacementError(error))
    }

    private mutating func attempt<Value>(_ body: () throws(FileError) -> Value) -> Value? {
        do {
            return try body()
        } catch {
            obstruct(error)
            return nil
        }
    }
}
