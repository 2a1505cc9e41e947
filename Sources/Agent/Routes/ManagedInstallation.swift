// SPDX-License-Identifier: Apache-2.0
import AgentAPI

/// What the routes need of an installation.
protocol ManagedInstallation: Sendable {
    var id: String { get }
    var sessions: SessionRegistry { get }
    var mirror: Mirror { get }

    /// Where earlier versions, and foreign files of theirs, are by now.
    func keptFolders() async -> [OldFolder]
    func status() async -> InstallationStatus
    /// Asks the vendor.
    func releases() async throws -> [ReleaseSummary]
    /// What an update would fetch; changes nothing. Asks the vendor.
    func plan(version: String?) async throws -> UpdatePlan
    /// Takes an order; the run goes on by itself, or waits for its time.
    func order(_ order: UpdateOrder, by account: String) async throws -> UpdateRun
    func cancel(run: String, by account: String) async throws -> UpdateRun
    /// The end of the application's output.
    func log(lines: Int) async throws -> String
    /// The client that belongs to the installed version; `nil` when its release has none for `platform`.
    func client(platform: String) async throws -> ClientRelease?
}

/// A release whose client belongs to a server, and the channel that says whether it is still good.
struct ClientRelease: Sendable, Hashable {
    var product: String
    var channel: String
    var version: String
}
