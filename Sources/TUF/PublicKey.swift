// SPDX-License-Identifier: Apache-2.0
import Platform
import Crypto
import CryptoExtras

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A key as metadata carries it (specification 4.2). A key of an unknown kind is kept and verifies nothing.
public struct PublicKey: Sendable, Equatable {
    public let keyID: String
    /// As it was written, with every field that this client does not know.
    public let json: JSONObject
    /// What makes two keys the same key under different names; `nil` when the key cannot be used.
    public let material: [UInt8]?
    private let verifier: Verifier?

    private enum Verifier: Sendable {
        case ed25519(Curve25519.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
        case rsa(_RSA.Signing.PublicKey)
    }

    public init(keyID: String, json: JSONObject) {
        self.keyID = keyID
        self.json = json
        verifier = Self.verifier(json)
        switch verifier {
        case .ed25519(let key): material = Array("ed25519:".utf8) + key.rawRepresentation
        case .p256(let key): material = Array("p256:".utf8) + key.x963Representation
        case .rsa(let key): material = Array("rsa:".utf8) + key.derRepresentation
        case nil: material = nil
        }
    }

    /// An ed25519 key from its 32 raw bytes; its id is the SHA-256 of its canonical JSON.
    public init(ed25519 raw: [UInt8]) {
        let json: JSONObject = [
            "keytype": "ed25519", "scheme": "ed25519", "keyval": ["public": .string(hex(raw))],
        ]
        // Strings only: canonical JSON cannot fail.
        let canonical = (try? JSONValue.object(json).canonicalBytes()) ?? []
        self.init(keyID: sha256Hex(canonical), json: json)
    }

    public var keyType: String? { json["keytype"]?.stringValue }
    public var scheme: String? { json["scheme"]?.stringValue }

    /// `false` for a signature that is wrong, malformed or of another kind.
    public func isValid(_ signature: [UInt8], for bytes: [UInt8]) -> Bool {
        switch verifier {
        case .ed25519(let key): return key.isValidSignature(signature, for: bytes)
        case .p256(let key):
            guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: bytes)
        case .rsa(let key):
            return key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: bytes, padding: .PSS)
        case nil: return false
        }
    }

    public static func == (a: PublicKey, b: PublicKey) -> Bool { a.keyID.hasSameBytes(as: b.keyID) && a.json == b.json }

    private static func verifier(_ json: JSONObject) -> Verifier? {
        guard let type = json["keytype"]?.stringValue, let scheme = json["scheme"]?.stringValue,
            let text = json["keyval"]?["public"]?.stringValue
        else { return nil }
        switch (type, scheme) {
        case ("ed25519", "ed25519"):
            guard let raw = bytes(hex: text) else { return nil }
            return (try? Curve25519.Signing.PublicKey(rawRepresentation: raw)).map(Verifier.ed25519)
        case ("ecdsa", "ecdsa-sha2-nistp256"), ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"):
            return (try? P256.Signing.PublicKey(pemRepresentation: text)).map(Verifier.p256)
        case ("rsa", "rsassa-pss-sha256"):
            return (try? _RSA.Signing.PublicKey(pemRepresentation: text)).map(Verifier.rsa)
        default: return nil
        }
    }
}

/// One signature of a document.
public struct Signature: Sendable, Hashable {
    public var keyID: String
    public var bytes: [UInt8]

    public init(keyID: String, bytes: [UInt8]) {
        self.keyID = keyID
        self.bytes = bytes
    }
}

/// Something that signs: a key in memory, an encrypted file, an external command.
public protocol Signer: Sendable {
    var key: PublicKey { get }
    func sign(_ bytes: [UInt8]) throws -> Signature
}

/// `nil` when `hex` is not hexadecimal, in either case.
public func bytes(hex: String) -> [UInt8]? {
    let digits = hex.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
        guard let high = digits[index], let low = digits[index + 1] else { return nil }
        bytes.append(UInt8(high << 4 | low))
    }
    return bytes
}
