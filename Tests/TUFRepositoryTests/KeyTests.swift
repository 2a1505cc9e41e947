// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import SystemPackage
import TUF
import TestSupport
import Testing

@testable import TUFRepository

@Suite("Keys at rest")
struct KeyTests {
    private let folder: TemporaryFolder
    private let files = POSIXFileSystem()
    private static let passphrase = Array("correct horse".utf8)

    init() throws { folder = try TemporaryFolder() }

    private func store(passphrase: [UInt8]? = nil, encrypting: [UInt8]? = nil) -> KeyStore {
        KeyStore(
            directory: folder / "keys", fileSystem: files, passphrases: passphrase.map { .one($0) } ?? .none,
            newPassphrase: encrypting, environment: ["PATH": "/usr/local/bin:/usr/bin:/bin"])
    }

    private func openssl(_ arguments: String...) throws -> CommandResult {
        let result = try POSIXCommandRunner().runBlocking(
            Command(["openssl"] + arguments, environment: ["PATH": "/usr/local/bin:/usr/bin:/bin"]))
        try #require(result.succeeded, "openssl \(arguments): \(result.errorText)")
        return result
    }

    @Test("An encrypted key is found without its passphrase and opened with it only; openssl opens it too")
    func encrypted() throws {
        for scheme in KeyScheme.allCases {
            let made = try store(encrypting: Self.passphrase).generate("k-\(scheme)", scheme: scheme)
            let found = try #require(try store().key(named: "k-\(scheme)"))
            #expect(found.kind == .encrypted && found.key == made.key)
            #expect(refusal { () throws(RepositoryError) in _ = try store().signer(named: "k-\(scheme)") } == .badKey)
            let wrong = store(passphrase: Array("wrong".utf8))
            #expect(refusal { () throws(RepositoryError) in _ = try wrong.signer(named: "k-\(scheme)") } == .badKey)
            let signer = try #require(try store(passphrase: Self.passphrase).signer(named: "k-\(scheme)"))
            let signature = try signer.sign([1, 2, 3])
            #expect(found.key.isValid(signature.bytes, for: [1, 2, 3]))

            let file = (folder / "keys").appending("k-\(scheme).pem")
            let text = String(decoding: try files.read(file, limit: 10_000), as: UTF8.self)
            #expect(!text.contains("-----BEGIN PRIVATE KEY-----"))
            #expect(try files.attributes(of: file)?.permissions == 0o600)
            let open = try openssl("pkey", "-in", file.string, "-passin", "pass:correct horse", "-pubout")
            #expect(try PublicKey(pem: open.outputText) == made.key)
        }
    }

