// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
package import TUF

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension FetchError {
    /// What the HTTP client threw, in the words of a fetch: never in those of the library.
    package init(wrapping error: any Error, url: String) {
        if let failure = TLSFailure(error) {
            self.init(.unreachable, url: url, reason: failure.reason)
            return
        }
        switch error {
        case let error as FetchError:
            self = error
        case is CancellationError:
            self.init(.cancelled, url: url, reason: "cancelled")
        case let error as HTTPClientError:
            self.init(client: error, url: url)
        case let error as NIOConnectionError:
            let isUnknown = error.connectionErrors.isEmpty && (error.dnsAError != nil || error.dnsAAAAError != nil)
            let reason =
                isUnknown ? "no machine of this name is known" : "no connection: nobody answers at this address"
            self.init(.unreachable, url: url, reason: reason)
        case let error as IOError where Self.nobody.contains(error.errnoCode):
            self.init(.unreachable, url: url, reason: "no connection: nobody answers at this address")
        case ChannelError.connectTimeout:
            self.init(.unreachable, url: url, reason: "no connection within the allowed time")
        case is HTTPParserError:
            self.init(.unreachable, url: url, reason: "what answers there is not a web server")
        default:
            self.init(.unreachable, url: url, reason: "the connection broke")
        }
    }

    private init(client error: HTTPClientError, url: String) {
        switch error {
        case .cancelled:
            self.init(.cancelled, url: url, reason: "cancelled")
        case .alreadyShutdown:
            self.init(.cancelled, url: url, reason: Self.shutDown)
        case .readTimeout, .writeTimeout, .deadlineExceeded:
            self.init(.stalled, url: url, reason: "nothing came for too long")
        case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout:
            self.init(.unreachable, url: url, reason: "no connection within the allowed time")
        case .redirectLimitReached, .redirectCycleDetected:
            self.init(.unreachable, url: url, reason: "the server redirects in a circle, or too often")
        case .remoteConnectionClosed, .uncleanShutdown:
            self.init(.unreachable, url: url, reason: "the server closed the connection")
        case .invalidURL, .emptyHost, .emptyScheme, .missingSocketPath:
            self.init(.unreachable, url: url, reason: Self.noAddress)
        default:
            // The cases that carry a value can only be told apart by their names.
            let isAddress = error.shortDescription.contains("unsupportedScheme")
            self.init(
                .unreachable, url: url, reason: isAddress ? Self.noAddress : "the server does not keep to HTTP")
        }
    }

    /// Whether a connection stood, and ended. The client calls it "cancelled", too, when it gave a request to one that was just
    /// ending.
    static func isBrokenConnection(_ error: any Error) -> Bool {
        guard TLSFailure(error) == nil else { return false }
        switch error {
        case let error as HTTPClientError: return error == .cancelled || error == .remoteConnectionClosed
        case let error as IOError: return !nobody.contains(error.errnoCode)
        case ChannelError.connectTimeout: return false
        case is FetchError, is CancellationError, is NIOConnectionError, is HTTPParserError: return false
        default: return true
        }
    }

    static let shutDown = "the fetcher has been shut down"
    private static let nobody = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ETIMEDOUT]
    static let noAddress = "this is not the address of a web server (https://… or http://…)"
}
