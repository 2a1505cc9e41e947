// SPDX-License-Identifier: Apache-2.0
import NIOSSL

/// Why no secure connection came about, as far as a person can do something about it.
package enum TLSFailure: Sendable, Hashable {
    /// No authority that is trusted here vouches for the certificate, or it has expired.
    case untrustedCertificate
    /// The certificate is for another name.
    case otherName
    /// What answers does not speak TLS, or no version of it that is accepted.
    case notSecured

    /// `nil` when `error` is not one of TLS.
    package init?(_ error: any Error) {
        switch error {
        case let error as NIOSSLExtraError:
            self = error == .failedToValidateHostname ? .otherName : .notSecured
        case NIOSSLError.unableToValidateCertificate:
            self = .untrustedCertificate
        case is NIOSSLError, is BoringSSLError:
            // The library tells its causes apart in its text alone.
            self = "\(error)".contains("CERTIFICATE_VERIFY_FAILED") ? .untrustedCertificate : .notSecured
        default:
            return nil
        }
    }

    /// A part of a sentence.
    package var reason: String {
        switch self {
        case .untrustedCertificate: "this machine does not trust the server's certificate"
        case .otherName: "the server's certificate is for another name"
        case .notSecured: "no secure connection: the server speaks no TLS, or only a version that is too old"
        }
    }
}
