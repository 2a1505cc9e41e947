// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
public import Foundation
public import Packaging
public import SystemPackage

/// A release that the vendor's signed metadata vouches for, and this installation's part of it.
public struct ResolvedRelease: Sendable {
    public var release: ReleaseDocument
    public var tree: Tree
    /// The channel says that nobody is to install it any more.
    public var isRecalled: Bool

    public init(release: ReleaseDocument, tree: Tree, isRecalled: Bool = false) {
        self.release = release
        self.tree = tree
        self.isRecalled = isRecalled
    }
}

/// Where releases come from. Throws ``UpdateFailure``, `PackagingError` or `FileError`.
public protocol ReleaseSource: Sendable {
    /// Verified metadata, freshly asked for; `nil` means the channel's current release.
    func resolve(version: String?) async throws -> ResolvedRelease
    /// What a plan needs of a resolved release, into a folder of downloads; continues what is there.
    /// `progress` gets bytes done and in all, from any thread.
    func fetch(
        _ plan: ContentPlan, of release: ResolvedRelease, into downloads: FilePath,
        progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws
}

/// The people who are connected, as a run sees them. Every call may be repeated after a crash.
public protocol SessionDrain: Sendable {
    /// Everyone connected is told, and new logins are refused from now on.
    func warn(deadline: Date, from: String, to: String) async
    /// Returns early when all are ready or gone.
    func waitUntilReadyOrDeadline(_ deadline: Date) async throws
    /// Sessions still open are told to close, then closed by the application server.
    func close(within seconds: Double) async -> SessionCounts
    /// Whoever was warned is told that there is no update.
    func cancelWarning() async
    func acceptLogins(_ accepted: Bool) async
    /// The client of this version belongs to the server from now on.
    func offerClients(version: String) async
    func counts() async -> SessionCounts
}

/// The administrator's mail, and whoever else wants to know how a run ended.
public protocol Notifier: Sendable {
    /// Writes into a durable outbox; the same run may come twice after a crash, its id tells.
    func notify(_ run: UpdateRun) async throws
}

/// Progress stream and history.
public protocol RunObserver: Sendable {
    /// The run as it is now; the last call has an outcome. May repeat itself after a crash. Answers whether the run is
    /// stored for good: how one ended is told again at the next start otherwise.
    @discardableResult
    func runChanged(_ run: UpdateRun) async -> Bool
}
