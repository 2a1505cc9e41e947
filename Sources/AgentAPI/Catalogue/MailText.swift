// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// What the administrator reads when an update has ended: plain text, without line breaks in the subject.
public struct MailText: Sendable, Hashable {
    public var subject: String
    public var body: String

    public init(subject: String, body: String) {
        self.subject = subject
        self.body = body
    }
}

extension Catalogue {
    /// The mail about a run that has ended.
    ///
    /// - Parameters:
    ///   - productName: the name that people know; the product's identifier when `nil`.
    ///   - machine: the name of the machine that the agent runs on.
    ///   - timeZone: the one that times are written in.
    public static func mail(
        _ run: UpdateRun, productName: String? = nil, machine: String? = nil, timeZone: TimeZone = .gmt,
        language: Language
    ) -> MailText {
        let writer = MailWriter(
            run: run, product: productName ?? run.product, machine: machine, timeZone: timeZone, language: language)
        return MailText(subject: writer.subject, body: writer.body)
    }
}

/// Lays one mail out; the sentences are in `MailSentences.swift`.
private struct MailWriter {
    let run: UpdateRun
    let product: String
    let machine: String?
    let timeZone: TimeZone
    let language: Language

    /// A mail that lists thousands of kept files helps nobody.
    private static let listedFiles = 40

    // A run without an outcome never gets a mail; were one asked for, it did not succeed.
    private var outcome: UpdateOutcome { run.outcome ?? .failed }

    private var arguments: [String: String] {
        var arguments = [
            "product": product, "from": run.from, "to": run.to.isEmpty ? "–" : run.to, "installation": run.installation,
        ]
        arguments["machine"] = machine
        return arguments
    }

    private func say(_ text: LocalizedText, _ more: [String: String] = [:]) -> String {
        text.filled(arguments.merging(more) { $1 }, language: language)
    }

    /// Whether the service is known not to run: the one case in which a person must act at once.
    private var isDown: Bool { run.standing.map { !$0.isRunning } ?? false }
    /// It runs, but somebody has to look at it.
    private var isStranded: Bool { run.standing != nil }

    var subject: String {
        if isDown { return say(.mailSubjectDown) }
        if isStranded { return say(.mailSubjectStranded) }
        return switch outcome {
        case .updated: say(.mailSubjectUpdated)
        case .rolledBack: say(.mailSubjectRolledBack)
        case .cancelled: say(.mailSubjectCancelled)
        case .failed: say(.mailSubjectFailed)
        }
    }

    var body: String {
        [
            opening, failure, remarks, facts, steps, foreign, notCarried, kept, beside, dataCommands, next,
            say(.mailSignature),
        ]
        .filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    }

    private var opening: String {
        if isDown { return say(.mailOpeningDown) }
        if isStranded { return say(.mailOpeningStranded) }
        return switch outcome {
        case .updated: say(.mailOpeningUpdated)
        case .rolledBack: say(.mailOpeningRolledBack)
        case .cancelled: say(.mailOpeningCancelled)
        case .failed: say(.mailOpeningFailed)
        }
    }

    private var failure: String {
        guard let failure = run.failure else { return "" }
        return sentences(of: failure).map { heading($0) + "\n  " + $1 }.joined(separator: "\n\n")
    }

    private func sentences(of failure: Failure) -> [(String, String)] {
        [(TextKey.happened, failure.happened), (.systemState, failure.state), (.remedy, failure.remedy)].map {
            ($0.text[language], $1)
        }
    }

    /// What came after the end of the run is not why it failed: all of it under one heading.
    private var remarks: String {
        guard !run.remarks.isEmpty else { return "" }
        let remarks = run.remarks.map { remark in
            sentences(of: remark).map { "  \($0): \($1)" }.joined(separator: "\n")
        }
        return heading(say(.remarks)) + "\n" + remarks.joined(separator: "\n\n")
    }

