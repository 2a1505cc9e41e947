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

    init(history: RunHistory, clock: any WallClock, logger: Logger) {
        self.history = history
        self.clock = clock
        self.logger = logger
    }

    /// The newest state of a run of this process's lifetime.
    func latest(_ id: String) -> UpdateRun? { runs[id] }

    /// Waits until a run that has just been started says something for the first time.
    func whenKnown(_ id: String) async -> UpdateRun {
        if let run = runs[id] { return run }
        return await withCheckedContinuation { waiting[id, default: []].append($0) }
    }

    func runChanged(_ run: UpdateRun) async {
        let previous = runs[run.id]
        guard run != previous else { return }
        runs[run.id] = run
        let onlyBytes = previous.map { $0.withoutProgress == run.withoutProgress } ?? false
        let now = clock.monotonicSeconds
        if onlyBytes, let last = lastProgress[run.id], now - last < Self.progressInterval { return }
        lastProgress[run.id] = now
        if !onlyBytes {
            do {
                try await history.save(run)
            } catch {
                logger.error("a run could not be stored", metadata: ["run": "\(run.id)", "reason": "\(error)"])
            }
        }
        // Whatever came in while this was written is newer: readers never go back in time.
        tell(runs[run.id] ?? run)
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
