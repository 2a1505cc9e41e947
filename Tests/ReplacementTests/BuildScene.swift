// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import SystemPackage
import TestSupport

/// A release as tests write it down: files by path, folders follow from them.
struct TestRelease {
    enum Item {
        case file(String, UInt16 = 0o644)
        case link(String)
        case folder(UInt16 = 0o755)
    }

    var items: [String: Item]

    init(_ items: [String: Item]) {
        self.items = items
        for path in items.keys {
            var above = FilePath(path).removingLastComponent()
            while !above.isEmpty {
                if self.items[above.string] == nil { self.items[above.string] = .folder() }
                above.removeLastComponent()
            }
        }
    }

    var paths: [String] { items.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

    var entries: [ReleaseEntry] {
        paths.map { path in
            let kind: ReleaseEntry.Kind =
                switch items[path] {
                case .file(let text, let permissions):
                    .file(
                        size: Int64(text.utf8.count), sha256: sha256Hex(Array(text.utf8)), permissions: permissions)
                case .link(let destination): .symlink(destination: destination)
                case .folder(let permissions): .directory(permissions: permissions)
                case nil: .directory(permissions: 0o755)
                }
            return ReleaseEntry(path: FilePath(path), kind: kind)
        }
    }

    /// Makes it in an empty folder, or a new one.
    func stage(_ folder: FilePath) throws {
        let files = POSIXFileSystem()
        try files.makeDirectories(folder)
        for path in paths {
            let place = folder.appending(path)
            switch items[path] {
            case .file(let text, let permissions):
                try files.openForWriting(place, permissions: permissions, resume: false).write(Array(text.utf8)[...])
            case .link(let destination): try files.makeLink(at: place, to: destination)
            case .folder, nil: try files.makeDirectory(place, permissions: 0o755)
            }
        }
    }
}

extension Scene {
    var files: POSIXFileSystem { POSIXFileSystem() }

    func live() throws -> any Folder { try files.folder(place.live) }

    func attributes(_ path: String) throws -> FileAttributes? { try files.attributes(of: folder / path) }

    func metadata(_ path: String) throws -> FileMetadata {
        let path = folder / path
        guard let name = path.lastComponent else { throw POSIXError(.EINVAL) }
        return try files.folder(path.removingLastComponent()).metadata(of: name)
    }

    /// Gives something an owner, a mode or attributes.
    func set(_ path: String, _ change: (inout FileMetadata) -> Void) throws {
        var new = try metadata(path)
        change(&new)
        let path = folder / path
        guard let name = path.lastComponent else { throw POSIXError(.EINVAL) }
        let lost = try files.folder(path.removingLastComponent()).set(new, of: name)
        if !lost.isEmpty { throw POSIXError(.EPERM) }
    }
}

/// Access lists of these tests: `u`, `g`, `m`, `o` and named users.
func accessList(user: UInt16, group: UInt16, mask: UInt16, other: UInt16, named: [UInt32: UInt16]) -> [UInt8] {
    func entry(_ tag: UInt8, _ permissions: UInt16, _ id: UInt32 = .max) -> [UInt8] {
        [tag, 0, UInt8(permissions), 0] + (0..<4).map { UInt8(truncatingIfNeeded: id >> (8 * $0)) }
    }
    return [2, 0, 0, 0] + entry(1, user) + named.sorted { $0.key < $1.key }.flatMap { entry(2, $0.value, $0.key) }
        + entry(4, group) + entry(16, mask) + entry(32, other)
}
