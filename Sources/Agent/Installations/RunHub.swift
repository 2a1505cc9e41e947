// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Logging
import Platform

/// Where every change of a run arrives, and from where it goes on: into the history, and to whoever watches.
actor RunHub {
    /// Seconds between two events that tell of nothing but more bytes.
    static let progressInterval = 0.1

    private let history: RunHistory
    private let clock: any WallClock
    private let logger: Logger
    private var runs: [String: UpdateRun] = [:]
    private var readers: [String: [Int: EventChannel]] = [:]
    private var revision = 0
    private var lastReader = 0
    private var lastProgress: [String: Double] = [:]
    private var waiting: [String: [CheckedContinuation<UpdateRun, Never>]] = [:]
    /// What the database has not taken yet, by the run's id.
    private var unsaved: [String: UpdateRun] = [:]
    private var saving: Task<Void, Never>?

    /// Runs that wait for the database at most; an installation has one at a time.
    static let maximumUnsaved = 200
    /// Seconds between two tries to store them: the first, and the longest.
    static let pauses = 1.0...60.0

    init(history: RunHistory, clock: any WallClock, logger: Logger) {
        self.history = history
        self.clock = clock
        self.logger = logger
    }

    /// The newest state of a run of this process's lifetime.
    func latest(_ id: String) -> UpdateRun? { runs[id] }

    /// The newest state of a run of this installation; `nil` when there is none.
    func run(_ id: String, of installation: String) async throws -> UpdateRun? {
        if let run = runs[id], run.installation == installation { return run }
        return try await history.run(id, of: installation)
    }

    /// Newest first, those included that the database has not taken.
    func runs(of installation: String) async throws -> [UpdateRun] {
        let stored = try await history.runs(of: installation)
        let missing = Set(unsaved.keys).subtracting(stored.map(\.id)).compactMap { unsaved[$0] }
            .filter { $0.installation == installation }
            .sorted { ($0.steps.first?.startedAt ?? .distantPast) > ($1.steps.first?.startedAt ?? .distantPast) }
        return missing + stored.map { unsaved[$0.id] ?? $0 }
    }

    /// Waits until a run that has just been started says something for the first time.
    func whenKnown(_ id: String) async -> UpdateRun {
        if let run = runs[id] { return run }
        return await withCheckedContinuation { waiting[id, default: []].append($0) }
    }

    @discardableResult
    func runChanged(_ run: UpdateRun) async -> Bool {
        let previous = runs[run.id]
        guard run != previous else { return unsaved[run.id] == nil }
        runs[run.id] = run
        let onlyBytes = previous.map { $0.withoutProgress == run.withoutProgress } ?? false
        let now = clock.monotonicSeconds
        if onlyBytes, let last = lastProgress[run.id], now - last < Self.progressInterval { return false }
        lastProgress[run.id] = now
        let isStored = onlyBytes ? false : await save(run)
        // Whatever came in while this was written is newer: readers never go back in time.
        tell(runs[run.id] ?? run)
        return isStored
    }

    // MARK: The database

    /// Stores it now, or as soon as the database takes it; answers whether it is stored.
    private func save(_ run: UpdateRun) async -> Bool {
        // It is being tried already: two writers could overtake each other.
        guard unsaved[run.id] == nil else {
            unsaved[run.id] = run
            return false
        }
        do {
            try await history.save(run)
        } catch {
            logger.error("a run could not be stored", metadata: ["run": "\(run.id)", "reason": "\(error)"])
            guard unsaved.count < Self.maximumUnsaved else { return false }
            unsaved[run.id] = runs[run.id] ?? run
            if saving == nil { saving = Task { await self.saveLater() } }
            return false
        }
        return true
    }

    private func saveLater() async {
        var pause = Self.pauses.lowerBound
        while !unsaved.isEmpty, (try? await clock.sleep(seconds: pause)) != nil {
            pause = min(2 * pause, Self.pauses.upperBound)
            for id in Array(unsaved.keys) {
                guard let run = unsaved[id], (try? await history.save(run)) != nil else { break }
                // Not if it went on meanwhile.
                if unsaved[id] == run { unsaved[id] = nil }
            }
        }
        saving = nil
    }

    /// The run's states from `run` or a newer one on; the stream ends after the final one.
    func follow(_ run: UpdateRun) -> EventChannel {
        let channel = EventChannel()
        let run = runs[run.id] ?? run
        send(run, to: channel)
        guard run.outcome == nil else {
            channel.finish()
            return channel
        }
        lastReader += 1
        let reader = lastReader
        readers[run.id, default: [:]][reader] = channel
        channel.onEnd { Task { await self.left(run.id, reader) } }
        return channel
    }

    private func left(_ run: String, _ reader: Int) {
        readers[run]?[reader] = nil
        if readers[run]?.isEmpty ?? false { readers[run] = nil }
    }

    private func tell(_ run: UpdateRun) {
        for continuation in waiting.removeValue(forKey: run.id) ?? [] { continuation.resume(returning: run) }
        revision += 1
        for channel in (readers[run.id] ?? [:]).values { send(run, to: channel) }
        guard run.outcome != nil else { return }
        for channel in (readers.removeValue(forKey: run.id) ?? [:]).values { channel.finish() }
        lastProgress[run.id] = nil
    }

    private func send(_ run: UpdateRun, to channel: EventChannel) {
        guard let event = try? ServerSentEvent.json(run, name: "run", id: revision) else { return }
        channel.send(event)
    }
}

extension UpdateRun {
    /// What is worth keeping when the process ends: everything but how many bytes were done just now.
    fileprivate var withoutProgress: UpdateRun {
        var run = self
        for index in run.steps.indices {
            run.steps[index].bytesDone = nil
            run.steps[index].bytesTotal = nil
        }
        return run
    }
}
