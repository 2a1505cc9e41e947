// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// The file operations that the product is made of. ``POSIXFileSystem`` is the real one; tests put one in its
/// place that crashes, or fails, at the n-th operation.
///
/// Nothing here is durable until the containing directory (``syncDirectory(_:)``) or the whole file system
/// (``syncFileSystem(containing:)``) is synced; only ``replace(_:with:permissions:)`` syncs by itself.
/// All calls block: they are short, or made off the cooperative pool by their callers.
public protocol FileSystem: Sendable {
    /// `nil` when nothing is there.
    func attributes(of path: FilePath) throws(FileError) -> FileAttributes?
    /// Opens a folder to work in it by descriptor; symlinks above it are followed, one at `path` itself is not.
    func folder(_ path: FilePath) throws(FileError) -> any Folder
    /// Opens the folder at an absolute path on which no symlink is followed, at its end or above: `isSymlink` when there is one.
    func folder(withoutLinks path: FilePath) throws(FileError) -> any Folder
    /// Names in a directory, without `.` and `..`, sorted by bytes.
    func entries(of directory: FilePath) throws(FileError) -> [String]
    /// The whole file; `tooLarge` when it has more than `limit` bytes.
    func read(_ file: FilePath, limit: Int) throws(FileError) -> [UInt8]
    func destination(ofLink link: FilePath) throws(FileError) -> String
    /// Opens an existing file for reading; never follows a symlink at `file` itself.
    func openForReading(_ file: FilePath) throws(FileError) -> any OpenFile
    /// Opens a file for writing; with `resume`, an existing one is continued at its end, else it must not exist.
    func openForWriting(_ file: FilePath, permissions: UInt16, resume: Bool) throws(FileError) -> any OpenFile

    /// Fails with `exists` when something is there.
    func makeDirectory(_ path: FilePath, permissions: UInt16) throws(FileError)
    func makeLink(at path: FilePath, to destination: String) throws(FileError)
    func hardLink(_ file: FilePath, as other: FilePath) throws(FileError)
    /// Copies content with its holes, permissions and modification time of one file; shared where the file system can.
    /// A whole copy, with its owner and all, is ``Folder/copyFile(_:as:in:)``. Fails with `exists` when something is at `destination`.
    func copyFile(_ source: FilePath, to destination: FilePath) throws(FileError)
    func setPermissions(_ permissions: UInt16, of path: FilePath) throws(FileError)
    /// Sets the modification time of a file to now; what it holds stays as it is. Not durable: a hint.
    func touch(_ file: FilePath) throws(FileError)

    /// Atomic and durable: temporary file with a random name, sync, rename over, sync of the directory.
    func replace(_ file: FilePath, with bytes: [UInt8], permissions: UInt16) throws(FileError)
    /// Fails with `exists` instead of replacing.
    func rename(_ source: FilePath, to destination: FilePath) throws(FileError)
    /// The two change places in one step; `notSupported` where the file system cannot.
    func exchange(_ a: FilePath, with b: FilePath) throws(FileError)
    /// Removes a file, symlink or empty directory; absent is fine.
    func remove(_ path: FilePath) throws(FileError)

    func syncDirectory(_ directory: FilePath) throws(FileError)
    func syncFileSystem(containing path: FilePath) throws(FileError)
    /// Bytes that this process may still write.
    func freeBytes(at path: FilePath) throws(FileError) -> Int64
    /// Files and folders that this process may still make; as many as can be where the file system has no limit.
    func freeFiles(at path: FilePath) throws(FileError) -> Int64
    /// Where something is mounted inside `folder`, at any depth and not at itself; bind mounts, whose device number is
    /// the same, and mounts on single files included. Empty when there is no such folder.
    func mountPoints(below folder: FilePath) throws(FileError) -> [FilePath]
    /// An exclusive `flock`, held until the lock is released or the process ends; `nil` when somebody has it.
    func lock(_ file: FilePath) throws(FileError) -> (any HeldLock)?
}

/// An open file; closed when released at the latest.
public protocol OpenFile: AnyObject, Sendable {
    /// Up to `count` bytes at `offset`; empty at the end.
    func read(at offset: Int64, count: Int) throws(FileError) -> [UInt8]
    /// Fills `buffer` from `offset` on; how many bytes there were, fewer than it has room for only at the end.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int
    /// Appends.
    func write(_ bytes: ArraySlice<UInt8>) throws(FileError)
    /// Appends.
    func write(contentsOf bytes: UnsafeRawBufferPointer) throws(FileError)
    func attributes() throws(FileError) -> FileAttributes
    func truncate(to size: Int64) throws(FileError)
    func sync() throws(FileError)
    func close() throws(FileError)
}

extension FileSystem {
    public func touch(_ file: FilePath) throws(FileError) {
        throw FileError(.notSupported, operation: "set the time of", path: file.string)
    }
}

extension OpenFile {
    public func read(at offset: Int64, into memory: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        let bytes = try read(at: offset, count: memory.count)
        memory.copyBytes(from: bytes)
        return bytes.count
    }

    // For files in tests, which need not be fast.

    public func write(contentsOf bytes: UnsafeRawBufferPointer) throws(FileError) { try write(Array(bytes)[...]) }
}

public protocol HeldLock: AnyObject, Sendable {
    func release()
}