    private var facts: String {
        var rows = [(TextKey.installation.text[language], run.installation)]
        if let machine { rows.append((say(.mailMachine), machine)) }
        rows.append((say(.mailVersions), "\(run.from) → \(run.to)"))
        rows.append((TextKey.orderedBy.text[language], run.requestedBy))
        if let started = run.steps.first?.startedAt { rows.append((say(.mailStarted), moment(started))) }
        if let ended = run.steps.last.map({ $0.endedAt ?? $0.startedAt }) {
            rows.append((say(.mailEnded), moment(ended)))
        }
        if let downtime = run.downtimeSeconds {
            rows.append((TextKey.downtime.text[language], self.downtime(downtime)))
        }
        if run.sessions.warned > 0 || run.sessions.closed > 0 {
            rows.append((TextKey.sessions.text[language], sessions))
        }
        if let old = run.oldKept {
            rows.append((say(.previousVersion), Catalogue.oldFolder(old, language, timeZone: timeZone)))
        }
        return table(rows)
    }

    private func moment(_ date: Date) -> String { Catalogue.moment(date, language, timeZone: timeZone) }

    private func downtime(_ seconds: Double) -> String {
        var more = ["time": Catalogue.measured(seconds: seconds, language)]
        more["stop"] = run.applicationStopSeconds.map { Catalogue.measured(seconds: $0, language) }
        more["start"] = run.applicationStartSeconds.map { Catalogue.measured(seconds: $0, language) }
        return say(.mailDowntime, more)
    }

    private var sessions: String {
        say(
            .mailSessions,
            [
                "warned": String(run.sessions.warned), "ready": String(run.sessions.ready),
                "closed": String(run.sessions.closed),
            ])
    }

    private var steps: String {
        // This mail is written during `notifying`.
        let done = run.steps.filter { ![.requested, .notifying, .offeringClients, .finished].contains($0.step) }
        guard !done.isEmpty else { return "" }
        let rows = done.map { record in
            var value =
                record.endedAt.map {
                    Catalogue.measured(seconds: max(0, $0.timeIntervalSince(record.startedAt)), language)
                } ?? "…"
            if let bytes = record.bytesDone, bytes > 0 { value += "  (\(Catalogue.bytes(bytes, language)))" }
            return (record.step.text[language], value)
        }
        return heading(say(.mailSteps)) + "\n" + table(rows)
    }

    private var foreign: String { list(Catalogue.foreign(run, language, timeZone: timeZone)) }

    private var notCarried: String { list(Catalogue.notCarried(run, language)) }

    private var kept: String {
        guard run.keptCount > 0, outcome == .updated else { return "" }
        return list(say(.mailKept), run.kept, count: run.keptCount)
    }

    private var beside: String {
        guard !run.beside.isEmpty, outcome == .updated else { return "" }
        let names = run.beside.map { $0.hasSuffix(".new") ? $0 : $0 + ".new" }
        return list(say(.mailBeside), names, count: names.count)
    }

    private var dataCommands: String {
        guard !run.dataCommands.isEmpty else { return "" }
        let lines = run.dataCommands.flatMap { Catalogue.dataCommand($0, language) }
        return ([heading(say(.dataCommands))] + lines.map { "  " + $0 }).joined(separator: "\n")
    }

    private var next: String {
        var advice: [String]
        if isDown {
            advice = [say(.mailNextDown)]
        } else {
            switch outcome {
            case .updated:
                advice = [say(.mailNextUpdated)]
                if !run.beside.isEmpty { advice.append(say(.mailNextBeside)) }
            case .rolledBack: advice = [say(.mailNextRolledBack)]
            case .cancelled: advice = [say(.mailNextCancelled)]
            case .failed: advice = [say(.mailNextFailed)]
            }
        }
        advice.append(say(.mailNextHistory))
        return heading(say(.mailNext)) + "\n" + advice.map { "  - \($0)" }.joined(separator: "\n")
    }

    private func heading(_ text: String) -> String { text + "\n" + String(repeating: "-", count: text.count) }

    private func list(_ title: String, _ paths: [String], count: Int) -> String {
        list(FileList("\(title) (\(Catalogue.counted(count, .file, language)))", paths, count: count))
    }

    private func list(_ files: FileList?) -> String {
        guard let files else { return "" }
        let lines = files.lines(limit: Self.listedFiles, language)
        return ([heading(files.title)] + lines.map { "  " + $0 }).joined(separator: "\n")
    }

    private func table(_ rows: [(String, String)]) -> String {
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { "  " + $0 + String(repeating: " ", count: width - $0.count + 2) + $1 }.joined(separator: "\n")
    }
}
