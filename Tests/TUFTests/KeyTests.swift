// SPDX-License-Identifier: Apache-2.0
import Platform
import Crypto
import CryptoExtras
import Foundation
import TUF
import TUFRepository
import TestSupport
import Testing

@Suite("Keys and signatures")
struct KeyTests {
    @Test("RFC 8032, test 2")
    func knownAnswer() throws {
        let seed = try #require(bytes(hex: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
        let signer = try Ed25519Signer(seed: seed)
        #expect(
            signer.key.json["keyval"]?["public"]
                == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
        let signature = try signer.sign([0x72])
        #expect(
            hex(signature.bytes)
                == "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
        #expect(signer.key.isValid(signature.bytes, for: [0x72]))
        #expect(!signer.key.isValid(signature.bytes, for: [0x73]))
        #expect(!signer.key.isValid([], for: [0x72]))
    }

    @Test("ECDSA on P-256 verifies, under both names of its key type")
    func ecdsa() throws {
        let key = P256.Signing.PrivateKey()
        for type in ["ecdsa", "ecdsa-sha2-nistp256"] {
            let json: JSONObject = [
                "keytype": .string(type), "scheme": "ecdsa-sha2-nistp256",
                "keyval": ["public": .string(key.publicKey.pemRepresentation)],
            ]
            let publicKey = PublicKey(keyID: "k", json: json)
            let signature = Array(try key.signature(for: [1, 2, 3]).derRepresentation)
            #expect(publicKey.isValid(signature, for: [1, 2, 3]))
            #expect(!publicKey.isValid(signature, for: [1, 2, 4]))
            #expect(!publicKey.isValid([], for: [1, 2, 3]))
        }
    }

    @Test("RSA-PSS verifies")
    func rsa() throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let json: JSONObject = [
            "keytype": "rsa", "scheme": "rsassa-pss-sha256",
            "keyval": ["public": .string(key.publicKey.pemRepresentation)],
        ]
        let publicKey = PublicKey(keyID: "k", json: json)
        let signature = Array(try key.signature(for: [1, 2, 3] as [UInt8], padding: .PSS).rawRepresentation)
        #expect(publicKey.isValid(signature, for: [1, 2, 3]))
        #expect(!publicKey.isValid(signature, for: [1, 2, 4]))
        #expect(!publicKey.isValid([], for: [1, 2, 3]))
        let other = Array(try key.signature(for: [1, 2, 3] as [UInt8], padding: .insecurePKCS1v1_5).rawRepresentation)
        #expect(!publicKey.isValid(other, for: [1, 2, 3]))
    }

    @Test("A key of an unknown kind verifies nothing and breaks nothing")
    func unknown() {
        let json: JSONObject = ["keytype": "post-quantum", "scheme": "x", "keyval": ["public": "00"], "more": 1]
        let key = PublicKey(keyID: "k", json: json)
        #expect(key.material == nil)
        #expect(!key.isValid([1], for: [1]))
        #expect(key.json == json)
    }

    @Test("One key under two names counts once towards the threshold")
    func materialCountsOnce() async {
        let customer = Customer()
        let signer = Ed25519Signer()
        let alias = AliasSigner(signer: signer, keyID: "another name")
        customer.vendor.rotateRoot { content in
            content.signers["timestamp"] = [signer, alias]
            content.root.setKeys([signer.key, alias.key], threshold: 2, of: .timestamp)
        }
        #expect(await customer.refusal() == .threshold)
    }

    @Test("Two signatures with one key id are an error")
    func duplicateSignature() async {
        let customer = Customer()
        customer.vendor.change {
            $0.signers["timestamp"] = ($0.signers["timestamp"] ?? []) + ($0.signers["timestamp"] ?? [])
        }
        #expect(await customer.refusal() == .malformed)
    }

    @Test("A key id listed twice for a role is an error")
    func duplicateKeyID() async {
        let customer = Customer()
        customer.vendor.rotateRoot { content in
            let key = content.signers["timestamp"]?.first?.key
            if let key { content.root.setKeys([key, key], threshold: 2, of: .timestamp) }
        }
        #expect(await customer.refusal() == .malformed)
    }

    @Test("A signature of an unknown key, and a key of an unknown kind, spoil nothing")
    func extras() async {
        let customer = Customer()
        let strange = PublicKey(keyID: "strange", json: ["keytype": "x", "scheme": "y", "keyval": ["public": "z"]])
        customer.vendor.rotateRoot { content in
            let keys = (content.signers["timestamp"] ?? []).map(\.key)
            content.root.setKeys(keys + [strange], threshold: 1, of: .timestamp)
        }
        customer.vendor.change { $0.signers["timestamp", default: []].append(Ed25519Signer()) }
        #expect(await customer.refusal() == nil)
    }

    @Test("A threshold of two needs two")
    func threshold() async {
        let customer = Customer()
        let signers = [Ed25519Signer(), Ed25519Signer(), Ed25519Signer()]
        customer.vendor.rotateRoot { content in
            content.signers["timestamp"] = [signers[0]]
            content.root.setKeys(signers.map(\.key), threshold: 2, of: .timestamp)
        }
        #expect(await customer.refusal() == .threshold)
        customer.vendor.change { $0.signers["timestamp"] = [signers[0], signers[2]] }
        #expect(await customer.refusal() == nil)
    }

    @Test("Fields that this client does not know are signed for and survive")
    func unknownFields() async {
        let customer = Customer()
        customer.vendor.change { $0.timestamp.signed["x-vendor"] = ["deep": [1, "é"]] }
        #expect(await customer.refusal() == nil)
        #expect(customer.store.files["timestamp"] == customer.vendor.signed("timestamp"))
    }
}

/// Signs with another's key under its own key id.
private struct AliasSigner: Signer {
    let signer: Ed25519Signer
    let key: PublicKey

    init(signer: Ed25519Signer, keyID: String) {
        self.signer = signer
        key = PublicKey(keyID: keyID, json: signer.key.json)
    }

    func sign(_ bytes: [UInt8]) throws -> Signature {
        Signature(keyID: key.keyID, bytes: try signer.sign(bytes).bytes)
    }
}
