// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import Platform
internal import SystemPackage

internal import TUFRepository

struct RefreshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh", abstract: "Renews the signatures that expire soonest.",
        discussion: """
            Publishes a new snapshot and timestamp, so that readers go on trusting a repository in which nothing was \
            released for a while. Needs the keys of snapshot and timestamp only; run it daily from cron.
            """)

    @Argument(help: "The repository's folder.")
    var directory: String
    @Flag(help: "Say nothing unless something is wrong.")
    var quiet = false
    @OptionGroup var passphrase: PassphraseOptions

    func run() async throws {
        let folder = VendorFolder(path: FilePath(directory), fileSystem: POSIXFileSystem())
        let clock = SystemWallClock()
        let roles = try Self.refresh(folder, keys: try passphrase.keys(folder), clock: clock)
        for role in roles where !quiet {
            Terminal.say("\(role.role) is valid until \(role.expires.formatted(.iso8601))")
        }
        for warning in Self.warnings(roles, at: clock.now) { Terminal.complain("warning: \(warning)") }
    }

    /// Every role with its expiry, the soonest first.
    static func refresh(
        _ folder: VendorFolder, keys: KeyStore? = nil, clock: any WallClock
    ) throws -> [(role: String, expires: Date)] {
        var editor = try folder.edit(clock: clock, keys: keys)
        try editor.renew()
        return editor.expiries
    }

    /// About roles whose keys are elsewhere, in time for somebody to fetch them.
    static func warnings(_ roles: [(role: String, expires: Date)], at now: Date) -> [String] {
        roles.filter { !["snapshot", "timestamp"].contains($0.role) && $0.expires < now + 60 * 86_400 }.map { role in
            let end = role.expires.formatted(.iso8601)
            return role.expires <= now
                ? "\(role.role) expired at \(end): nobody trusts the repository any more; sign it anew with its keys"
                : "\(role.role) expires at \(end), and its keys are not here: bring them and "
                    + (role.role == "root" ? "run “rotate DIR root”" : "run “refresh” again")
        }
    }
}
