// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// Something in the application folder that a keep rule means.
struct KeptItem: Sendable, Hashable, Codable {
    enum Kind: String, Sendable, Hashable, Codable {
        case file
        case directory
        case symlink
    }

    /// Relative to the application folder.
    var path: String
    var kind: Kind
    var size: Int64
    var permissions: UInt16
    /// Nanoseconds since 1970.
    var modified: Int64
    var inode: UInt64
    var immutable: Bool

    /// Whether it is the very same content, as far as the file system tells.
    func isUnchanged(since earlier: KeptItem) -> Bool {
        guard kind == earlier.kind, permissions == earlier.permissions, immutable == earlier.immutable else {
            return false
        }
        // A folder's own time changes with what is in it, and that is looked at item by item.
        return kind == .directory || (size == earlier.size && modified == earlier.modified && inode == earlier.inode)
    }
}

/// Finds what keep rules mean. Symlinks are items, never followed.
struct KeptScanner: Sendable {
    private let rules: [(glob: Glob, immutable: Bool)]
    private let fileSystem: any FileSystem

    init(rules: [KeepRule], fileSystem: any FileSystem) {
        self.rules = rules.compactMap { rule in Glob(rule.pattern).map { ($0, rule.immutable) } }
        self.fileSystem = fileSystem
    }

    /// Folders before what is in them. A folder that merely leads to kept files is not an item.
    func scan(_ folder: FilePath, flag: CancellationFlag) throws -> [KeptItem] {
        guard !rules.isEmpty, let root = try fileSystem.attributes(of: folder) else { return [] }
        var items: [KeptItem] = []
        try scan(folder, below: "", device: root.device, into: &items, flag: flag)
        return items
    }

    private func scan(
        _ folder: FilePath, below prefix: String, device: UInt64, into items: inout [KeptItem], flag: CancellationFlag
    ) throws {
        try flag.check()
        for name in try entriesIfThere(folder) {
            let path = prefix.isEmpty ? name : prefix + "/" + name
            let matching = rules.filter { $0.glob.matches(path) }
            let leadsOn = !matching.isEmpty || rules.contains { $0.glob.canMatch(below: path) }
            // It may have gone since it was listed: the service is up.
            guard leadsOn, let found = try fileSystem.attributes(of: folder.appending(name)) else { continue }
            if found.kind == .directory, found.isMountPoint || found.device != device {
                throw UpdateFailure(
                    .notSameFileSystem, ["path": folder.appending(name).string, "other": folder.string])
            }
            if !matching.isEmpty, let kind = Self.kind(found.kind) {
                items.append(
                    KeptItem(
                        path: path, kind: kind, size: found.size, permissions: found.permissions,
                        modified: found.modified, inode: found.inode,
                        immutable: kind == .file && matching.contains { $0.immutable }))
            }
            if found.kind == .directory {
                try scan(folder.appending(name), below: path, device: device, into: &items, flag: flag)
            }
        }
    }

    private func entriesIfThere(_ folder: FilePath) throws -> [String] {
        do {
            return try fileSystem.entries(of: folder)
        } catch  where error.code == .notFound {
            return []
        }
    }

    /// Sockets and pipes belong to a running process: nothing to keep.
    private static func kind(_ kind: FileKind) -> KeptItem.Kind? {
        switch kind {
        case .file: .file
        case .directory: .directory
        case .symlink: .symlink
        case .other: nil
        }
    }
}

/// What a pass of ``CarryOver`` brought over, so that the next one brings only what changed.
struct KeptIndex: Sendable, Hashable, Codable {
    /// The file system's own time when the pass began, in nanoseconds since 1970.
    var began: Int64
    var items: [KeptItem]
    /// Paths of the customer's whose namesake in the release was put beside them.
    var displaced: [String]

    static let none = KeptIndex(began: 0, items: [], displaced: [])

    /// The last time before which a time stamp proves anything. A file that was written in the same tick of the file
    /// system's clock as it was copied in may have changed afterwards without showing it.
    var trustworthyBefore: Int64 { began - 2_000_000_000 }
}
