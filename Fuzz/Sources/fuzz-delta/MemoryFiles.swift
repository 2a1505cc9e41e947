// SPDX-License-Identifier: Apache-2.0
import Platform
import Synchronization
import SystemPackage

/// Files in memory, as far as applying a delta needs them.
final class MemoryFiles: FileSystem {
    private let contents: Mutex<[String: [UInt8]]>

    init(_ contents: [String: [UInt8]]) { self.contents = Mutex(contents) }

    func content(_ path: String) -> [UInt8]? { contents.withLock { $0[path] } }

    fileprivate func append(_ bytes: ArraySlice<UInt8>, to path: String) {
        contents.withLock { $0[path, default: []] += bytes }
    }

    func openForReading(_ file: FilePath) throws(FileError) -> any OpenFile {
        guard content(file.string) != nil else { throw missing("open", file) }
        return MemoryFile(files: self, path: file.string)
    }

    func openForWriting(_ file: FilePath, permissions: UInt16, resume: Bool) throws(FileError) -> any OpenFile {
        contents.withLock { $0[file.string] = [] }
        return MemoryFile(files: self, path: file.string)
    }

    func copyFile(_ source: FilePath, to destination: FilePath) throws(FileError) {
        contents.withLock { $0[destination.string] = $0[source.string] }
    }

    func remove(_ path: FilePath) throws(FileError) { contents.withLock { $0[path.string] = nil } }
    func setPermissions(_ permissions: UInt16, of path: FilePath) throws(FileError) {}

    private func missing(_ operation: String, _ path: FilePath) -> FileError {
        FileError(.notFound, operation: operation, path: path.string)
    }

    // What follows is not asked for.

    func attributes(of path: FilePath) throws(FileError) -> FileAttributes? { throw missing("look at", path) }
    func folder(_ path: FilePath) throws(FileError) -> any Folder { throw missing("open", path) }
    func entries(of directory: FilePath) throws(FileError) -> [String] { throw missing("list", directory) }
    func read(_ file: FilePath, limit: Int) throws(FileError) -> [UInt8] { throw missing("read", file) }
    func destination(ofLink link: FilePath) throws(FileError) -> String { throw missing("read", link) }
    func makeDirectory(_ path: FilePath, permissions: UInt16) throws(FileError) { throw missing("make", path) }
    func makeLink(at path: FilePath, to destination: String) throws(FileError) { throw missing("make", path) }
    func hardLink(_ file: FilePath, as other: FilePath) throws(FileError) { throw missing("link", file) }
    func replace(_ file: FilePath, with bytes: [UInt8], permissions: UInt16) throws(FileError) {
        throw missing("replace", file)
    }
    func rename(_ source: FilePath, to destination: FilePath) throws(FileError) { throw missing("rename", source) }
    func exchange(_ a: FilePath, with b: FilePath) throws(FileError) { throw missing("exchange", a) }
    func syncDirectory(_ directory: FilePath) throws(FileError) {}
    func syncFileSystem(containing path: FilePath) throws(FileError) {}
    func freeBytes(at path: FilePath) throws(FileError) -> Int64 { .max }
    func freeFiles(at path: FilePath) throws(FileError) -> Int64 { .max }
    func mountPoints(below folder: FilePath) throws(FileError) -> [FilePath] { [] }
    func lock(_ file: FilePath) throws(FileError) -> (any HeldLock)? { nil }
}

private final class MemoryFile: OpenFile {
    private let files: MemoryFiles
    private let path: String

    init(files: MemoryFiles, path: String) {
        self.files = files
        self.path = path
    }

    private var content: [UInt8] { files.content(path) ?? [] }

    func read(at offset: Int64, count: Int) throws(FileError) -> [UInt8] {
        Array(content.dropFirst(Int(offset)).prefix(count))
    }

    func write(_ bytes: ArraySlice<UInt8>) throws(FileError) { files.append(bytes, to: path) }

    func attributes() throws(FileError) -> FileAttributes {
        FileAttributes(
            kind: .file, size: Int64(content.count), permissions: 0o644, modified: 0, inode: 1, device: 1, links: 1)
    }

    func truncate(to size: Int64) throws(FileError) {}
    func sync() throws(FileError) {}
    func close() throws(FileError) {}
}
