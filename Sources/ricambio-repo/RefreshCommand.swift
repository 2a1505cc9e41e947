// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import Platform
internal import SystemPackage

struct RefreshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh", abstract: "Renews the signatures that expire soonest.",
        discussion: """
            Publishes a new snapshot and timestamp, so that readers go on trusting a repository in which nothing was \
            released for a while. Needs the keys of snapshot and timestamp only; run it daily from cron.
            """)

    @Argument(help: "The repository's folder.")
    var directory: String

    func run() async throws {
        let folder = VendorFolder(path: FilePath(directory), fileSystem: POSIXFileSystem())
        for role in try Self.refresh(folder, clock: SystemWallClock()) {
            Terminal.say("\(role.role) is valid until \(role.expires.formatted(.iso8601))")
        }
    }

    /// Every role with its expiry, the soonest first.
    static func refresh(_ folder: VendorFolder, clock: any WallClock) throws -> [(role: String, expires: Date)] {
        var editor = try folder.edit(clock: clock)
        try editor.renew()
        return editor.expiries
    }
}
