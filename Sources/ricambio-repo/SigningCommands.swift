// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import Platform
internal import SystemPackage

internal import TUFRepository

struct SignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Adds signatures to metadata that was carried here.",
        discussion: """
            Shows what is signed and asks before it signs. Needs no repository: carry DIR/pending/ROLE.json to where the \
            key is, sign it there, and give it to “commit”. The file keeps the signatures it has.
            """)

    @Argument(help: "The file, such as pending/root.json; the signatures are written into it.")
    var file: String
    @Option(help: ArgumentHelp("A private key to sign with; repeat for several.", valueName: "file"))
    var key: [String] = []
    @Option(help: ArgumentHelp("The metadata that it follows, to see what changes.", valueName: "file"))
    var previous: String?
    @Flag(help: "Sign without asking.")
    var yes = false
    @OptionGroup var passphrase: PassphraseOptions

    func run() async throws {
        let fileSystem = POSIXFileSystem()
        var draft = try Self.draft(file, fileSystem)
        let previous = try previous.map { try Self.draft($0, fileSystem) }
        for line in try DraftSummary(draft, previous: previous).lines { Terminal.say(line) }
        guard !key.isEmpty else {
            throw VendorError(.usage, "Nothing was signed: name at least one key with --key.")
        }
        if !yes { try Self.confirm() }
        for path in key.map({ FilePath($0) }) {
            guard let name = path.lastComponent?.stem else { throw VendorError(.usage, "--key \(path) is no file.") }
            let folder = VendorFolder(path: path.removingLastComponent(), fileSystem: fileSystem)
            let store = try passphrase.keys(folder, in: path.removingLastComponent())
            guard let signer = try store.signer(named: name) else {
                throw VendorError(.notFound, "There is no key \(path).")
            }
            try draft.sign(with: signer)
            Terminal.say("signed with \(signer.key.keyID)")
        }
        try fileSystem.replace(FilePath(file), with: draft.bytes, permissions: 0o644)
    }

    static func draft(_ file: String, _ fileSystem: any FileSystem) throws -> Draft {
        let bytes = try fileSystem.read(FilePath(file), limit: 1 << 28)
        do {
            return try Draft(parsing: bytes)
        } catch {
            throw VendorError(.damaged, "\(file): \(error.reason).")
        }
    }

    private static func confirm() throws {
        Terminal.complain("Sign this? Type yes:")
        guard readLine(strippingNewline: true) == "yes" else {
            throw VendorError(.refused, "Nothing was signed.")
        }
    }
}

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows what waits for signatures, who is missing, and when roles expire.")

    @Argument(help: "The repository's folder.")
    var directory: String
    @Flag(help: "As JSON.")
    var json = false

    private struct Status: Encodable {
        struct Role: Encodable {
            var role: String
            var expires: Date
        }

        struct Pending: Encodable {
            struct Demand: Encodable {
                var of: String
                var threshold: Int
                var signed: [String]
                var missing: [String]
            }

            var role: String
            var version: Int64
            var file: String
            var complete: Bool
            var demands: [Demand]
        }

        var roles: [Role]
        var pending: [Pending]
    }

    func run() async throws {
        let folder = VendorFolder(path: FilePath(directory), fileSystem: POSIXFileSystem())
        let editor = try folder.read(clock: SystemWallClock())
        let pending = try editor.pending()
        if json {
            return try Terminal.sayJSON(
                Status(
                    roles: editor.expiries.map { .init(role: $0.role, expires: $0.expires) },
                    pending: pending.map { role in
                        .init(
                            role: role.role, version: role.version,
                            file: folder.layout.pending.appending("\(role.role).json").string,
                            complete: role.isComplete,
                            demands: role.demands.map {
                                .init(of: $0.of, threshold: $0.threshold, signed: $0.signed, missing: $0.missing)
                            })
                    }))
        }
        for role in editor.expiries { Terminal.say("\(role.role) is valid until \(role.expires.formatted(.iso8601))") }
        let names = try folder.keys.keys().reduce(into: [String: String]()) { $0[$1.key.keyID] = $1.name }
        for line in Self.lines(pending, names: names) { Terminal.say(line) }
    }

    static func lines(_ pending: [PendingRole], names: [String: String]) -> [String] {
        if pending.isEmpty { return ["nothing waits for signatures"] }
        func name(_ keyID: String) -> String { names[keyID].map { "\(keyID) (\($0), here)" } ?? keyID }
        var lines: [String] = []
        for role in pending {
            lines.append(
                "\(role.role) version \(role.version) " + (role.isComplete ? "is signed" : "waits for signatures"))
            for demand in role.demands {
                lines.append("  by the keys of \(demand.of): \(demand.signed.count) of \(demand.threshold)")
                lines += demand.signed.map { "    signed   \(name($0))" }
                if !demand.isMet { lines += demand.missing.map { "    missing  \(name($0))" } }
            }
        }
        return lines
    }
}

struct CommitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit", abstract: "Publishes what waited for signatures, once they are enough.",
        discussion: """
            Takes over the signatures of the FILES that people bring back, adds those of the keys that are here, and \
            publishes when every role has enough; else it keeps them and says who is missing.
            """)

    @Argument(help: "The repository's folder.")
    var directory: String
    @Argument(help: "Signed copies of DIR/pending/ROLE.json.")
    var files: [String] = []
    @OptionGroup var passphrase: PassphraseOptions

    func run() async throws {
        let folder = VendorFolder(path: FilePath(directory), fileSystem: POSIXFileSystem())
        let copies = try files.map { try SignCommand.draft($0, folder.fileSystem) }
        var editor = try folder.edit(clock: SystemWallClock(), keys: try passphrase.keys(folder))
        for role in try editor.commitPending(copies) {
            Terminal.say("\(role.role) version \(role.version) is published")
        }
    }
}

struct DiscardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard", abstract: "Forgets what waits for signatures; nothing that is published changes.")

    @Argument(help: "The repository's folder.")
    var directory: String

    func run() async throws {
        let folder = VendorFolder(path: FilePath(directory), fileSystem: POSIXFileSystem())
        let editor = try folder.edit(clock: SystemWallClock())
        let roles = try editor.pendingFileNames()
        try editor.discardPending()
        Terminal.say(roles.isEmpty ? "nothing waited" : "forgotten: \(roles.joined(separator: ", "))")
    }
}
