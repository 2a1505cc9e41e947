// SPDX-License-Identifier: Apache-2.0
import Crypto
public import TUF

/// An ECDSA key on the curve P-256 in memory; what it signs is hashed with SHA-256.
public struct ECDSASigner: PrivateKey {
    public let key: PublicKey
    private let privateKey: P256.Signing.PrivateKey

    /// A new random key.
    public init() {
        self.init(P256.Signing.PrivateKey())
    }

    init(pkcs8: [UInt8]) throws {
        self.init(try P256.Signing.PrivateKey(derRepresentation: pkcs8))
    }

    private init(_ privateKey: P256.Signing.PrivateKey) {
        self.privateKey = privateKey
        key = PublicKey(type: "ecdsa", scheme: "ecdsa-sha2-nistp256", value: privateKey.publicKey.pemRepresentation)
    }

    public func sign(_ bytes: [UInt8]) throws -> Signature {
        Signature(keyID: key.keyID, bytes: Array(try privateKey.signature(for: bytes).derRepresentation))
    }

    var pkcs8: [UInt8] { Array(privateKey.derRepresentation) }
    var subjectPublicKeyInfo: [UInt8] { Array(privateKey.publicKey.derRepresentation) }
}
