// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import NIOSSL
import X509

/// Connects once to learn the certificate that the agent presents. Nothing is sent over that connection.
struct CertificateProbe: Sendable {
    var address: AgentAddress
    /// `nil` takes whatever is presented, for ``fingerprint()``.
    var pinned: Fingerprint?
    var timeout: TimeAmount = .seconds(10)

    /// The leaf, when its SHA-256 is the pinned one and it signs itself; else `untrustedAgent`.
    func certificate() async throws(ClientError) -> NIOSSLCertificate {
        do {
            return try await probe()
        } catch {
            throw ClientError(connection: error, address: address)
        }
    }

    /// Of the certificate that is presented now, for a person to compare; `nil` when none is.
    static func fingerprint(at address: AgentAddress) async -> Fingerprint? {
        guard address.isTLS, let leaf = try? await CertificateProbe(address: address, pinned: nil).probe(),
            let der = try? leaf.toDERBytes()
        else { return nil }
        return Fingerprint(der: der)
    }

    private func probe() async throws -> NIOSSLCertificate {
        let group = MultiThreadedEventLoopGroup.singleton
        let context = try NIOSSLContext(configuration: .makeClientConfiguration())
        let found = group.any().makePromise(of: NIOSSLCertificate.self)
        let (address, pinned) = (self.address, self.pinned)
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let tls = try NIOSSLClientHandler(
                        context: context, serverHostname: address.serverName,
                        customVerificationCallback: { presented, verdict in
                            let isPinned = Self.judge(presented, pinned: pinned, address: address, found: found)
                            verdict.succeed(isPinned ? .certificateVerified : .failed)
                        }, configuration: .init())
                    try channel.pipeline.syncOperations.addHandler(tls)
                    try channel.pipeline.syncOperations.addHandler(HandshakeFailure(found: found))
                }
            }
        let channel: any Channel
        do {
            channel = try await bootstrap.connect(host: address.host, port: address.port).get()
        } catch {
            found.fail(error)
            throw error
        }
        let timeout = self.timeout
        let late = channel.eventLoop.scheduleTask(in: timeout) {
            found.fail(ChannelError.connectTimeout(timeout))
        }
        defer {
            late.cancel()
            channel.close(promise: nil)
        }
        return try await found.futureResult.get()
    }

    private static func judge(
        _ presented: [NIOSSLCertificate], pinned: Fingerprint?, address: AgentAddress,
        found: EventLoopPromise<NIOSSLCertificate>
    ) -> Bool {
        guard let leaf = presented.first, let der = try? leaf.toDERBytes() else {
            found.fail(
                ClientError(.untrustedAgent, "\(address.base) presented no certificate.", agent: address.base))
            return false
        }
        guard let pinned else {
            // It was looked at, and that is all: the connection ends here.
            found.succeed(leaf)
            return false
        }
        let fingerprint = Fingerprint(der: der)
        guard pinned.matches(fingerprint.bytes) else {
            found.fail(
                ClientError(
                    .untrustedAgent,
                    "The certificate at \(address.base) is not the expected one. Nothing was sent. If the agent got a "
                        + "new certificate, compare the fingerprint that it prints and use that one.",
                    agent: address.base,
                    presented: PresentedCertificate(fingerprint: fingerprint.hex, differsFromPinned: true)))
            return false
        }
        // TLS takes only what signs itself as a root. Trusting the issuer instead would trust all that it has issued.
        guard let certificate = try? Certificate(derEncoded: der), certificate.issuer == certificate.subject else {
            found.fail(
                ClientError(
                    .untrustedAgent,
                    "The certificate at \(address.base) is the expected one, but an authority has issued it, and a "
                        + "fingerprint can stand only for one that signs itself. Nothing was sent. Leave the fingerprint "
                        + "out if this machine knows the authority; else let it trust the authority's certificate first."
                ))
            return false
        }
        found.succeed(leaf)
        return true
    }
}

/// Reports a connection that ends before a certificate was seen; after that it has nothing to say.
private final class HandshakeFailure: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let found: EventLoopPromise<NIOSSLCertificate>

    init(found: EventLoopPromise<NIOSSLCertificate>) {
        self.found = found
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        found.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        found.fail(ChannelError.eof)
        context.fireChannelInactive()
    }
}