    @Test(
        "Keys that openssl made are taken over, whatever it encrypted them with",
        arguments: [
            ["-topk8", "-nocrypt"], ["-topk8", "-scrypt"], ["-topk8", "-v2", "aes-256-cbc"],
            ["-topk8", "-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"],
            ["-topk8", "-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA512", "-iter", "10000"],
        ])
    func imported(_ options: [String]) throws {
        for (name, kind) in [("ed", ["ED25519"]), ("ec", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"])] {
            let (plain, file) = ((folder / "\(name).plain").string, (folder / "\(name).pem").string)
            _ = try openssl(
                "genpkey", "-quiet", "-out", plain, "-algorithm", kind[0], kind.count > 1 ? "-pkeyopt" : "-outform",
                kind.count > 1 ? kind[2] : "PEM")
            let result = try POSIXCommandRunner().runBlocking(
                Command(
                    ["openssl", "pkcs8", "-in", plain, "-out", file, "-passout", "pass:correct horse"] + options,
                    environment: ["PATH": "/usr/local/bin:/usr/bin:/bin"]))
            try #require(result.succeeded, "\(result.errorText)")
            let pem = String(decoding: try files.read(FilePath(file), limit: 10_000), as: UTF8.self)
            let store = store(passphrase: Self.passphrase)
            let key = try store.importKey(pem, as: name)
            let signature = try #require(try store.signer(named: name)).sign(Array("text".utf8))
            try files.replace(folder / "text", with: Array("text".utf8), permissions: 0o644)
            try files.replace(folder / "signature", with: signature.bytes, permissions: 0o644)
            #expect(key.isValid(signature.bytes, for: Array("text".utf8)))
            // The other implementation believes the signature.
            _ = try openssl("pkey", "-in", plain, "-pubout", "-out", (folder / "public").string)
            _ = try openssl(
                "pkeyutl", "-verify", "-pubin", "-inkey", (folder / "public").string, "-rawin", "-in",
                (folder / "text").string, "-sigfile", (folder / "signature").string)
        }
    }

    @Test("What is no key, or asks for a machine's whole memory, is refused in words")
    func refused() throws {
        let store = store(passphrase: Self.passphrase)
        _ = try openssl("genpkey", "-quiet", "-algorithm", "RSA", "-out", (folder / "rsa.pem").string)
        let rsa = String(decoding: try files.read(folder / "rsa.pem", limit: 10_000), as: UTF8.self)
        _ = try openssl("genpkey", "-quiet", "-algorithm", "X25519", "-out", (folder / "x.pem").string)
        let agreement = String(decoding: try files.read(folder / "x.pem", limit: 10_000), as: UTF8.self)
        for text in [
            "", "hello", rsa, agreement,
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        ] {
            #expect(
                refusal { () throws(RepositoryError) in _ = try store.importKey(text, as: "k") } == .badKey,
                "\(text.prefix(40))")
        }
        _ = try openssl("genpkey", "-quiet", "-algorithm", "ED25519", "-out", (folder / "e.pem").string)
        _ = try openssl(
            "pkcs8", "-topk8", "-in", (folder / "e.pem").string, "-out", (folder / "h.pem").string, "-scrypt",
            "-scrypt_N", "16384", "-scrypt_r", "8", "-scrypt_p", "17", "-passout", "pass:correct horse")
        let heavy = String(decoding: try files.read(folder / "h.pem", limit: 10_000), as: UTF8.self)
        #expect(refusal { () throws(RepositoryError) in _ = try store.importKey(heavy, as: "k") } == .badKey)
        #expect(try store.keys().isEmpty)
        for name in ["", "../x", ".hidden", "a/b", "a b"] {
            #expect(refusal { () throws(RepositoryError) in try store.generate(name) } == .badName)
        }
        try store.generate("k")
        #expect(refusal { () throws(RepositoryError) in try store.generate("k", scheme: .ecdsa) } == .exists)
    }

    /// Signs with openssl, as somebody would with the tool of a hardware module.
    private func external(_ body: String) throws -> (pem: String, command: [String]) {
        let key = (folder / "rsa.pem").string
        _ = try openssl("genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
        let script = folder / "sign"
        try files.replace(script, with: Array("#!/bin/sh\n\(body)\n".utf8), permissions: 0o755)
        return (try openssl("pkey", "-in", key, "-pubout").outputText, [script.string, key])
    }

    private static let signs =
        "openssl dgst -sha256 -sign \"$1\" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 | base64"

    @Test("An external command signs, and what it signs is checked before it is believed")
    func externalSigner() throws {
        let (pem, command) = try external(Self.signs)
        let key = try store().addExternal("hsm", publicKey: pem, arguments: command)
        #expect(key.scheme == "rsassa-pss-sha256")
        #expect(try store().keys().map(\.kind) == [.external])
        let signature = try #require(try store().signer(named: "hsm")).sign([7])
        #expect(key.isValid(signature.bytes, for: [7]))
    }

    @Test(
        "A command that fails, answers rubbish or signs something else is refused in words",
        arguments: ["echo no such slot >&2; exit 3", "echo rubbish!", "echo other | " + signs, "exit 0"])
    func badExternalSigner(_ body: String) throws {
        let (pem, command) = try external(body)
        #expect(
            refusal { () throws(RepositoryError) in
                _ = try store().addExternal("hsm", publicKey: pem, arguments: command)
            } == .badKey)
        #expect(try store().keys().isEmpty)
    }
}
