// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import NIOSSL
import Platform
import SwiftASN1
import SystemPackage
import X509

/// The certificate the agent shows: made here on the first start, or the customer's own.
struct ServerCertificate: Sendable {
    var chain: [NIOSSLCertificate]
    var key: NIOSSLPrivateKey
    /// SHA-256 of the server's certificate (DER), lower-case hex.
    var fingerprint: String
    /// Made here: nobody can check it but by its fingerprint.
    var isSelfMade: Bool

    static let lifetime: TimeInterval = 10 * 365.25 * 86400

    enum Fault: Error, Sendable, Hashable {
        case unreadable(FilePath)
        case notACertificate(FilePath)
        case notAKey(FilePath)
        case keyDoesNotFit
        case expired(FilePath, Date)

        /// The file that is wrong; `nil` when it is the two together.
        var file: FilePath? {
            switch self {
            case .unreadable(let file), .notACertificate(let file), .notAKey(let file), .expired(let file, _): file
            case .keyDoesNotFit: nil
            }
        }

        /// A part of a sentence.
        var reason: String {
            switch self {
            case .unreadable: "the file cannot be read"
            case .notACertificate: "this is not a certificate in PEM form"
            case .notAKey: "this is not a private key in PEM form, or it has a passphrase"
            case .keyDoesNotFit: "the key is not the one of this certificate"
            case .expired(_, let date): "it expired on \(date.formatted(.iso8601))"
            }
        }
    }

    var tlsConfiguration: TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        return configuration
    }

    /// Reads and checks the customer's own, or makes one in `folder` unless one is there.
    static func load(
        own: CertificateFiles?, folder: FilePath, host: String, machine: String, fileSystem: any FileSystem,
        clock: any WallClock
    ) throws -> ServerCertificate {
        if let own {
            return try read(own, isSelfMade: false, fileSystem: fileSystem, now: clock.now)
        }
        let files = CertificateFiles(
            certificate: folder.appending("certificate.pem"), key: folder.appending("key.pem"))
        if try fileSystem.attributes(of: files.certificate) == nil || fileSystem.attributes(of: files.key) == nil {
            try make(files, host: host, machine: machine, fileSystem: fileSystem, now: clock.now)
        }
        let certificate = try read(files, isSelfMade: true, fileSystem: fileSystem, now: clock.now)
        let stored = folder.appending("fingerprint")
        let line = Array((certificate.fingerprint + "\n").utf8)
        if try fileSystem.attributes(of: stored) == nil || fileSystem.read(stored, limit: 4096) != line {
            try fileSystem.replace(stored, with: line, permissions: 0o644)
        }
        return certificate
    }

    private static func read(
        _ files: CertificateFiles, isSelfMade: Bool, fileSystem: any FileSystem, now: Date
    ) throws -> ServerCertificate {
        let (pem, keyPEM) = (try bytes(files.certificate, fileSystem), try bytes(files.key, fileSystem))
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(pem), let first = chain.first,
            let der = try? first.toDERBytes(), let leaf = try? Certificate(derEncoded: der)
        else { throw Fault.notACertificate(files.certificate) }
        guard let key = try? NIOSSLPrivateKey(bytes: keyPEM, format: .pem) else { throw Fault.notAKey(files.key) }
        guard leaf.notValidAfter > now else { throw Fault.expired(files.certificate, leaf.notValidAfter) }
        let certificate = ServerCertificate(
            chain: chain, key: key, fingerprint: Secret.hex(SHA256.hash(data: Data(der))), isSelfMade: isSelfMade)
        // BoringSSL compares the two when it makes a context.
        guard (try? NIOSSLContext(configuration: certificate.tlsConfiguration)) != nil else {
            throw Fault.keyDoesNotFit
        }
        return certificate
    }

    private static func bytes(_ file: FilePath, _ fileSystem: any FileSystem) throws -> [UInt8] {
        // A certificate is often a symlink into /etc/ssl, which the product's own files never are.
        do {
            return Array(try Data(contentsOf: URL(fileURLWithPath: file.string)))
        } catch {
            throw Fault.unreadable(file)
        }
    }

    private static func make(
        _ files: CertificateFiles, host: String, machine: String, fileSystem: any FileSystem, now: Date
    ) throws {
        let key = P256.Signing.PrivateKey()
        let subject = try DistinguishedName { CommonName("ricambio agent on \(machine)") }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
            // Workstations whose clock is somewhat slow are let in too.
            notValidBefore: now.addingTimeInterval(-86400), notValidAfter: now.addingTimeInterval(lifetime),
            issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                // No key usage: a self-signed certificate that may not sign is not accepted as its own issuer, so
                // nobody who pins it could build the chain of one that it is.
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(names(host: host, machine: machine))
            }, issuerPrivateKey: .init(key))
        // The key first: a certificate without its key would look finished.
        try fileSystem.replace(files.key, with: Array(key.pemRepresentation.utf8), permissions: 0o600)
        let pem = try certificate.serializeAsPEM().pemString
        try fileSystem.replace(files.certificate, with: Array(pem.utf8), permissions: 0o644)
    }

    /// Everything this machine may be called by a workstation, each once.
    static func names(host: String, machine: String) -> [GeneralName] {
        var names: [GeneralName] = []
        for name in ["localhost", "127.0.0.1", "::1", host, machine] {
            let general: GeneralName
            if let address = addressBytes(name) {
                general = .ipAddress(ASN1OctetString(contentBytes: address[...]))
            } else {
                general = .dnsName(name)
            }
            if !name.isEmpty, !names.contains(general), name != "0.0.0.0", name != "::" { names.append(general) }
        }
        return names
    }

    private static func addressBytes(_ text: String) -> [UInt8]? {
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 { return withUnsafeBytes(of: &v4) { Array($0) } }
        var v6 = in6_addr()
        if inet_pton(AF_INET6, text, &v6) == 1 { return withUnsafeBytes(of: &v6) { Array($0) } }
        return nil
    }
}
