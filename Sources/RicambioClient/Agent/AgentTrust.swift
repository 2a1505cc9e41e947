// SPDX-License-Identifier: Apache-2.0
import Crypto
import NIOCore
import NIOSSL
public import SystemPackage

/// How a program knows that it talks to the right agent.
public enum AgentTrust: Sendable, Hashable {
    /// By the system's authorities and the host name: the customer gave the agent a certificate of its own.
    case system
    /// By exactly this certificate: SHA-256 of its DER form in hex, as the agent prints it and as a
    /// `SessionTicket` carries it. Colons and upper case are accepted. It must be one that signs itself, as the agent
    /// makes them; what an authority has issued is checked with `system` or `certificateAuthority`.
    case fingerprint(String)
    /// By the authorities in this PEM file, and the host name.
    case certificateAuthority(FilePath)

    /// What `SessionTicket.fingerprint` and the application's environment mean.
    public init(fingerprint: String?) {
        self = fingerprint.map { .fingerprint($0) } ?? .system
    }

    /// Whether `text` has the 64 hexadecimal digits of a fingerprint; colons and white space do not count.
    public static func isFingerprint(_ text: String) -> Bool { Fingerprint(text) != nil }

    /// The TLS settings for `address`. With a fingerprint, a first connection fetches the certificate, which is
    /// refused unless its hash is the pinned one; from then on that certificate is the only one trusted.
    func tlsConfiguration(for address: AgentAddress) async throws(ClientError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        switch self {
        case .system:
            break
        case .certificateAuthority(let file):
            do {
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file.string))
            } catch {
                throw ClientError(
                    .untrustedAgent,
                    "The certificate authority in \(file) cannot be read: it is not there, or not in PEM form.")
            }
        case .fingerprint(let text):
            guard let pinned = Fingerprint(text) else {
                throw ClientError(.untrustedAgent, "The fingerprint must have 64 hexadecimal digits.")
            }
            guard address.isTLS else {
                throw ClientError(
                    .untrustedAgent, "A fingerprint is given, but \(address.base) is not an https address.")
            }
            let certificate = try await CertificateProbe(address: address, pinned: pinned).certificate()
            configuration.trustRoots = .certificates([certificate])
            // The certificate itself is the identity; what names it carries does not matter.
            configuration.certificateVerification = .noHostnameVerification
        }
        return configuration
    }
}

/// SHA-256 of a certificate.
struct Fingerprint: Sendable {
    let bytes: [UInt8]

    /// Of a certificate in DER form.
    init(der: [UInt8]) {
        bytes = Array(SHA256.hash(data: der))
    }

    /// 64 digits in lower case.
    var hex: String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    init?(_ text: String) {
        var digits: [UInt8] = []
        for character in text where character != ":" && !character.isWhitespace {
            guard character.isASCII, let value = character.hexDigitValue else { return nil }
            digits.append(UInt8(value))
        }
        guard digits.count == 64 else { return nil }
        bytes = stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// Takes the same time wherever the first difference is.
    func matches(_ other: some Sequence<UInt8>) -> Bool {
        let other = Array(other)
        guard other.count == bytes.count else { return false }
        return zip(bytes, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
