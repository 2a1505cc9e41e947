// SPDX-License-Identifier: Apache-2.0
import Platform
public import SystemPackage
import TUF

/// Where things are in a repository's folder.
///
/// ```
/// public/metadata  public/targets  public/packs    what a web server serves
/// keys/  pending/  work/  repository.lock  repository.json    private
/// ```
public struct RepositoryLayout: Sendable, Hashable {
    public let folder: FilePath

    public init(_ folder: FilePath) {
        self.folder = folder
    }

    public var served: FilePath { folder.appending("public") }
    public var metadata: FilePath { served.appending("metadata") }
    public var targets: FilePath { served.appending("targets") }
    public var packs: FilePath { served.appending("packs") }
    public var keys: FilePath { folder.appending("keys") }
    /// Metadata that waits for signatures.
    public var pending: FilePath { folder.appending("pending") }
    /// Where folders are unpacked while something is published; nothing of it outlives that.
    public var work: FilePath { folder.appending("work") }
    /// The root that customers are given.
    public var firstRoot: FilePath { metadata.appending("1.root.json") }
    var lock: FilePath { folder.appending("repository.lock") }
    var settings: FilePath { folder.appending("repository.json") }

    func metadata(_ role: String, version: Int64) -> FilePath {
        metadata.appending("\(version).\(percentEncoded(role)).json")
    }

    func target(_ target: TargetFile) -> FilePath {
        target.location(consistentSnapshot: true).split(separator: "/").reduce(targets) { $0.appending(String($1)) }
    }
}

/// Held until the last editor that shares it is gone.
final class PublisherLock: Sendable {
    private let held: any HeldLock

    init(_ held: any HeldLock) {
        self.held = held
    }

    deinit { held.release() }
}

/// Reads and writes the files of one repository.
struct RepositoryFiles: Sendable {
    let layout: RepositoryLayout
    let fileSystem: any FileSystem

    func lock() throws(RepositoryError) -> PublisherLock {
        let held = try files("lock the repository") { () throws(FileError) in try fileSystem.lock(layout.lock) }
        guard let held else {
            throw RepositoryError(
                .locked, "somebody else is publishing to \(layout.folder); try again when they are done")
        }
        return PublisherLock(held)
    }

    func read(_ file: FilePath) throws(RepositoryError) -> [UInt8] {
        try files("read \(file)") { () throws(FileError) in try fileSystem.read(file, limit: 1 << 30) }
    }

    /// Durable before it returns: what is written later may refer to it.
    func write(_ file: FilePath, _ bytes: [UInt8], permissions: UInt16 = 0o644) throws(RepositoryError) {
        try files("write \(file)") { () throws(FileError) in
            try fileSystem.makeDurableDirectories(file.removingLastComponent())
            try fileSystem.replace(file, with: bytes, permissions: permissions)
        }
    }

    func exists(_ file: FilePath) throws(RepositoryError) -> Bool {
        try files("look for \(file)") { () throws(FileError) in try fileSystem.exists(file) }
    }

    /// Of the highest `N.root.json`.
    func newestRootVersion() throws(RepositoryError) -> Int64? {
        let names = try files("read \(layout.metadata)") { () throws(FileError) -> [String] in
            do throws(FileError) {
                return try fileSystem.entries(of: layout.metadata)
            } catch  where error.code == .notFound {
                return []
            }
        }
        let versions = names.compactMap { name -> Int64? in
            name.hasSuffix(".root.json") ? Int64(name.dropLast(".root.json".count)) : nil
        }
        return versions.max()
    }
}
