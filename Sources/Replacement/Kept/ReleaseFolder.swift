// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// What the release has in one folder, by name.
struct ReleaseFolder: Sendable {
    private let entries: [ReleaseEntry]
    private let folders: ReleaseFolders
    let children: [ReleaseFolders.Child]

    /// The application folder itself.
    init(_ entries: [ReleaseEntry]) {
        let folders = ReleaseFolders(entries)
        self.init(entries, folders, folders.children(of: folders.top))
    }

    private init(_ entries: [ReleaseEntry], _ folders: ReleaseFolders, _ children: [ReleaseFolders.Child]) {
        (self.entries, self.folders, self.children) = (entries, folders, children)
    }

    var isEmpty: Bool { children.isEmpty }

    private func child(_ name: some Collection<UInt8>) -> ReleaseFolders.Child? {
        var (low, high) = (0, children.count)
        while low < high {
            let middle = (low + high) / 2
            if children[middle].name.lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
        }
        return low < children.count && children[low].name.elementsEqual(name) ? children[low] : nil
    }

    func kind(of child: ReleaseFolders.Child) -> ReleaseEntry.Kind {
        // A folder that only its content speaks of has no mode of its own.
        child.entry.map { entries[$0].kind } ?? .directory(permissions: 0o755)
    }

    /// `nil` when the release has nothing of that name.
    subscript(name: some Collection<UInt8>) -> ReleaseEntry.Kind? { child(name).map { kind(of: $0) } }

    /// Empty when the release has no folder of that name.
    func inside(_ name: some Collection<UInt8>) -> ReleaseFolder {
        guard let child = child(name), case .directory = kind(of: child) else {
            return ReleaseFolder(entries, folders, [])
        }
        return ReleaseFolder(entries, folders, folders.children(of: child.inside))
    }

    /// Where the release's own goes when the customer has something under its name.
    func beside(_ name: some Collection<UInt8>) -> [UInt8] {
        var beside = Array(name) + Self.suffix
        while child(beside) != nil { beside += Self.suffix }
        return beside
    }

    /// What of the release's may have been put under this name, ``beside(_:)``.
    func originals(of beside: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        guard !isEmpty, child(beside) == nil else { return [] }
        var (found, name): ([ArraySlice<UInt8>], ArraySlice<UInt8>) = ([], beside)
        while let shorter = Self.original(of: name), child(shorter) != nil {
            found.append(shorter)
            name = shorter
        }
        return found
    }

    /// The name without its `.new`; `nil` when it has none.
    static func original(of name: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard name.count > suffix.count, name.suffix(suffix.count).elementsEqual(suffix) else { return nil }
        return name.dropLast(suffix.count)
    }

    private static let suffix = Array(".new".utf8)

    /// The first file or symlink in here that no rule keeps, relative to this folder.
    func firstNotKept(from position: KeepRules.Position) -> FilePath? {
        for child in children {
            let position = position.entering(child.name)
            if position.match != nil { continue }
            guard case .directory = kind(of: child) else { return FilePath("").appending(child.component) }
            if let found = inside(child.name).firstNotKept(from: position) {
                return FilePath("").appending(child.component).pushing(found)
            }
        }
        return nil
    }
}
