// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

/// Version 1.0 is live, 2.0 is staged, and 0.9 of an earlier update is `App_old`.
///
/// Made with strings where it can be: a `FilePath` of a debug build checks itself so often that it shows in tests which
/// make hundreds of these.
struct SwapStage {
    let scene: Scene
    let earlier: FolderRecord
    let record: SwapRecord

    /// Live, `_old`, staged and the retained 0.9.
    let paths: [String]

    var place: Place { scene.place }
    var files: POSIXFileSystem { POSIXFileSystem() }

    init() throws {
        scene = try Scene()
        let place = scene.place
        let parent = place.live.string.dropLast(3)
        let state = parent + ".ricambio/app"
        paths = ["\(parent)App", "\(parent)App_old", "\(state)/staged", "\(state)/retained/of 0.9"]
        earlier = try Self.make(place.old, "0.9", before: "1.0")
        record = SwapRecord(
            old: try Self.make(place.live, "1.0", before: "2.0"), new: try Self.make(place.staged, "2.0", before: "1.0")
        )
    }

    private static func content(_ version: String) -> [(name: String, text: String)] {
        [("VERSION", version), ("server", "program \(version)"), ("LICENCE", "free")]
    }

    static func entries(_ version: String) -> [ReleaseEntry] {
        content(version).map { name, text in
            let hash = sha256Hex(Array(text.utf8))
            return ReleaseEntry(
                path: FilePath(name), kind: .file(size: Int64(text.utf8.count), sha256: hash, permissions: 0o644))
        }
    }

    static func fill(_ folder: String, _ version: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text) in content(version) { try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)")) }
    }

    static func make(_ folder: FilePath, _ version: String, before other: String) throws -> FolderRecord {
        try fill(folder.string, version)
        return FolderRecord(
            try #require(try POSIXFileSystem().attributes(of: folder)), id: "of \(version)", version: version,
            tree: version,
            witnesses: Witnesses.choose(for: entries(version), against: entries(other)) { _ in true })
    }

    func swap(_ fileSystem: any FileSystem = POSIXFileSystem(), held: Swap.Held? = nil) -> Swap {
        Swap(place, record, others: [earlier], held: held, fileSystem: fileSystem)
    }

    /// What a folder says it is; `nil` when it is not there, or not whole.
    func version(_ path: String) -> String? {
        func text(_ name: String) -> String? {
            FileManager.default.contents(atPath: "\(path)/\(name)").map { String(decoding: $0, as: UTF8.self) }
        }
        guard let version = text("VERSION"), text("server") == "program \(version)" else { return nil }
        return version
    }

    var live: String? { version(paths[0]) }
    /// By ``paths``.
    var versions: [String?] { paths.map(version) }
    static let before: [String?] = ["1.0", "0.9", "2.0", nil]
    static let after: [String?] = ["2.0", "1.0", nil, "0.9"]

    /// Another folder with the same content takes each one's place, as after a restore.
    func restore() throws {
        for path in paths.dropLast() {
            guard let version = version(path) else { continue }
            try replace(path, by: version)
        }
    }

    /// Made before the other goes, so that it cannot get the same inode.
    func replace(_ path: String, by version: String) throws {
        try Self.fill("\(paths[0]).copy", version)
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: "\(paths[0]).copy", toPath: path)
    }
}
