// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// What a folder looked like at one moment, before its files are read.
public struct ScannedFolder: Sendable {
    public struct Entry: Sendable, Hashable {
        public enum Kind: Sendable, Hashable {
            case file(FileAttributes)
            case directory
            case symlink(destination: String)
        }

        public var path: String
        public var kind: Kind
    }

    public var folder: FilePath
    /// In ascending order of their paths' bytes.
    public var entries: [Entry]
    /// What the vendor should know but may want: names that are the same where case does not matter, say.
    public var warnings: [String]

    public var totalBytes: Int64 {
        entries.reduce(0) {
            if case .file(let attributes) = $1.kind { $0 + attributes.size } else { $0 }
        }
    }
}

/// Lists a vendor's folder and refuses what a release cannot carry.
///
/// Permissions are reduced to two kinds, 644 and 755 for what its owner can execute: a release must not depend on
/// the umask of the machine that built it.
public struct TreeScanner: Sendable {
    private let fileSystem: any FileSystem

    public init(fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
    }

    /// Throws `escapes` for symlinks that lead out of the folder, `unsupported` for devices, sockets and pipes,
    /// set-user-ID files and names that are not UTF-8, `malformed` for names with control characters,
    /// `changedWhileRead` when something disappears.
    public func scan(_ folder: FilePath) throws(PackagingError) -> ScannedFolder {
        guard
            let attributes = try PackagingError.files({ () throws(FileError) in try fileSystem.attributes(of: folder) })
        else {
            throw PackagingError(
                .file(FileError(.notFound, operation: "read", path: folder.string)), "There is no such folder.",
                at: folder.string)
        }
        guard attributes.kind == .directory else {
            throw PackagingError(
                .file(FileError(.notDirectory, operation: "read", path: folder.string)),
                "This is not a folder (a symlink to one must be named by where it leads).", at: folder.string)
        }
        var entries: [ScannedFolder.Entry] = []
        try list(folder, prefix: "", into: &entries)
        guard entries.contains(where: { if case .file = $0.kind { true } else { false } }) else {
            throw PackagingError(.unsupported, "There is no file in this folder.", at: folder.string)
        }
        entries.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        try checkLinks(entries)
        return ScannedFolder(folder: folder, entries: entries, warnings: warnings(entries))
    }

    private func list(
        _ folder: FilePath, prefix: String, into entries: inout [ScannedFolder.Entry]
    ) throws(PackagingError) {
        let names: [String]
        do {
            names = try fileSystem.entries(of: folder)
        } catch {
            guard error.code == .badName else { throw PackagingError(error) }
            throw PackagingError(.unsupported, "A name in this folder is not UTF-8.", at: folder.string)
        }
        for name in names {
            let path = prefix + name
            try Tree.checkPath(path, Array(path.utf8))
            let file = folder.appending(name)
            guard
                let attributes = try PackagingError.files({ () throws(FileError) in try fileSystem.attributes(of: file)
                })
            else {
                throw PackagingError(.changedWhileRead, "It disappeared while the folder was being read.", at: path)
            }
            switch attributes.kind {
            case .file:
                guard attributes.permissions & 0o6000 == 0 else {
                    throw PackagingError(
                        .unsupported, "It has the set-user-ID or set-group-ID bit, which a release cannot carry.",
                        at: path)
                }
                entries.append(.init(path: path, kind: .file(attributes)))
            case .directory:
                entries.append(.init(path: path, kind: .directory))
                try list(file, prefix: path + "/", into: &entries)
            case .symlink:
                let destination = try PackagingError.files { () throws(FileError) in
                    try fileSystem.destination(ofLink: file)
                }
                entries.append(.init(path: path, kind: .symlink(destination: destination)))
            case .other:
                throw PackagingError(
                    .unsupported, "It is a device, a socket or a pipe, which a release cannot carry.", at: path)
            }
        }
    }

    private func checkLinks(_ entries: [ScannedFolder.Entry]) throws(PackagingError) {
        var links = LinkResolver()
        for entry in entries {
            let kind: TreeEntry.Kind =
                switch entry.kind {
                case .file: .file(size: 0, sha256: "", permissions: 0o644)
                case .directory: .directory(permissions: 0o755)
                case .symlink(let destination): .symlink(destination: destination)
                }
            links.add(kind, at: Array(entry.path.utf8))
        }
        for entry in entries {
            guard case .symlink(let destination) = entry.kind else { continue }
            try links.check(destination, at: entry.path)
        }
    }

    private func warnings(_ entries: [ScannedFolder.Entry]) -> [String] {
        var seen: [String: String] = [:]
        var warnings: [String] = []
        for entry in entries {
            // `String` keys also meet where only the Unicode normalisation differs.
            if let other = seen.updateValue(entry.path, forKey: entry.path.lowercased()) {
                warnings.append(
                    "\(other) and \(entry.path) are the same file where case does not matter (Windows, macOS).")
            }
        }
        return warnings
    }
}
