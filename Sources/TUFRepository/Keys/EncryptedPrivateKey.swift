// SPDX-License-Identifier: Apache-2.0
import Crypto
import CryptoExtras
import SwiftASN1

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A private key encrypted with a passphrase: `EncryptedPrivateKeyInfo` of PKCS #8 (RFC 5958, section 3) with PBES2
/// (RFC 8018, section 6.2), as `openssl` reads and writes it. Written with scrypt (RFC 7914) and AES-256 in CBC mode;
/// PBKDF2 and shorter AES keys are read too.
struct EncryptedPrivateKey: Hashable {
    fileprivate let derivation: Derivation
    private let cipher: Cipher
    private let initialisationVector: [UInt8]
    private let ciphertext: [UInt8]

    fileprivate enum Derivation: Hashable {
        case scrypt(salt: [UInt8], rounds: Int, blockSize: Int, parallelism: Int)
        case pbkdf2(salt: [UInt8], rounds: Int, hash: KDF.Insecure.PBKDF2.HashFunction)
    }

    private enum Cipher: Int, CaseIterable {
        case aes128 = 16
        case aes192 = 24
        case aes256 = 32

        var identifier: ASN1ObjectIdentifier {
            switch self {
            case .aes128: [2, 16, 840, 1, 101, 3, 4, 1, 2]
            case .aes192: [2, 16, 840, 1, 101, 3, 4, 1, 22]
            case .aes256: [2, 16, 840, 1, 101, 3, 4, 1, 42]
            }
        }
    }

    /// - Parameter privateKey: `PrivateKeyInfo` (PKCS #8) in DER.
    init(encrypting privateKey: [UInt8], passphrase: [UInt8]) throws {
        // 16 MiB and about a tenth of a second for each guess; more memory is refused by openssl when it reads.
        derivation = .scrypt(salt: Self.random(16), rounds: 16_384, blockSize: 8, parallelism: 5)
        cipher = .aes256
        initialisationVector = Self.random(16)
        ciphertext = Array(
            try AES._CBC.encrypt(
                privateKey, using: try derivation.key(passphrase, byteCount: cipher.rawValue),
                iv: try AES._CBC.IV(ivBytes: initialisationVector)))
    }

    /// `nil` when the passphrase is not the right one.
    func decrypted(with passphrase: [UInt8]) throws(RepositoryError) -> [UInt8]? {
        do {
            let key = try derivation.key(passphrase, byteCount: cipher.rawValue)
            let vector = try AES._CBC.IV(ivBytes: initialisationVector)
            guard let plain = try? AES._CBC.decrypt(ciphertext, using: key, iv: vector) else { return nil }
            // One wrong passphrase in 256 leaves padding that looks right; what is behind it is then no PKCS #8.
            return (try? DER.parse(Array(plain))).map { _ in Array(plain) }
        } catch {
            throw RepositoryError(.badKey, "the key cannot be decrypted: \(error)")
        }
    }

    private static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
}

extension EncryptedPrivateKey.Derivation {
    func key(_ passphrase: [UInt8], byteCount: Int) throws -> SymmetricKey {
        switch self {
        case .scrypt(let salt, let rounds, let blockSize, let parallelism):
            return try KDF.Scrypt.deriveKey(
                from: passphrase, salt: salt, outputByteCount: byteCount, rounds: rounds, blockSize: blockSize,
                parallelism: parallelism, maxMemory: EncryptedPrivateKey.memoryLimit)
        case .pbkdf2(let salt, let rounds, let hash):
            return try KDF.Insecure.PBKDF2.deriveKey(
                from: passphrase, salt: salt, using: hash, outputByteCount: byteCount, unsafeUncheckedRounds: rounds)
        }
    }
}

// MARK: DER

