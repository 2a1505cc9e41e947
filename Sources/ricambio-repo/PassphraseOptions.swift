// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import Glibc
internal import Platform
internal import SystemPackage

internal import TUFRepository

/// Where the passphrase of encrypted keys comes from: a file, or the person at the terminal. Never the command line,
/// where every account of the machine could read it.
struct PassphraseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The passphrase of the keys, in a file; the environment's RICAMBIO_PASSPHRASE_FILE does the same. New keys "
                + "are encrypted with it.", valueName: "file"))
    var passphraseFile: String?

    func keys(_ folder: VendorFolder, in directory: FilePath? = nil, encryptNew: Bool = false) throws -> KeyStore {
        try Self.keys(folder, in: directory, passphraseFile: passphraseFile, encryptNew: encryptNew)
    }

    /// - Parameters:
    ///   - directory: where the keys are, if not in the repository.
    ///   - encryptNew: ask for a passphrase for new keys if none is given.
    static func keys(
        _ folder: VendorFolder, in directory: FilePath? = nil, passphraseFile: String? = nil, encryptNew: Bool = false,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> KeyStore {
        var given: [UInt8]?
        if let file = passphraseFile ?? environment["RICAMBIO_PASSPHRASE_FILE"] {
            given = try passphrase(inFile: FilePath(file), fileSystem: folder.fileSystem)
        }
        let isTerminal = isatty(STDIN_FILENO) == 1
        let passphrases: Passphrases =
            if let given { .one(given) } else if isTerminal {
                .asking { name throws(RepositoryError) in ask("Passphrase of the key \(name): ") }
            } else { .none }
        var new = given
        if new == nil, encryptNew {
            guard isTerminal else {
                throw VendorError(
                    .usage, "--encrypt: there is no terminal to ask for a passphrase; give --passphrase-file.")
            }
            new = ask("Passphrase for new keys: ")
            guard let new, !new.isEmpty, new == ask("The same again: ") else {
                throw VendorError(.usage, "The two were not the same, or empty; nothing was made.")
            }
        }
        return KeyStore(
            directory: directory ?? folder.layout.keys, fileSystem: folder.fileSystem, passphrases: passphrases,
            newPassphrase: new, environment: environment)
    }

    private static func passphrase(inFile file: FilePath, fileSystem: any FileSystem) throws -> [UInt8] {
        var bytes = try fileSystem.read(file, limit: 4096)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else { throw VendorError(.usage, "\(file) has no passphrase in its first line.") }
        return bytes
    }

    /// `nil` when the person ended the input.
    private static func ask(_ prompt: String) -> [UInt8]? {
        // Blocking is fine: nothing else runs in the process while it waits for the person.
        getpass(prompt).map { Array(String(cString: $0).utf8) }
    }
}
