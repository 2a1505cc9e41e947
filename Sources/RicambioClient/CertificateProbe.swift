// SPDX-License-Identifier: Apache-2.0
import Crypto
import NIOCore
import NIOPosix
import NIOSSL

/// Connects once to learn the certificate that the agent presents. Nothing is sent over that connection.
struct CertificateProbe: Sendable {
    var address: AgentAddress
    var pinned: Fingerprint
    var timeout: TimeAmount = .seconds(10)

    /// The leaf, when its SHA-256 is the pinned one; else `untrustedAgent`.
    func certificate() async throws(ClientError) -> NIOSSLCertificate {
        do {
            return try await probe()
        } catch let error as ClientError {
            throw error
        } catch is NIOConnectionError {
            throw ClientError(.unreachable, "No agent answers at \(address.base).")
        } catch is CancellationError {
            throw ClientError(.cancelled, "Cancelled.")
        } catch {
            throw ClientError(.unreachable, "No secure connection to the agent at \(address.base): \(error).")
        }
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
        let late = channel.eventLoop.scheduleTask(in: timeout) {
            found.fail(ClientError(.unreachable, "The agent at \(address.base) did not answer in time."))
        }
        defer {
            late.cancel()
            channel.close(promise: nil)
        }
        return try await found.futureResult.get()
    }

    private static func judge(
        _ presented: [NIOSSLCertificate], pinned: Fingerprint, address: AgentAddress,
        found: EventLoopPromise<NIOSSLCertificate>
    ) -> Bool {
        guard let leaf = presented.first, let der = try? leaf.toDERBytes() else {
            found.fail(ClientError(.untrustedAgent, "\(address.base) presented no certificate."))
            return false
        }
        guard pinned.matches(SHA256.hash(data: der)) else {
            found.fail(
                ClientError(
                    .untrustedAgent,
                    "The certificate at \(address.base) is not the expected one. Nothing was sent. If the agent got a "
                        + "new certificate, compare the fingerprint that it prints and use that one."))
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
        found.fail(ClientError(.unreachable, "The connection was closed before it was secured."))
        context.fireChannelInactive()
    }
}