extension EncryptedPrivateKey: DERImplicitlyTaggable {
    static var defaultIdentifier: ASN1Identifier { .sequence }
    /// Bytes; a file that asks for more is not obeyed.
    fileprivate static let memoryLimit = 256 << 20
    private static let pbes2: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 5, 13]
    private static let pbkdf2: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 5, 12]
    private static let scrypt: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 11591, 4, 11]
    private static let hashes: [(ASN1ObjectIdentifier, KDF.Insecure.PBKDF2.HashFunction)] = [
        ([1, 2, 840, 113549, 2, 7], .insecureSHA1), ([1, 2, 840, 113549, 2, 9], .sha256),
        ([1, 2, 840, 113549, 2, 10], .sha384), ([1, 2, 840, 113549, 2, 11], .sha512),
    ]

    init(derEncoded node: ASN1Node, withIdentifier identifier: ASN1Identifier) throws {
        self = try DER.sequence(node, identifier: identifier) { nodes in
            let (derivation, cipher, vector) = try Self.algorithm(&nodes, Self.pbes2) { nodes in
                try Self.nextSequence(&nodes) { nodes in
                    let derivation = try Self.derivation(&nodes)
                    let (cipher, vector) = try Self.cipher(&nodes)
                    return (derivation, cipher, vector)
                }
            }
            let content = try ASN1OctetString(derEncoded: &nodes)
            return EncryptedPrivateKey(
                derivation: derivation, cipher: cipher, initialisationVector: vector, ciphertext: Array(content.bytes))
        }
    }

    private init(derivation: Derivation, cipher: Cipher, initialisationVector: [UInt8], ciphertext: [UInt8]) {
        self.derivation = derivation
        self.cipher = cipher
        self.initialisationVector = initialisationVector
        self.ciphertext = ciphertext
    }

    func serialize(into coder: inout DER.Serializer, withIdentifier identifier: ASN1Identifier) throws {
        guard case .scrypt(let salt, let rounds, let blockSize, let parallelism) = derivation else {
            throw RepositoryError(.badKey, "keys are written with scrypt only")
        }
        try coder.appendConstructedNode(identifier: identifier) { coder in
            try Self.sequence(&coder) { coder in
                try coder.serialize(Self.pbes2)
                try Self.sequence(&coder) { coder in
                    try Self.sequence(&coder) { coder in
                        try coder.serialize(Self.scrypt)
                        try Self.sequence(&coder) { coder in
                            try coder.serialize(ASN1OctetString(contentBytes: salt[...]))
                            for number in [rounds, blockSize, parallelism] { try coder.serialize(number) }
                        }
                    }
                    try Self.sequence(&coder) { coder in
                        try coder.serialize(cipher.identifier)
                        try coder.serialize(ASN1OctetString(contentBytes: initialisationVector[...]))
                    }
                }
            }
            try coder.serialize(ASN1OctetString(contentBytes: ciphertext[...]))
        }
    }

    private static func sequence(
        _ coder: inout DER.Serializer, _ body: (inout DER.Serializer) throws -> Void
    ) throws {
        try coder.appendConstructedNode(identifier: .sequence, body)
    }

    private typealias Nodes = ASN1NodeCollection.Iterator

    private static func nextSequence<Value>(
        _ nodes: inout Nodes, _ body: (inout Nodes) throws -> Value
    ) throws -> Value {
        try nodes.sequence(body)
    }

    /// `AlgorithmIdentifier` of one known algorithm, whose parameters `body` reads.
    private static func algorithm<Value>(
        _ nodes: inout Nodes, _ expected: ASN1ObjectIdentifier, _ body: (inout Nodes) throws -> Value
    ) throws -> Value {
        try nextSequence(&nodes) { nodes in
            let identifier = try ASN1ObjectIdentifier(derEncoded: &nodes)
            guard identifier == expected else {
                throw RepositoryError(.badKey, "encrypted by a way (\(identifier)) that is not known here")
            }
            return try body(&nodes)
        }
    }

    private static func derivation(_ nodes: inout Nodes) throws -> Derivation {
        try nextSequence(&nodes) { nodes in
            let identifier = try ASN1ObjectIdentifier(derEncoded: &nodes)
            switch identifier {
            case scrypt: return try nextSequence(&nodes, scryptParameters)
            case pbkdf2: return try nextSequence(&nodes, pbkdf2Parameters)
            default:
                throw RepositoryError(.badKey, "encrypted with a key derivation (\(identifier)) that is not known here")
            }
        }
    }

    private static func scryptParameters(_ nodes: inout Nodes) throws -> Derivation {
        let salt = Array(try ASN1OctetString(derEncoded: &nodes).bytes)
        let (rounds, blockSize) = (try Int(derEncoded: &nodes), try Int(derEncoded: &nodes))
        let parallelism = try Int(derEncoded: &nodes)
        _ = try DER.optionalInteger(&nodes)
        guard (2...(1 << 20)).contains(rounds), (1...32).contains(blockSize), (1...16).contains(parallelism) else {
            throw RepositoryError(.badKey, "encrypted with a cost of scrypt that is out of bounds")
        }
        return .scrypt(salt: salt, rounds: rounds, blockSize: blockSize, parallelism: parallelism)
    }

    private static func pbkdf2Parameters(_ nodes: inout Nodes) throws -> Derivation {
        let salt = Array(try ASN1OctetString(derEncoded: &nodes).bytes)
        let rounds = try Int(derEncoded: &nodes)
        _ = try DER.optionalInteger(&nodes)
        guard (1...10_000_000).contains(rounds) else {
            throw RepositoryError(.badKey, "encrypted with a cost of PBKDF2 that is out of bounds")
        }
        var rest = nodes
        guard rest.next() != nil else { return .pbkdf2(salt: salt, rounds: rounds, hash: .insecureSHA1) }
        return try nextSequence(&nodes) { nodes in
            let identifier = try ASN1ObjectIdentifier(derEncoded: &nodes)
            _ = nodes.next()
            guard let hash = hashes.first(where: { $0.0 == identifier })?.1 else {
                throw RepositoryError(.badKey, "encrypted with a hash (\(identifier)) that is not known here")
            }
            return .pbkdf2(salt: salt, rounds: rounds, hash: hash)
        }
    }

    private static func cipher(_ nodes: inout Nodes) throws -> (Cipher, [UInt8]) {
        try nextSequence(&nodes) { nodes in
            let identifier = try ASN1ObjectIdentifier(derEncoded: &nodes)
            guard let cipher = Cipher.allCases.first(where: { $0.identifier == identifier }) else {
                throw RepositoryError(.badKey, "encrypted with a cipher (\(identifier)) other than AES in CBC mode")
            }
            return (cipher, Array(try ASN1OctetString(derEncoded: &nodes).bytes))
        }
    }
}

extension ASN1NodeCollection.Iterator {
    /// What is in the next node, which must be a sequence.
    mutating func sequence<Value>(_ body: (inout ASN1NodeCollection.Iterator) throws -> Value) throws -> Value {
        guard let node = next() else { throw RepositoryError(.badKey, "the key ends too early") }
        return try DER.sequence(node, identifier: .sequence, body)
    }
}

extension DER {
    /// The next node, when it is an integer.
    fileprivate static func optionalInteger(_ nodes: inout ASN1NodeCollection.Iterator) throws -> Int? {
        try DER.optionalImplicitlyTagged(&nodes, tag: .integer)
    }
}
