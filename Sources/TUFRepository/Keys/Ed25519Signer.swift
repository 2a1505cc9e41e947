// SPDX-License-Identifier: Apache-2.0
import Crypto
import CryptoExtras
public import TUF

/// An ed25519 key in memory.
public struct Ed25519Signer: PrivateKey {
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

    init(pkcs8: [UInt8]) throws {
        self.init(try Curve25519.Signing.PrivateKey(derRepresentation: pkcs8))
    }

    var pkcs8: [UInt8] { Array(privateKey.derRepresentation) }
    var subjectPublicKeyInfo: [UInt8] { Array(privateKey.publicKey.derRepresentation) }
}

/// PEM as other tools (`openssl genpkey -algorithm ed25519`) write it.
extension Ed25519Signer {
    public var pem: String { KeyFile.pem(of: self) }

    public init(pem: String) throws(RepositoryError) {
        guard let key = try KeyFile(parsing: pem).opened(with: nil) as? Ed25519Signer else {
            throw RepositoryError(.badKey, "not an ed25519 private key")
        }
        self = key
    }
}
