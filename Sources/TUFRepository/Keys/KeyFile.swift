// SPDX-License-Identifier: Apache-2.0
internal import Platform
import Crypto
import CryptoExtras
import SwiftASN1
public import TUF

/// A signer whose secret is in memory.
protocol PrivateKey: Signer {
    /// `PrivateKeyInfo` in DER (RFC 5958).
    var pkcs8: [UInt8] { get }
    /// In DER (RFC 5280).
    var subjectPublicKeyInfo: [UInt8] { get }
}

/// What a new key can be.
public enum KeyScheme: String, Sendable, CaseIterable {
    case ed25519
    /// ECDSA on the curve P-256 with SHA-256.
    case ecdsa
}

/// A private key as PEM (RFC 7468). An encrypted one has its public key before it, so that everybody can tell which
/// key it is; tools that look for a private key skip that.
struct KeyFile {
    private enum Content {
        case plain(any PrivateKey)
        case encrypted(EncryptedPrivateKey)
    }

    /// `nil` for an encrypted key without its public one.
    let publicKey: PublicKey?
    private let content: Content

    init(parsing text: String) throws(RepositoryError) {
        guard let documents = try? PEMDocument.parseMultiple(pemString: text), !documents.isEmpty else {
            throw RepositoryError(.badKey, "not a private key in PEM")
        }
        var publicKey: PublicKey?
        var content: Content?
        for document in documents {
            switch document.discriminator {
            case "PUBLIC KEY": publicKey = try PublicKey(pem: document.pemString)
            case "PRIVATE KEY", "EC PRIVATE KEY": content = .plain(try Self.privateKey(document))
            case "ENCRYPTED PRIVATE KEY":
                do {
                    content = .encrypted(try EncryptedPrivateKey(derEncoded: document.derBytes))
                } catch let error as RepositoryError {
                    throw error
                } catch {
                    throw RepositoryError(.badKey, "not an encrypted private key that can be read: \(error)")
                }
            // Such as EC PARAMETERS, which say nothing that the key itself does not.
            default: continue
            }
        }
        guard let content else { throw RepositoryError(.badKey, "there is no private key in it") }
        self.content = content
        if case .plain(let key) = content { publicKey = key.key }
        self.publicKey = publicKey
    }

    var isEncrypted: Bool {
        if case .encrypted = content { true } else { false }
    }

    /// `nil` when it is encrypted, and not with this passphrase.
    func opened(with passphrase: [UInt8]?) throws(RepositoryError) -> (any PrivateKey)? {
        switch content {
        case .plain(let key): return key
        case .encrypted(let encrypted):
            guard let passphrase, let der = try encrypted.decrypted(with: passphrase) else { return nil }
            let key = try Self.privateKey(PEMDocument(type: "PRIVATE KEY", derBytes: der))
            guard publicKey == nil || publicKey?.keyID == key.key.keyID else {
                throw RepositoryError(.badKey, "the public key beside it belongs to another private key")
            }
            return key
        }
    }

    static func pem(of key: any PrivateKey) -> String {
        PEMDocument(type: "PRIVATE KEY", derBytes: key.pkcs8).pemString + "\n"
    }

    static func pem(of key: any PrivateKey, passphrase: [UInt8]) throws(RepositoryError) -> String {
        do {
            var serializer = DER.Serializer()
            try serializer.serialize(EncryptedPrivateKey(encrypting: key.pkcs8, passphrase: passphrase))
            let secret = PEMDocument(type: "ENCRYPTED PRIVATE KEY", derBytes: serializer.serializedBytes)
            let open = PEMDocument(type: "PUBLIC KEY", derBytes: key.subjectPublicKeyInfo)
            return open.pemString + "\n" + secret.pemString + "\n"
        } catch {
            throw RepositoryError(.badKey, "the key cannot be encrypted: \(error)")
        }
    }

    private static func privateKey(_ document: PEMDocument) throws(RepositoryError) -> any PrivateKey {
        if document.discriminator == "PRIVATE KEY", algorithm(document.derBytes) == [1, 3, 101, 112],
            let key = try? Ed25519Signer(pkcs8: document.derBytes)
        {
            return key
        }
        if algorithm(document.derBytes) == nil || algorithm(document.derBytes) == [1, 2, 840, 10045, 2, 1],
            let key = try? ECDSASigner(pkcs8: document.derBytes)
        {
            return key
        }
        throw RepositoryError(
            .badKey, "the private key is neither ed25519 nor ECDSA on P-256; others can sign by an external command")
    }

    /// Of `PrivateKeyInfo`; `nil` when it is none.
    private static func algorithm(_ der: [UInt8]) -> ASN1ObjectIdentifier? {
        try? DER.sequence(try DER.parse(der), identifier: .sequence) { nodes in
            _ = try Int(derEncoded: &nodes)
            let identifier = try nodes.sequence { nodes in
                let identifier = try ASN1ObjectIdentifier(derEncoded: &nodes)
                while nodes.next() != nil {}
                return identifier
            }
            while nodes.next() != nil {}
            return identifier
        }
    }
}

extension PublicKey {
    /// From its fields; the id is the SHA-256 of its canonical JSON.
    public init(type: String, scheme: String, value: String) {
        let json: JSONObject = [
            "keytype": .string(type), "scheme": .string(scheme), "keyval": ["public": .string(value)],
        ]
        // Strings only: canonical JSON cannot fail.
        let canonical = (try? JSONValue.object(json).canonicalBytes()) ?? []
        self.init(keyID: sha256Hex(canonical), json: json)
    }

    /// From a public key in PEM: ed25519, ECDSA on P-256, or RSA (which signs with PSS and SHA-256).
    public init(pem: String) throws(RepositoryError) {
        if let key = try? Curve25519.Signing.PublicKey(pemRepresentation: pem) {
            self.init(ed25519: Array(key.rawRepresentation))
        } else if let key = try? P256.Signing.PublicKey(pemRepresentation: pem) {
            self.init(type: "ecdsa", scheme: "ecdsa-sha2-nistp256", value: key.pemRepresentation)
        } else if let key = try? _RSA.Signing.PublicKey(pemRepresentation: pem) {
            self.init(type: "rsa", scheme: "rsassa-pss-sha256", value: key.pemRepresentation)
        } else {
            throw RepositoryError(.badKey, "not a public key in PEM of the kinds ed25519, ECDSA on P-256 or RSA")
        }
    }
}
