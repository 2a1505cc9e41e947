// SPDX-License-Identifier: Apache-2.0
import Crypto
public import TUF

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An ed25519 key in memory.
public struct Ed25519Signer: Signer {
    public let key: PublicKey
    private let privateKey: Curve25519.Signing.PrivateKey

    /// A new random key.
    public init() {
        self.init(Curve25519.Signing.PrivateKey())
    }

    /// From 32 secret bytes.
    public init(seed: [UInt8]) throws(RepositoryError) {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else {
            throw RepositoryError(.badKey, "an ed25519 key has 32 bytes, not \(seed.count)")
        }
        self.init(key)
    }

    private init(_ privateKey: Curve25519.Signing.PrivateKey) {
        self.privateKey = privateKey
        key = PublicKey(ed25519: Array(privateKey.publicKey.rawRepresentation))
    }

    public func sign(_ bytes: [UInt8]) throws -> Signature {
        Signature(keyID: key.keyID, bytes: Array(try privateKey.signature(for: bytes)))
    }
}

/// PEM as other tools (`openssl genpkey -algorithm ed25519`) write it.
extension Ed25519Signer {
    /// PKCS #8 (RFC 8410) before the 32 secret bytes.
    private static let header: [UInt8] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]
    private static let begin = "-----BEGIN PRIVATE KEY-----"
    private static let end = "-----END PRIVATE KEY-----"

    public var pem: String {
        let der = Data(Self.header + Array(privateKey.rawRepresentation))
        return "\(Self.begin)\n\(der.base64EncodedString())\n\(Self.end)\n"
    }

    public init(pem: String) throws(RepositoryError) {
        let lines = pem.split(whereSeparator: \.isNewline).map(String.init)
        guard lines.first == Self.begin, lines.last == Self.end,
            let der = Data(base64Encoded: lines.dropFirst().dropLast().joined()),
            der.count == Self.header.count + 32, der.starts(with: Self.header)
        else { throw RepositoryError(.badKey, "not an ed25519 private key in PEM (PKCS #8)") }
        try self.init(seed: Array(der.dropFirst(Self.header.count)))
    }
}
