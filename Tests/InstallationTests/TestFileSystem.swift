// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Synchronization
import SystemPackage
import TestSupport

/// How often which operation was asked for.
final class Tally: Sendable {
    private let state = Mutex<[String: Int]>([:])

    var counts: [String: Int] { state.withLock { $0 } }
    func add(_ operation: String) { state.withLock { $0[operation, default: 0] += 1 } }
}

/// The real file system without waiting for a disk, and without an exchange if told so.
struct TestFileSystem: FileSystem {
    private let base = POSIXFileSystem()
    var hasExchange = true
    var free: Int64?
    /// Writing below it is refused.
    var forbidden: FilePath?
    /// Folders that look as if something were mounted there.
    var mounted: [FilePath] = []
    /// The same for every folder of this name, wherever it is; the table of mounts does not know of these.
    var mountedName: String?
    var tally: Tally?

    private func allow(_ path: FilePath) throws(FileError) {
        if let forbidden, path.string.hasPrefix(forbidden.string) {
            throw FileError(.permissionDenied, operation: "write", path: path.string)
        }
    }

    func attributes(of path: FilePath) throws(FileError) -> FileAttributes? {
        tally?.add("attributes")
        var found = try base.attributes(of: path)
        if mounted.contains(path) || path.lastComponent?.string == mountedName { found?.isMountPoint = true }
        return found
    }

    func folder(_ path: FilePath) throws(FileError) -> any Folder {
        let files = self
        return WatchedFolder(
            try base.folder(path),
            FolderHooks(
                look: { (operation, _) throws(FileError) in files.tally?.add(operation) },
                change: { (change, _) throws(FileError) in
                    files.tally?.add(change.operation)
                    try files.allow(change.path)
                    if change.operation == "exchange", !files.hasExchange {
                        throw FileError(.notSupported, operation: "exchange", path: change.path)
                    }
                },
                found: { path, found in
                    var found = found
                    if files.mounted.contains(path) || path.lastComponent?.string == files.mountedName {
                        found.isMountPoint = true
                    }
                    return found
                }))
    }

    func entries(of directory: FilePath) throws(FileError) -> [String] {
        tally?.add("entries")
        return try base.entries(of: directory)
    }

    func read(_ file: FilePath, limit: Int) throws(FileError) -> [UInt8] {
        tally?.add("read")
        return try base.read(file, limit: limit)
    }

    func destination(ofLink link: FilePath) throws(FileError) -> String {
        tally?.add("destination")
        return try base.destination(ofLink: link)
    }

    func openForReading(_ file: FilePath) throws(FileError) -> any OpenFile {
        tally?.add("openForReading")
        return UnsyncedFile(base: try base.openForReading(file))
    }

    func openForWriting(_ file: FilePath, permissions: UInt16, resume: Bool) throws(FileError) -> any OpenFile {
        tally?.add("openForWriting")
        try allow(file)
        return UnsyncedFile(base: try base.openForWriting(file, permissions: permissions, resume: resume))
    }

    func makeDirectory(_ path: FilePath, permissions: UInt16) throws(FileError) {
        tally?.add("makeDirectory")
        try allow(path)
        try base.makeDirectory(path, permissions: permissions)
    }

    func makeLink(at path: FilePath, to destination: String) throws(FileError) {
        tally?.add("makeLink")
        try base.makeLink(at: path, to: destination)
    }

    func hardLink(_ file: FilePath, as other: FilePath) throws(FileError) {
        tally?.add("hardLink")
        try base.hardLink(file, as: other)
    }

    func copyFile(_ source: FilePath, to destination: FilePath) throws(FileError) {
        tally?.add("copyFile")
        try base.copyFile(source, to: destination)
    }

    func setPermissions(_ permissions: UInt16, of path: FilePath) throws(FileError) {
        tally?.add("setPermissions")
        try base.setPermissions(permissions, of: path)
    }

    func replace(_ file: FilePath, with bytes: [UInt8], permissions: UInt16) throws(FileError) {
        tally?.add("replace")
        let temporary = file.removingLastComponent().appending(".\(UUID().uuidString)")
        let open = try base.openForWriting(temporary, permissions: permissions, resume: false)
        try open.write(bytes[...])
        try open.close()
        guard Foundation.rename(temporary.string, file.string) == 0 else {
            throw FileError(.other(0), operation: "replace", path: file.string)
        }
    }

    func rename(_ source: FilePath, to destination: FilePath) throws(FileError) {
        tally?.add("rename")
        try base.rename(source, to: destination)
    }

    func exchange(_ a: FilePath, with b: FilePath) throws(FileError) {
        tally?.add("exchange")
        guard hasExchange else { throw FileError(.notSupported, operation: "exchange", path: a.string) }
        try base.exchange(a, with: b)
    }

    func remove(_ path: FilePath) throws(FileError) {
        tally?.add("remove")
        try base.remove(path)
    }

    func syncDirectory(_ directory: FilePath) throws(FileError) { tally?.add("syncDirectory") }
    func syncFileSystem(containing path: FilePath) throws(FileError) { tally?.add("syncFileSystem") }

    func freeBytes(at path: FilePath) throws(FileError) -> Int64 {
        if let free { return free }
        return try base.freeBytes(at: path)
    }

    func freeFiles(at path: FilePath) throws(FileError) -> Int64 { try base.freeFiles(at: path) }

    func mountPoints(below folder: FilePath) throws(FileError) -> [FilePath] {
        mounted.filter { $0 != folder && $0.starts(with: folder) }
    }

    func lock(_ file: FilePath) throws(FileError) -> (any HeldLock)? { try base.lock(file) }
}

/// Does not wait for the disk: no test cuts the power.
private final class UnsyncedFile: OpenFile {
    private let base: any OpenFile

    init(base: any OpenFile) { self.base = base }

    func read(at offset: Int64, count: Int) throws(FileError) -> [UInt8] { try base.read(at: offset, count: count) }
    func write(_ bytes: ArraySlice<UInt8>) throws(FileError) { try base.write(bytes) }
    func attributes() throws(FileError) -> FileAttributes { try base.attributes() }
    func truncate(to size: Int64) throws(FileError) { try base.truncate(to: size) }
    func sync() throws(FileError) {}
    func close() throws(FileError) { try base.close() }
}
