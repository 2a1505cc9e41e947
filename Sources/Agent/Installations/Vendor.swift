// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Installation
import Packaging

/// The vendor's releases as an installation's supervisor needs them.
protocol Vendor: ReleaseSource {
    /// The channel as it is now.
    func channel() async throws -> ChannelDocument
    /// Every release of the channel, newest first.
    func summaries(installed: String?) async throws -> [ReleaseSummary]
    /// Whether a version's release has a client for `platform`.
    func hasClient(version: String, platform: String) async throws -> Bool
    /// Names (SHA-256) of all that a mirror may be asked for by those who have one of these versions, or get it.
    func objects(of versions: Set<String>) async throws -> Set<String>
}
