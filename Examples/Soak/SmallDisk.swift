// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Stage
import SystemPackage

/// A file system of its own for the customer, small enough to be filled up. Only root can mount one.
struct SmallDisk: Sendable {
    let folder: FilePath
    private let filler: FilePath
    private static let megabytes = 96

    /// `nil` for anybody but root.
    init?(at folder: FilePath, stage: Stage) async throws {
        guard geteuid() == 0 else { return nil }
        self.folder = folder
        filler = folder.appending("filler")
        try stage.fileSystem.makeDirectories(folder)
        try await stage.succeed([
            "mount", "-t", "tmpfs", "-o", "size=\(Self.megabytes)m,mode=755", "ricambio-soak", folder.string,
        ])
    }

    /// Leaves so many bytes.
    func fill(leaving bytes: Int64, _ fileSystem: any FileSystem) throws {
        try fileSystem.remove(filler)
        let file = try fileSystem.openForWriting(filler, permissions: 0o600, resume: false)
        let block = [UInt8](repeating: 0, count: 64 << 10)
        while case let free = try fileSystem.freeBytes(at: folder), free > bytes {
            do {
                try file.write(block.prefix(Int(min(Int64(block.count), free - bytes))))
            } catch  where error.code == .noSpace {
                return
            }
        }
    }

    func free(_ fileSystem: any FileSystem) throws {
        try fileSystem.remove(filler)
    }

    func unmount(_ stage: Stage) async {
        // Lazily: whoever still stands in it must not keep the soak from going on.
        _ = try? await stage.run(["umount", "-l", folder.string])
    }

    /// What a soak that was killed left mounted below `folder`.
    static func unmountLeftovers(below folder: FilePath) async throws {
        for place in try POSIXFileSystem().mountPoints(below: folder) {
            _ = try await POSIXCommandRunner().run(
                Command(["umount", "-l", place.string], environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]))
        }
    }
}
