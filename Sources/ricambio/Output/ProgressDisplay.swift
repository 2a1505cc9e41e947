// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation

/// How an update run looks while it happens and when it has ended. Pure: a run comes in, lines come out.
struct ProgressDisplay {
    var quantities: Quantities

    private var language: Language { quantities.language }

    /// The whole picture for a terminal that redraws it: a title, a line per step, and at the end what came of it.
    func picture(of run: UpdateRun, now: Date, width: Int) -> [String] {
        let steps = run.steps.filter { $0.step != .finished }
        let names = steps.map { Catalogue.step($0.step, language) }
        let column = (names.map(\.count).max() ?? 0) + 2
        var lines = ["\(run.product) \(run.from) → \(run.to)"]
        for (record, name) in zip(steps, names) {
            var line = "  \(mark(record, in: run)) \(TextTable.pad(name, to: column))"
            line += TextTable.pad(time(of: record, in: run, now: now), to: 14)
            line += detail(of: record, in: run, now: now)
            lines.append(line)
        }
        if let at = run.order.at, run.steps.count <= 1, run.outcome == nil {
            lines.append("  " + Text.scheduled(language, quantities.time(at)))
        }
        return (lines + conclusion(of: run)).map { fitted($0, to: width) }
    }

    /// What came of a run that has ended; empty while it is going on.
    func conclusion(of run: UpdateRun) -> [String] {
        guard let outcome = run.outcome else { return [] }
        var lines = ["\(run.product): \(word(outcome)), \(outcome == .updated ? run.to : run.from)"]
        if let down = run.downtimeSeconds {
            lines.append(
                Text.down(
                    language, quantities.duration(down), quantities.duration(run.applicationStopSeconds ?? 0),
                    quantities.duration(run.applicationStartSeconds ?? 0)))
        }
        let people = run.sessions
        if people.warned > 0 {
            lines.append(Text.people(language, "\(people.warned)", "\(people.ready)", "\(people.closed)"))
        }
        if !run.kept.isEmpty { lines.append(Text.kept(language, "\(run.kept.count)")) }
        lines += run.beside.map { Text.beside(language, $0) }
        return lines + (run.failure.map(sentences) ?? [])
    }

    /// What happened, what state the system is in, what to do.
    func sentences(of failure: Failure) -> [String] {
        [
            Text.whatHappened(language, failure.happened), Text.whatState(language, failure.state),
            Text.whatToDo(language, failure.remedy),
        ]
    }

    func word(_ outcome: UpdateOutcome) -> String {
        switch outcome {
        case .updated: Text.updated(language)
        case .rolledBack: Text.rolledBack(language)
        case .cancelled: Text.cancelled(language)
        case .failed: Text.failed(language)
        }
    }

    private func mark(_ record: StepRecord, in run: UpdateRun) -> String {
        if record.endedAt == nil, run.outcome == nil { return "●" }
        // The last step before a failure is the one that failed.
        let last = run.steps.last { $0.step != .finished }
        if run.outcome == .failed, record == last { return "✗" }
        return record.step == .rollingBack ? "↩" : "✓"
    }

    private func time(of record: StepRecord, in run: UpdateRun, now: Date) -> String {
        let end = record.endedAt ?? (run.outcome == nil ? now : record.startedAt)
        return quantities.duration(end.timeIntervalSince(record.startedAt))
    }

    /// Bytes of steps that move bytes, and the countdown of the warning.
    fileprivate func detail(of record: StepRecord, in run: UpdateRun, now: Date?) -> String {
        if record.step == .warning, record.endedAt == nil, let now, let deadline = run.deadline {
            return Text.secondsLeft(language, "\(max(0, Int(deadline.timeIntervalSince(now).rounded(.up))))")
        }
        guard let done = record.bytesDone else { return "" }
        if record.endedAt == nil, let total = record.bytesTotal, total > 0 {
            let share = Int((Double(done) / Double(total) * 100).rounded(.down))
            return "\(quantities.bytes(done)) / \(quantities.bytes(total)) (\(min(100, share)) %)"
        }
        return quantities.bytes(done)
    }

    private func fitted(_ line: String, to width: Int) -> String {
        guard width > 1, line.count > width else { return line }
        return String(line.prefix(width - 1)) + "…"
    }
}

/// The same for files, pipes and logs: a line when a step begins and when it ends, nothing twice.
struct PlainProgress {
    var display: ProgressDisplay
    private var began = 0
    private var ended: Set<Int> = []
    private var concluded = false

    init(display: ProgressDisplay) {
        self.display = display
    }

    /// The lines that are new since the last call.
    mutating func lines(for run: UpdateRun) -> [String] {
        var lines: [String] = []
        for (index, record) in run.steps.enumerated() where record.step != .finished {
            let name = Catalogue.step(record.step, display.quantities.language)
            if index >= began {
                began = index + 1
                if record.endedAt == nil { lines.append("\(display.quantities.time(record.startedAt))  \(name)…") }
            }
            if let end = record.endedAt, ended.insert(index).inserted {
                let parts = [
                    display.quantities.duration(end.timeIntervalSince(record.startedAt)),
                    display.detail(of: record, in: run, now: nil),
                ]
                let detail = parts.filter { !$0.isEmpty }.joined(separator: ", ")
                lines.append("\(display.quantities.time(end))  \(name): \(detail)")
            }
        }
        if run.outcome != nil, !concluded {
            concluded = true
            lines += display.conclusion(of: run)
        }
        return lines
    }
}
