// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import SystemPackage
import TestSupport

/// The real file system without waiting for the disk, since no test here cuts the power; and, when told so, without
/// letting two folders change places in one step, as some network file systems cannot.
struct QuickFileSystem: FileSystem {
    var canExchange = true
    private let base = POSIXFileSystem()

    init(canExchange: Bool = true) {
        self.canExchange = canExchange
    }

    func exchange(_ a: FilePath, with b: FilePath) throws(FileError) {
        guard canExchange else { throw FileError(.notSupported, operation: "exchange", path: a.string) }
        try base.exchange(a, with: b)
    }

    func replace(_ file: FilePath, with bytes: [UInt8], permissions: UInt16) throws(FileError) {
        let name = FilePath.Component("\(UInt64.random(in: 0 ... .max))") ?? "new"
        let temporary = file.removingLastComponent().appending(name)
        let output = try base.openForWriting(temporary, permissions: permissions, resume: false)
        try output.write(bytes[...])
        try output.close()
        let failed = temporary.withPlatformString { from in file.withPlatformString { Glibc.rename(from, $0) } }
        guard failed == 0 else { throw FileError(.other(errno), operation: "replace", path: file) }
    }

    func syncDirectory(_ directory: FilePath) throws(FileError) {}
    func syncFileSystem(containing path: FilePath) throws(FileError) {}

    func attributes(of path: FilePath) throws(FileError) -> FileAttributes? { try base.attributes(of: path) }
    func folder(_ path: FilePath) throws(FileError) -> any Folder {
        let canExchange = canExchange
        return WatchedFolder(
            try base.folder(path),
            FolderHooks(change: { (change, _) throws(FileError) in
                if change.operation == "exchange", !canExchange {
                    throw FileError(.notSupported, operation: "exchange", path: change.path)
                }
            }))
    }
    func entries(of directory: FilePath) throws(FileError) -> [String] { try base.entries(of: directory) }
    func read(_ file: FilePath, limit: Int) throws(FileError) -> [UInt8] { try base.read(file, limit: limit) }
    func destination(ofLink link: FilePath) throws(FileError) -> String { try base.destination(ofLink: link) }
    func openForReading(_ file: FilePath) throws(FileError) -> any OpenFile { try base.openForReading(file) }
    func openForWriting(
        _ file: FilePath, permissions: UInt16, resume: Bool
    ) throws(FileError) -> any OpenFile {
        try base.openForWriting(file, permissions: permissions, resume: resume)
    }
    func makeDirectory(_ path: FilePath, permissions: UInt16) throws(FileError) {
        try base.makeDirectory(path, permissions: permissions)
    }
    func makeLink(at path: FilePath, to destination: String) throws(FileError) {
        try base.makeLink(at: path, to: destination)
    }
    func hardLink(_ file: FilePath, as other: FilePath) throws(FileError) { try base.hardLink(file, as: other) }
    func copyFile(_ source: FilePath, to destination: FilePath) throws(FileError) {
        try base.copyFile(source, to: destination)
    }
    func setPermissions(_ permissions: UInt16, of path: FilePath) throws(FileError) {
        try base.setPermissions(permissions, of: path)
    }
    func rename(_ source: FilePath, to destination: FilePath) throws(FileError) {
        try base.rename(source, to: destination)
    }
    func remove(_ path: FilePath) throws(FileError) { try base.remove(path) }
    func freeBytes(at path: FilePath) throws(FileError) -> Int64 { try base.freeBytes(at: path) }
    func freeFiles(at path: FilePath) throws(FileError) -> Int64 { try base.freeFiles(at: path) }
    func mountPoints(below folder: FilePath) throws(FileError) -> [FilePath] { try base.mountPoints(below: folder) }
    func lock(_ file: FilePath) throws(FileError) -> (any HeldLock)? { try base.lock(file) }
}
