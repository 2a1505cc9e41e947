// SPDX-License-Identifier: Apache-2.0
import Foundation
internal import Platform
public import SystemPackage

/// A new empty folder that is removed with everything in it when the last reference goes away.
/// Keep it alive for the whole test: `let folder = try TemporaryFolder(); defer { folder.remove() }`.
public final class TemporaryFolder: Sendable {
    public let path: FilePath

    /// `inMemory` where the system has a place for that: for tests that make thousands of files and cut no power.
    public init(inMemory: Bool = false) throws {
        let memory = URL(fileURLWithPath: "/dev/shm", isDirectory: true)
        let isThere = inMemory && FileManager.default.isWritableFile(atPath: memory.path)
        let url = (isThere ? memory : FileManager.default.temporaryDirectory).resolvingSymlinksInPath()
            .appendingPathComponent("ricambio-test-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = FilePath(url.path)
    }

    deinit { remove() }

    /// Absent is fine.
    public func remove() {
        try? FileManager.default.removeItem(atPath: path.string)
    }

    /// Makes `path` with the folders above it.
    @discardableResult
    public func write(_ path: String, _ content: String, permissions: UInt16 = 0o644) throws -> FilePath {
        try write(path, Array(content.utf8), permissions: permissions)
    }

    @discardableResult
    public func write(_ path: String, _ content: [UInt8], permissions: UInt16 = 0o644) throws -> FilePath {
        let files = POSIXFileSystem()
        let file = self / path
        try files.makeDirectories(file.removingLastComponent())
        try files.replace(file, with: content, permissions: permissions)
        return file
    }

    public static func / (folder: TemporaryFolder, name: String) -> FilePath { folder.path.appending(name) }
}
