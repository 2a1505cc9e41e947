// SPDX-License-Identifier: Apache-2.0
import Crypto
import CryptoExtras
import Foundation
import NIOPosix

/// What is stored of a password.
struct PasswordHash: Sendable, Hashable {
    var salt: Data
    var hash: Data
    /// The N it was made with: raising the configured one leaves older accounts able to log in.
    var cost: Int
}

/// scrypt on threads of its own: one derivation keeps a core and 32 MiB busy for a tenth of a second, which neither
/// the cooperative pool nor the event loops can spare. Few threads are a limit on what a login flood can take.
final class PasswordHasher: Sendable {
    /// Too many derivations are waiting.
    struct Busy: Error {}

    private let threads = NIOThreadPool(numberOfThreads: 1)
    private let waiting = Counter(limit: 32)
    let cost: Int

    init(cost: Int) {
        self.cost = cost
        threads.start()
    }

    func shutdown() async {
        try? await threads.shutdownGracefully()
    }

    func hash(_ password: String) async throws -> PasswordHash {
        let salt = SymmetricKey(size: .bits128).withUnsafeBytes { Data($0) }
        let cost = cost
        let hash = try await derive(password, salt: salt, cost: cost)
        return PasswordHash(salt: salt, hash: hash, cost: cost)
    }

    /// In time that does not depend on how much of the password is right.
    func matches(_ password: String, _ stored: PasswordHash) async throws -> Bool {
        let hash = try await derive(password, salt: stored.salt, cost: stored.cost)
        guard hash.count == stored.hash.count else { return false }
        return zip(hash, stored.hash).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private func derive(_ password: String, salt: Data, cost: Int) async throws -> Data {
        guard await waiting.enter() else { throw Busy() }
        do {
            let hash = try await threads.runIfActive {
                // One password typed on two systems may be composed differently; people mean the same one.
                let bytes = Data(password.precomposedStringWithCanonicalMapping.utf8)
                return try KDF.Scrypt.deriveKey(
                    from: bytes, salt: salt, outputByteCount: 32, rounds: cost, blockSize: 8, parallelism: 1
                ).withUnsafeBytes { Data($0) }
            }
            await waiting.leave()
            return hash
        } catch {
            await waiting.leave()
            throw error
        }
    }
}

private actor Counter {
    private let limit: Int
    private var count = 0

    init(limit: Int) { self.limit = limit }

    func enter() -> Bool {
        guard count < limit else { return false }
        count += 1
        return true
    }

    func leave() { count -= 1 }
}
