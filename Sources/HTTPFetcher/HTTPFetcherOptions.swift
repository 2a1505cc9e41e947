// SPDX-License-Identifier: Apache-2.0
public import NIOSSL

/// How an ``HTTPFetcher`` talks to its server.
public struct HTTPFetcherOptions: Sendable {
    /// Seconds until a connection, its TLS included, must stand.
    public var connectSeconds: Double = 10
    /// Seconds within which something must arrive. There is no limit on the whole: a big pack over a thin line is fine.
    public var stallSeconds: Double = 30
    /// Bytes per second below which a body counts as stalled, measured over ``stallSeconds`` of waiting for the
    /// server: the "slow retrieval" attack of the TUF specification drips a byte now and then.
    public var minimumBytesPerSecond: Int = 16
    /// How many redirects are followed. The bearer token does not go with them to another origin.
    public var redirects: Int = 5
    /// Sent as `Authorization: Bearer …`.
    public var bearerToken: String?
    /// What is trusted in TLS; `nil` means the system's authorities with host-name verification.
    public var tls: TLSConfiguration?
    public var userAgent: String = "ricambio"

    public init(bearerToken: String? = nil, tls: TLSConfiguration? = nil) {
        self.bearerToken = bearerToken
        self.tls = tls
    }
}
