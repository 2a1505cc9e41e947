// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
package import NIOSSL
import SwiftASN1
package import X509

/// A self-signed certificate like the one that an agent makes.
package struct TestCertificate {
    package let certificate: Certificate
    private let key: P256.Signing.PrivateKey
    /// The authority's; presented after the leaf.
    private var issuer: Certificate?

    package init() throws {
        key = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName("ricambio agent") }
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
            notValidBefore: Date(timeIntervalSinceNow: -3600), notValidAfter: Date(timeIntervalSinceNow: 86400),
            issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                SubjectAlternativeNames([
                    .dnsName("localhost"), .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                ])
            }, issuerPrivateKey: .init(key))
    }

    /// One that `authority` has issued.
    package init(issuedBy authority: TestCertificate, presentingIssuer: Bool) throws {
        key = P256.Signing.PrivateKey()
        issuer = presentingIssuer ? authority.certificate : nil
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
            notValidBefore: Date(timeIntervalSinceNow: -3600), notValidAfter: Date(timeIntervalSinceNow: 86400),
            issuer: authority.certificate.subject, subject: try DistinguishedName { CommonName("agent of an office") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                SubjectAlternativeNames([
                    .dnsName("localhost"), .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                ])
            }, issuerPrivateKey: .init(authority.key))
    }

    package func der() throws -> [UInt8] { try Self.der(certificate) }

    private static func der(_ certificate: Certificate) throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }

    package func pem() throws -> String { try certificate.serializeAsPEM().pemString }

    /// Lower-case hex.
    package func fingerprint() throws -> String {
        SHA256.hash(data: try der()).map { String(format: "%02x", $0) }.joined()
    }

    /// - Parameter protocols: what the server offers to speak within TLS; none leaves it at HTTP/1.1.
    package func serverConfiguration(protocols: [String] = []) throws -> TLSConfiguration {
        let chain = try ([certificate] + (issuer.map { [$0] } ?? [])).map {
            NIOSSLCertificateSource.certificate(try NIOSSLCertificate(bytes: try Self.der($0), format: .der))
        }
        let privateKey = try NIOSSLPrivateKey(bytes: Array(key.pemRepresentation.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(privateKey))
        configuration.applicationProtocols = protocols
        return configuration
    }

    /// Of a client that trusts this certificate and nothing else.
    package func clientConfiguration() throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates([try NIOSSLCertificate(bytes: try der(), format: .der)])
        return configuration
    }
}
