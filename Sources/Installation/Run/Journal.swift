// SPDX-License-Identifier: Apache-2.0
public import AgentAPI
public import Foundation
public import Platform
public import Replacement
internal import SystemPackage

/// The durable record of the current run: what is about to be done is written before it is done, so that the next
/// start of the agent knows what may have happened. One small file beside the installation; recovery depends on
/// nothing else. Format 1 is read too: ``JournalFormat1``.
public struct Journal: Sendable, Codable {
    public static let currentFormat = 2

    public var format: Int
    public var run: UpdateRun
    public var state: UpdateMachine.State
    /// Where it was written: a copy of it, elsewhere, touches nothing outside its own place.
    public var whereabouts: Whereabouts?
    /// The release's promise about data, and the tree's content; known once the release is resolved.
    public var migratesData: Bool
    public var treeSHA256: String?
    /// How the version before answered; known from the preflight on.
    public var before: HealthBefore?
    /// Seconds that the service may be down: what the configuration allows for each part of it; known with ``before``.
    public var downSeconds: Double?
    /// The folders that change places; known once the new one is built.
    public var folders: SwapRecord?
    /// Where the data really is, as the preflight saw it: what becomes a link later is not followed.
    public var data: [StoredPath]?
    public var snapshots: [DataSnapshot]
    /// The new version has been started, so data may not be what it was.
    public var newVersionStarted: Bool
    /// When the run must be over.
    public var deadline: Date
    /// When the owner of the run last said that it lives. The lock says who owns it.
    public var heartbeat: Date

    public init(run: UpdateRun, state: UpdateMachine.State, deadline: Date, heartbeat: Date) {
        format = Self.currentFormat
        self.run = run
        self.state = state
        migratesData = false
        snapshots = []
        newVersionStarted = false
        self.deadline = deadline
        self.heartbeat = heartbeat
    }

    /// The run is over: what is left of it is only this file.
    var isOver: Bool {
        if case .finished = state { true } else { false }
    }
}

/// Reads and writes the journal's file. Every call blocks for a few milliseconds.
public struct JournalStore: Sendable {
    private let layout: InstallationLayout
    private let fileSystem: any FileSystem

    public init(_ layout: InstallationLayout, fileSystem: any FileSystem) {
        self.layout = layout
        self.fileSystem = fileSystem
    }

    private var file: FilePath { layout.journal }

    /// `nil` when no run is open; one that is over is none. A journal that cannot be read is an error, never "no run".
    public func load() throws(UpdateFailure) -> Journal? {
        try read().flatMap { $0.isOver ? nil : $0 }
    }

    /// The journal of a run that is over, which is still there because nobody else has stored how it ended.
    func ended() throws(UpdateFailure) -> Journal? {
        try read().flatMap { $0.isOver ? $0 : nil }
    }

    private func read() throws(UpdateFailure) -> Journal? {
        let bytes: [UInt8]
        do {
            bytes = try fileSystem.read(file, limit: 64 << 20)
        } catch  where error.code == .notFound {
            return nil
        } catch {
            throw UpdateFailure(error)
        }
        do {
            return try decode(Data(bytes))
        } catch {
            throw UpdateFailure(.fileFailed, ["path": file.string, "reason": "\(error)"])
        }
    }

    private struct Format: Decodable {
        var format: Int
    }

    private func decode(_ data: Data) throws -> Journal {
        switch try APIJSON.decode(Format.self, from: data).format {
        case 1: return try Journal(try APIJSON.decode(JournalFormat1.self, from: data), in: layout, fileSystem)
        case Journal.currentFormat: return try APIJSON.decode(Journal.self, from: data)
        case let other: throw UpdateFailure(.unexpected, ["reason": "a journal of format \(other)"])
        }
    }

    /// Durable when it returns.
    public func save(_ journal: Journal) throws(UpdateFailure) {
        do {
            let bytes = try APIJSON.encode(journal)
            try fileSystem.replace(file, with: Array(bytes), permissions: 0o600)
        } catch {
            throw UpdateFailure(error)
        }
    }

    public func remove() throws(UpdateFailure) {
        do {
            try fileSystem.remove(file)
            try fileSystem.syncDirectory(file.removingLastComponent())
        } catch {
            throw UpdateFailure(error)
        }
    }
}
