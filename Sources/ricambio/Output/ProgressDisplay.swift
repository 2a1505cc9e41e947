// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation

/// How an update run looks while it happens and when it has ended. Pure: a run comes in, lines come out.
struct ProgressDisplay {
    var language: Language
    var timeZone: TimeZone

    /// The whole picture for a terminal that redraws it: a title, a line per step, and at the end what came of it.
    func picture(of run: UpdateRun, now: Date, width: Int) -> [String] {
        let steps = run.steps.filter { $0.step != .finished }
        let names = steps.map { Catalogue.step($0.step, language) }
        let column = (names.map(\.count).max() ?? 0) + 2
        var lines = ["\(run.product) \(run.from) → \(run.to)"]
        for (record, name) in zip(steps, names) {
            let line =
                "  \(mark(record, in: run)) " + TextTable.pad(name, to: column)
                + TextTable.pad(time(of: record, in: run, now: now), to: 12) + detail(of: record, in: run, now: now)
            lines.append(TextTable.trimmed(line))
        }
        if let at = scheduled(run) { lines.append("  " + at) }
        if run.outcome == nil { lines += run.remarks.flatMap(sentences) }
        return lines.map { fitted($0, to: width) } + conclusion(of: run)
    }

    /// What came of a run that has ended; empty while it is going on.
    func conclusion(of run: UpdateRun) -> [String] {
        guard let outcome = run.outcome else { return [] }
        var lines = [sentence(outcome, run)]
        let people = run.sessions
        if people.warned > 0 {
            let counts: [(SessionState, Int)] = [
                (.warned, people.warned), (.ready, people.ready), (.ended, people.closed),
            ]
            let text = counts.map { "\(Catalogue.session($0, language)) \($1)" }.joined(separator: ", ")
            lines.append("\(Catalogue.text(.sessions, language)): \(text)")
        }
        // Only after an update are they in place: a new version that was taken out again took its files along.
        if outcome == .updated {
            if run.keptCount > 0 {
                lines.append("\(Catalogue.text(.kept, language)): \(Catalogue.counted(run.keptCount, .file, language))")
            }
            lines += run.beside.map { "  + \(Catalogue.visible($0))" }
        }
        return lines + (run.failure.map(sentences) ?? []) + details(of: run)
    }

    /// Where the customer's own files and the version before are now, what data commands said, what is not done yet.
    func details(of run: UpdateRun) -> [String] {
        var lines = run.oldKept.map { [previousVersion($0)] } ?? []
        let files = [Catalogue.foreign(run, language, timeZone: timeZone), Catalogue.notCarried(run, language)]
        lines += files.compactMap { $0 }.flatMap(self.lines)
        if !run.dataCommands.isEmpty {
            lines.append("\(Catalogue.text(.dataCommands, language)):")
            lines += run.dataCommands.flatMap { Catalogue.dataCommand($0, language) }.map { "  " + $0 }
        }
        if !run.remarks.isEmpty {
            lines.append("\(Catalogue.text(.remarks, language)):")
            lines += run.remarks.flatMap(sentences).map { "  " + $0 }
        }
        return lines
    }

    func previousVersion(_ old: OldFolder) -> String {
        "\(Catalogue.text(.previousVersion, language)): \(Catalogue.oldFolder(old, language, timeZone: timeZone))"
    }

    /// A sentence about files, and some of their names below it.
    func lines(_ files: FileList) -> [String] {
        [files.title + ":"] + files.lines(limit: Self.listedFiles, language).map { "  " + $0 }
    }

    /// More names than these push what matters off the screen; `--json` has them.
    private static let listedFiles = 20

    /// What happened, what state the system is in, what to do.
    func sentences(of failure: Failure) -> [String] {
        let parts: [(TextKey, String)] = [
            (.happened, failure.happened), (.systemState, failure.state), (.remedy, failure.remedy),
        ]
        return parts.map { "\(Catalogue.text($0, language)): \($1)" }
    }

    /// When a run that has not begun is to begin.
    func scheduled(_ run: UpdateRun) -> String? {
        guard run.outcome == nil, run.step == .requested, let at = run.order.at else { return nil }
        return Catalogue.text(
            .updateScheduled, ["id": run.id, "date": Catalogue.moment(at, language, timeZone: timeZone)], language)
    }

    private func sentence(_ outcome: UpdateOutcome, _ run: UpdateRun) -> String {
        var arguments = ["product": run.product, "from": run.from, "to": run.to]
        arguments["time"] = run.downtimeSeconds.map { Catalogue.measured(seconds: $0, language) }
        let key: TextKey =
            switch outcome {
            case .updated: .updated
            case .rolledBack: .rolledBack
            case .cancelled: .cancelled
            case .failed: run.standing == nil ? .failed : .stranded
            }
        return Catalogue.text(key, arguments, language)
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
        return duration(from: record.startedAt, to: end)
    }

    fileprivate func duration(from start: Date, to end: Date) -> String {
        Catalogue.measured(seconds: max(0, end.timeIntervalSince(start)), language)
    }

    /// Bytes of steps that move bytes, and the countdown of the warning.
    fileprivate func detail(of record: StepRecord, in run: UpdateRun, now: Date?) -> String {
        if record.step == .warning, record.endedAt == nil, let now, let deadline = run.deadline {
            let left = Int(deadline.timeIntervalSince(now).rounded(.up))
            return Catalogue.text(.timeLeft, ["time": Catalogue.duration(seconds: left, language)], language)
        }
        guard let done = record.bytesDone else { return "" }
        guard record.endedAt == nil, let total = record.bytesTotal, total > 0 else {
            return Catalogue.bytes(done, language)
        }
        let share = min(100, Int((Double(done) / Double(total) * 100).rounded(.down)))
        return "\(Catalogue.bytes(done, language)) / \(Catalogue.bytes(total, language)) (\(share)\u{A0}%)"
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
    private var remarked: Set<Failure> = []
    private var concluded = false

    init(display: ProgressDisplay) {
        self.display = display
    }

    /// The lines that are new since the last call.
    mutating func lines(for run: UpdateRun) -> [String] {
        var lines: [String] = []
        for (index, record) in run.steps.enumerated() where record.step != .finished {
            let name = Catalogue.step(record.step, display.language)
            if index >= began {
                began = index + 1
                if record.endedAt == nil { lines.append("\(clock(record.startedAt))  \(name)…") }
            }
            if let end = record.endedAt, ended.insert(index).inserted {
                let parts = [
                    display.duration(from: record.startedAt, to: end),
                    display.detail(of: record, in: run, now: nil),
                ]
                lines.append("\(clock(end))  \(name): \(parts.filter { !$0.isEmpty }.joined(separator: ", "))")
            }
        }
        if run.outcome == nil {
            // What an update waits for at its end has to be seen while it waits.
            for remark in run.remarks where remarked.insert(remark).inserted {
                lines += display.sentences(of: remark)
            }
        } else if !concluded {
            concluded = true
            var rest = run
            rest.remarks.removeAll(where: remarked.contains)
            lines += display.conclusion(of: rest)
        }
        return lines
    }

    /// `10:15:16`, in the person's time zone.
    private func clock(_ date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = display.timeZone
        let parts = calendar.dateComponents([.hour, .minute, .second], from: date)
        return [parts.hour, parts.minute, parts.second].map { number in
            let number = number ?? 0
            return number < 10 ? "0\(number)" : "\(number)"
        }.joined(separator: ":")
    }
}
