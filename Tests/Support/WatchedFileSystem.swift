// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// The real file system, whose folders tell of each call.
public struct WatchedFileSystem: FileSystem {
    private let base = POSIXFileSystem()
    public var hooks: FolderHooks

    public init(hooks: FolderHooks = FolderHooks()) { self.hooks = hooks }

    public static var withoutExchange: WatchedFileSystem {
        WatchedFileSystem(
            hooks: FolderHooks(change: { (change, _) throws(FileError) in
                guard change.operation != "exchange" else {
                    throw FileError(.notSupported, operation: "exchange", path: change.path)
                }
            }))
    }

    public func folder(_ path: FilePath) throws(FileError) -> any Folder { WatchedFolder(try base.folder(path), hooks) }

    public func attributes(of path: FilePath) throws(FileError) -> FileAttributes? { try base.attributes(of: path) }
    public func entries(of directory: FilePath) throws(FileError) -> [String] { try base.entries(of: directory) }
    public func read(_ file: FilePath, limit: Int) throws(FileError) -> [UInt8] { try base.read(file, limit: limit) }
    public func destination(ofLink link: FilePath) throws(FileError) -> String { try base.destination(ofLink: link) }
    public func openForReading(_ file: FilePath) throws(FileError) -> any OpenFile { try base.openForReading(file) }
    public func openForWriting(
        _ file: FilePath, permissions: UInt16, resume: Bool
    ) throws(FileError) -> any OpenFile {
        try base.openForWriting(file, permissions: permissions, resume: resume)
    }
    public func makeDirectory(_ path: FilePath, permissions: UInt16) throws(FileError) {
        try base.makeDirectory(path, permissions: permissions)
    }
    public func makeLink(at path: FilePath, to destination: String) throws(FileError) {
        try base.makeLink(at: path, to: destination)
    }
    public func hardLink(_ file: FilePath, as other: FilePath) throws(FileError) { try base.hardLink(file, as: other) }
    public func copyFile(_ source: FilePath, to destination: FilePath) throws(FileError) {
        try base.copyFile(source, to: destination)
    }
    public func setPermissions(_ permissions: UInt16, of path: FilePath) throws(FileError) {
        try base.setPermissions(permissions, of: path)
    }
    public func replace(_ file: FilePath, with bytes: [UInt8], permissions: UInt16) throws(FileError) {
        try base.replace(file, with: bytes, permissions: permissions)
    }
    public func rename(_ source: FilePath, to destination: FilePath) throws(FileError) {
        try base.rename(source, to: destination)
    }
    public func exchange(_ a: FilePath, with b: FilePath) throws(FileError) { try base.exchange(a, with: b) }
    public func remove(_ path: FilePath) throws(FileError) { try base.remove(path) }
    public func syncDirectory(_ directory: FilePath) throws(FileError) { try base.syncDirectory(directory) }
    public func syncFileSystem(containing path: FilePath) throws(FileError) {
        try base.syncFileSystem(containing: path)
    }
    public func freeFiles(at path: FilePath) throws(FileError) -> Int64 { try base.freeFiles(at: path) }
    public func freeBytes(at path: FilePath) throws(FileError) -> Int64 { try base.freeBytes(at: path) }
    public func mountPoints(below folder: FilePath) throws(FileError) -> [FilePath] {
        try base.mountPoints(below: folder)
    }
    public func lock(_ file: FilePath) throws(FileError) -> (any HeldLock)? { try base.lock(file) }
}
