// SPDX-License-Identifier: Apache-2.0
public import Platform
public import Replacement
import Synchronization
public import SystemPackage

/// A person's own files inside the program's folder, such as `"preferences/**"`.
public typealias KeepRule = Replacement.KeepRule

/// A program that updates its own folder: a workstation's client from its own server's agent, or a single-user
/// application from its vendor.
///
/// At start, before anything else:
/// ```swift
/// let update = ClientUpdate(folder: "/opt/OM Client", keep: ["preferences/**"])
/// _ = try await update.recover()                     // finishes what a power cut has left
/// if try await update.revertIfUnconfirmed() {        // the new version has failed to start once
///     try update.relaunch("om-client", arguments: arguments, environment: environment)
/// }
/// // … the program works (has logged in, has opened its document) …
/// try await update.confirmStarted()                  // the previous version is removed
/// ```
/// And when there is a newer version:
/// ```swift
/// if let available = try await update.check(offer: offer, installed: "1.0", mirror: session.mirror()) {
///     try await update.install(available) { progress in … }
///     try update.relaunch("om-client", arguments: arguments, environment: environment)
/// }
/// ```
/// The folder carries the vendor's trusted `root.json`. What a release is gets proven with it, so neither the agent nor
/// the network needs to be trusted. The program must be able to write to the folder *above* its own.
public struct ClientUpdate: Sendable {
    let place: ClientFolder
    let keep: KeepRules
    let component: String
    let platform: String
    let products: Set<String>?
    let clock: any WallClock
    private let start = StartInProgress()

    /// - Parameters:
    ///   - folder: the program's own folder, as an absolute path.
    ///   - keep: the person's files in it. A rule that names a folder means everything in it.
    ///   - component: `client`, or `standalone` for a single-user application.
    ///   - products: what may be put here; `nil` means every product of the vendor whose root the folder carries.
    public init(
        folder: FilePath, keep: [KeepRule] = [], component: String = "client", platform: String = Platform.current,
        products: Set<String>? = nil, fileSystem: any FileSystem = POSIXFileSystem(),
        clock: any WallClock = SystemWallClock()
    ) {
        place = ClientFolder(live: folder, fileSystem: fileSystem)
        self.keep = KeepRules(keep)
        self.component = component
        self.platform = platform
        self.products = products
        self.clock = clock
    }

    /// The program's own folder.
    public var folder: FilePath { place.live }

    /// The version that the last update put here; `nil` when the folder was filled in another way.
    public func installedVersion() async throws(ClientError) -> String? {
        let place = self.place
        return try await BlockingWork.run { () throws(ClientError) in try place.readState().installed?.version }
    }

    /// Finishes or undoes an update that ended in the middle. While another program is updating the same folder
    /// nothing is done.
    public func recover() async throws(ClientError) -> ClientRecovery {
        let place = self.place
        return try await BlockingWork.run { () throws(ClientError) in
            guard try ClientError.files({ () throws(FileError) in try place.fileSystem.exists(place.state) }),
                let lock = try place.lock()
            else { return .nothing }
            defer { lock.release() }
            return try place.recover()
        }
    }

    /// Puts the previous version back when the new one has been started before and has not confirmed. True means that
    /// the previous one is in place again: relaunch. The first start of a new version, and one that is still going on
    /// in another process, count as a chance; so does a version whose previous one somebody has taken away.
    public func revertIfUnconfirmed() async throws(ClientError) -> Bool {
        let (place, start) = (self.place, self.start)
        return try await BlockingWork.run { () throws(ClientError) in
            guard try place.readJournal()?.phase == .unconfirmed, let lock = try place.lock() else { return false }
            defer { lock.release() }
            // Held by this process until it confirms or ends: so a second start meanwhile is not taken for a failure.
            guard
                let starting = try ClientError.files({ () throws(FileError) in
                    try place.fileSystem.lock(place.startLockFile)
                }), var journal = try place.readJournal(), journal.phase == .unconfirmed
            else { return false }
            guard journal.starts > 0 else {
                journal.starts = 1
                try place.write(journal)
                start.hold(starting)
                return false
            }
            guard case .reverted = try place.revert(journal) else {
                // There is nothing to go back to, so this start may confirm as well.
                start.hold(starting)
                return false
            }
            starting.release()
            return true
        }
    }

    /// The version that is running works. Only the process that has made the first start of a new version, and has
    /// called ``revertIfUnconfirmed()``, has something to confirm; for all others this does nothing.
    public func confirmStarted() async throws(ClientError) {
        let (place, start) = (self.place, self.start)
        try await BlockingWork.run { () throws(ClientError) in
            guard start.isHeld, let lock = try place.lock() else { return }
            defer { lock.release() }
            guard let journal = try place.readJournal(), journal.phase == .unconfirmed else { return }
            try place.confirm(journal)
            start.release()
        }
    }
}

/// Remembers, for all copies of a ``ClientUpdate``, that this process is the first start of a new version.
private final class StartInProgress: Sendable {
    private let lock = Mutex<(any HeldLock)?>(nil)

    var isHeld: Bool { lock.withLock { $0 != nil } }

    func hold(_ held: any HeldLock) { lock.withLock { $0 = held } }

    func release() {
        lock.withLock {
            $0?.release()
            $0 = nil
        }
    }
}
