// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
package import TUF

extension FetchError {
    /// What the HTTP client threw, in the words of a fetch.
    package init(wrapping error: any Error, url: String) {
        switch error {
        case let error as FetchError:
            self = error
        case is CancellationError:
            self.init(.cancelled, url: url, reason: "cancelled")
        case let error as HTTPClientError:
            self.init(client: error, url: url)
        case is NIOConnectionError:
            self.init(.unreachable, url: url, reason: "no connection: nobody answers at this address")
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            self.init(.unreachable, url: url, reason: "no secure connection: \(error)")
        default:
            self.init(.unreachable, url: url, reason: "the connection broke: \(error)")
        }
    }

    private init(client error: HTTPClientError, url: String) {
        switch error {
        case .cancelled:
            self.init(.cancelled, url: url, reason: "cancelled")
        case .alreadyShutdown:
            self.init(.cancelled, url: url, reason: "the fetcher has been shut down")
        case .readTimeout, .writeTimeout, .deadlineExceeded:
            self.init(.stalled, url: url, reason: "nothing came for too long")
        case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout:
            self.init(.unreachable, url: url, reason: "no connection within the allowed time")
        case .redirectLimitReached, .redirectCycleDetected:
            self.init(.unreachable, url: url, reason: "the server redirects in a circle, or too often")
        case .remoteConnectionClosed, .uncleanShutdown:
            self.init(.unreachable, url: url, reason: "the server closed the connection")
        case .invalidURL, .emptyHost, .emptyScheme:
            self.init(.unreachable, url: url, reason: "this is not an address of a web server")
        default:
            self.init(.unreachable, url: url, reason: error.description)
        }
    }
}
