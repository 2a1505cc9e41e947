// SPDX-License-Identifier: Apache-2.0
import Platform
import Synchronization
import TUF

/// Trusted metadata for as long as one command runs: an installation that is refused leaves nothing behind.
final class PassingMetadataStore: MetadataStore {
    private let roles = Mutex<[String: [UInt8]]>([:])

    func load(_ role: String) throws(FileError) -> [UInt8]? {
        roles.withLock { $0[role] }
    }

    func save(_ role: String, _ bytes: [UInt8]) throws(FileError) {
        roles.withLock { $0[role] = bytes }
    }

    func remove(_ role: String) throws(FileError) {
        roles.withLock { $0[role] = nil }
    }
}
