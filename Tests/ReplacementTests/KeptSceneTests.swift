// SPDX-License-Identifier: Apache-2.0
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

/// A live folder of the customer's beside a staged one of the vendor's.
struct KeptScene {
    let temporary: TemporaryFolder
    let live: FilePath
    let staged: FilePath
    let release: [ReleaseEntry]
    let rules: KeepRules

    /// `release` is by path: a file's content, `-> destination` for a symlink, `/` for a folder.
    init(_ rules: [KeepRule], release: [String: String] = [:], inMemory: Bool = true) throws {
        temporary = try TemporaryFolder(inMemory: inMemory)
        live = temporary / "live"
        let staged = temporary / "staged"
        self.staged = staged
        self.rules = KeepRules(rules)
        let files = POSIXFileSystem()
        for folder in [live, staged] { try files.makeDirectory(folder, permissions: 0o755) }
        self.release = try release.map { path, content in
            let place = staged.pushing(FilePath(path))
            try files.makeDirectories(place.removingLastComponent())
            if content == "/" {
                try files.makeDirectories(place)
                return ReleaseEntry(path: FilePath(path), kind: .directory(permissions: 0o755))
            }
            if content.hasPrefix("-> ") {
                try files.makeLink(at: place, to: String(content.dropFirst(3)))
                return ReleaseEntry(path: FilePath(path), kind: .symlink(destination: String(content.dropFirst(3))))
            }
            try files.openForWriting(place, permissions: 0o644, resume: false).write(Array(content.utf8)[...])
            let hash = sha256Hex(Array(content.utf8))
            return ReleaseEntry(
                path: FilePath(path), kind: .file(size: Int64(content.utf8.count), sha256: hash, permissions: 0o644))
        }
    }

    var carryOver: CarryOver { CarryOver(rules: rules, release: release) }

    /// `hooks` are told of each call on both sides.
    @discardableResult
    func pass(
        since earlier: KeptIndex = .none, durable: Bool = false, _ hooks: FolderHooks? = nil,
        check: @escaping CancellationCheck = { () throws(ReplacementError) in }
    ) throws -> CarryOver.Pass {
        try carryOver.pass(
            from: try folder(live, hooks), into: try folder(staged, hooks), since: earlier, durable: durable,
            check: check)
    }

    func folder(_ path: FilePath, _ hooks: FolderHooks? = nil) throws -> any Folder {
        let folder = try POSIXFileSystem().folder(path)
        return hooks.map { WatchedFolder(folder, $0) } ?? folder
    }

    /// A file of the customer's, with the folders above it.
    func write(_ path: String, _ content: String, permissions: UInt16 = 0o644) throws {
        let (files, place) = (POSIXFileSystem(), live.pushing(FilePath(path)))
        try files.makeDirectories(place.removingLastComponent())
        try files.remove(place)
        try files.openForWriting(place, permissions: permissions, resume: false).write(Array(content.utf8)[...])
    }

    func remove(_ path: String) throws { try POSIXFileSystem().removeTree(live.pushing(FilePath(path))) }

    func link(_ path: String, to destination: String) throws {
        let place = live.pushing(FilePath(path))
        try POSIXFileSystem().makeDirectories(place.removingLastComponent())
        try POSIXFileSystem().makeLink(at: place, to: destination)
    }

    func attributes(_ path: String, in folder: FilePath? = nil) throws -> FileAttributes {
        try #require(try POSIXFileSystem().attributes(of: (folder ?? staged).pushing(FilePath(path))))
    }

    /// The staged folder's content: files' content, `-> destination` of symlinks, `/` of folders.
    func content(of folder: FilePath? = nil) throws -> [String: String] {
        var found: [String: String] = [:]
        func walk(_ folder: any Folder, _ prefix: String) throws {
            let listing = try folder.list()
            for index in listing.indices {
                let name = listing.component(index)
                let path = prefix + FilePath("").appending(name).readable
                switch listing.attributes[index].kind {
                case .directory:
                    found[path] = "/"
                    try walk(try folder.folder(name), path + "/")
                case .symlink: found[path] = "-> " + (try folder.destination(ofLink: name).string)
                case .file:
                    let size = Int(min(listing.attributes[index].size, 1000))
                    found[path] = String(
                        decoding: try folder.openForReading(name).read(at: 0, count: size), as: UTF8.self)
                case .other: found[path] = "?"
                }
            }
        }
        try walk(try self.folder(folder ?? staged), "")
        return found
    }

    /// The files and symlinks of it.
    func files() throws -> [String: String] { try content().filter { $0.value != "/" } }
}
