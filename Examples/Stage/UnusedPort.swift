// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix

/// A TCP port of this machine that nobody used a moment ago. For programs that must be told their port; those that
/// can take port 0 and say which they got are given that instead.
public func unusedPort() async throws -> Int {
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .bind(host: "127.0.0.1", port: 0).get()
    defer { channel.close(promise: nil) }
    guard let port = channel.localAddress?.port else { throw StageError("The system gave no port.") }
    try await channel.close()
    return port
}
