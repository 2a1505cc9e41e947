// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import SystemPackage
import TestSupport

@testable import RicambioClient

/// A client's folder with version 1.0 in place and 2.0 staged beside it.
struct Stage {
    let temporary: TemporaryFolder
    let folder: ClientFolder
    static let files = ["om-client", "lib/a", "lib/b"]
    static let new = InstalledClient(product: "om", version: "2.0", component: "client", platform: "linux-x86_64")
    static let old = InstalledClient(product: "om", version: "1.0", component: "client", platform: "linux-x86_64")

    init() throws {
        temporary = try TemporaryFolder(inMemory: true)
        folder = ClientFolder(live: temporary / "OM Client", fileSystem: QuickFileSystem())
        try Self.fill(folder.live, version: "1.0")
        try folder.fileSystem.makeDirectories(folder.state)
        var state = ClientState()
        state.installed = Self.old
        try folder.write(state)
    }

    init(temporary: TemporaryFolder, folder: ClientFolder) {
        self.temporary = temporary
        self.folder = folder
    }

    /// As an update leaves it before the two change places.
    func stage() throws {
        try Self.fill(folder.staged, version: "2.0")
        try folder.writeBuilding(try records().new)
    }

    /// What the two folders are known by.
    func records() throws -> SwapRecord {
        let record = { (path: FilePath, version: String) in
            FolderRecord(
                try QuickFileSystem().folder(path).attributes(), version: version, tree: version,
                witnesses: Self.files.map {
                    Witness(path: $0, size: Int64(version.utf8.count), sha256: sha256Hex(Array(version.utf8)))
                })
        }
        return SwapRecord(old: try record(folder.live, "1.0"), new: try record(folder.staged, "2.0"))
    }

    /// The staged version takes the live one's place.
    func swap() throws {
        try folder.swap(to: Self.new, try records())
    }

    /// The same folder on another file system.
    func on(_ fileSystem: any FileSystem) -> ClientFolder {
        ClientFolder(live: folder.live, fileSystem: fileSystem)
    }

    static func fill(_ path: FilePath, version: String) throws {
        let fileSystem = QuickFileSystem()
        try fileSystem.makeDirectories(path.appending("lib"))
        for name in files {
            try fileSystem.replace(path.pushing(FilePath(name)), with: Array(version.utf8), permissions: 0o755)
        }
    }

    /// The version at a path: `nil` when nothing is there, `mixed` when it is not whole.
    func version(at path: FilePath) -> String? {
        let contents = Set(
            Self.files.map { try? String(contentsOfFile: "\(path)/\($0)", encoding: .utf8) })
        guard contents.count == 1, let first = contents.first else { return "mixed" }
        return first
    }

    var live: String? { version(at: folder.live) }
    var old: String? { version(at: folder.old) }
    var names: [String] { (try? folder.fileSystem.entries(of: folder.state)) ?? [] }

    /// Whether nothing of an update is left.
    var isTidy: Bool { old == nil && !names.contains("staged") && !names.contains("journal.json") }
}
