// SPDX-License-Identifier: Apache-2.0
public import Platform
public import TUF

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A key that is somewhere else (a hardware module, a key service): a command gets the bytes to sign on its standard
/// input and answers with the signature, in base64, on its standard output.
///
/// The signature is what TUF carries: 64 raw bytes for ed25519, DER for ECDSA over the SHA-256 of the bytes, PSS with SHA-256
/// for RSA. It is checked before anything is published with it.
public struct ExternalSigner: Signer {
    /// Runs a command to its end on the calling thread.
    public typealias Runner = @Sendable (Command) throws(CommandError) -> CommandResult

    public let key: PublicKey
    private let command: Command
    private let run: Runner

    /// - Parameters:
    ///   - arguments: the program, and what it is told; nothing is interpreted by a shell.
    ///   - environment: all that the command gets.
    public init(key: PublicKey, arguments: [String], environment: [String: String], run: @escaping Runner) {
        self.key = key
        command = Command(arguments, environment: environment, timeout: 120)
        self.run = run
    }

    public func sign(_ bytes: [UInt8]) throws -> Signature {
        var command = command
        command.input = bytes
        let program = command.arguments.first ?? ""
        let result = try run(command)
        guard result.succeeded else {
            let said = result.errorText.split(whereSeparator: \.isNewline).joined(separator: " ")
            throw RepositoryError(
                .badKey, "\(program) did not sign (\(result.end)): \(said.isEmpty ? "it said nothing" : said)")
        }
        let text = result.outputText.split(whereSeparator: \.isWhitespace).joined()
        guard let signature = Data(base64Encoded: text) else {
            throw RepositoryError(.badKey, "\(program) should answer with a signature in base64")
        }
        guard key.isValid(Array(signature), for: bytes) else {
            throw RepositoryError(.badKey, "what \(program) answered is no signature by the key \(key.keyID)")
        }
        return Signature(keyID: key.keyID, bytes: Array(signature))
    }
}
