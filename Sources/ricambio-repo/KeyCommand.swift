// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Platform
internal import SystemPackage

internal import TUF
internal import TUFRepository

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Makes, takes over and lists keys.",
        discussion: "A key is for nothing until “rotate” gives it to a role.",
        subcommands: [Generate.self, Import.self, External.self, List.self])

    struct Place: ParsableArguments {
        @Argument(help: "The repository's folder.")
        var directory: String
        @Argument(help: "The key's name: DIR/keys/NAME.pem.")
        var name: String

        var folder: VendorFolder { VendorFolder(path: FilePath(directory), fileSystem: POSIXFileSystem()) }
    }

    struct Generate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a new private key.")

        @OptionGroup var place: Place
        @OptionGroup var passphrase: PassphraseOptions
        @Option(help: "ed25519, or ecdsa (on P-256).", transform: Self.scheme)
        var scheme = KeyScheme.ed25519
        @Flag(help: "Encrypt it with a passphrase; asked for when no file gives it.")
        var encrypt = false

        func run() async throws {
            let key = try passphrase.keys(place.folder, encryptNew: encrypt).generate(place.name, scheme: scheme).key
            Terminal.say("key \(place.name): \(key.keyID)")
        }

        private static func scheme(_ name: String) throws -> KeyScheme {
            guard let scheme = KeyScheme(rawValue: name) else {
                throw ValidationError("“\(name)” is neither ed25519 nor ecdsa.")
            }
            return scheme
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes over a private key in PEM, of ed25519 or ECDSA on P-256, encrypted or not.")

        @OptionGroup var place: Place
        @OptionGroup var passphrase: PassphraseOptions
        @Argument(help: "The PEM file.")
        var file: String
        @Flag(help: "Encrypt it with a passphrase; asked for when no file gives it.")
        var encrypt = false

        func run() async throws {
            let pem = try POSIXFileSystem().read(FilePath(file), limit: 65_536)
            let key = try passphrase.keys(place.folder, encryptNew: encrypt)
                .importKey(String(decoding: pem, as: UTF8.self), as: place.name)
            Terminal.say("key \(place.name): \(key.keyID)")
        }
    }

    struct External: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes over a key that a command signs with, such as one in a hardware module or key service.",
            discussion: """
                The command gets the bytes to sign on its standard input and answers with the signature in base64: \
                ed25519 (64 bytes), ECDSA over SHA-256 (DER), or RSA with PSS and SHA-256. It is tried once. \
                Example: ricambio-repo key external DIR hsm --public key.pub.pem -- sign-with-hsm --slot 3
                """)

        @OptionGroup var place: Place
        @Option(name: .customLong("public"), help: "The public key, in PEM.")
        var publicKey: String
        @Argument(parsing: .postTerminator, help: "The command, after --.")
        var command: [String]

        func run() async throws {
            guard !command.isEmpty else {
                throw VendorError(
                    .usage, "Give the command that signs after --, for instance: -- sign-with-hsm --slot 3")
            }
            let pem = try POSIXFileSystem().read(FilePath(publicKey), limit: 65_536)
            let key = try PassphraseOptions.keys(place.folder)
                .addExternal(place.name, publicKey: String(decoding: pem, as: UTF8.self), arguments: command)
            Terminal.say("key \(place.name): \(key.keyID)")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the keys that are here, and which roles they are for.")

        @Argument(help: "The repository's folder.")
        var directory: String
        @Flag(help: "As JSON.")
        var json = false

        private struct Entry: Encodable {
            var name: String
            var keyID: String
            var kind: String
            var scheme: String
            var roles: [String]
        }

        func run() async throws {
            let folder = VendorFolder(path: FilePath(directory), fileSystem: POSIXFileSystem())
            let editor = try folder.read(clock: SystemWallClock())
            let entries = try folder.keys.keys().map { key in
                Entry(
                    name: key.name, keyID: key.key.keyID, kind: key.kind.rawValue, scheme: key.key.scheme ?? "",
                    roles: try editor.roleNames.filter { try editor.keys(of: $0).keyIDs.contains(key.key.keyID) })
            }
            if json { return try Terminal.sayJSON(["keys": entries]) }
            for entry in entries {
                let roles = entry.roles.isEmpty ? "no role" : entry.roles.joined(separator: ", ")
                Terminal.say("\(entry.name): \(entry.scheme), \(entry.kind), for \(roles)\n  \(entry.keyID)")
            }
        }
    }
}
