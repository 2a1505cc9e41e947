// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation

/// What the commands answer, as text. Pure: values come in, lines come out.
struct Formatter {
    var language: Language
    var timeZone: TimeZone

    var display: ProgressDisplay { ProgressDisplay(language: language, timeZone: timeZone) }

    func installations(_ installations: [InstallationStatus]) -> [String] {
        let header: [TextKey] = [.installation, .product, .version, .available, .service, .sessions, .run, .folder]
        let rows = installations.map { installation in
            [
                installation.id, installation.product, installation.version ?? "–", installation.available ?? "–",
                Catalogue.service(installation.service, language), "\(installation.sessions)",
                installation.run.map(summary) ?? "–", installation.folder,
            ]
        }
        var lines = table(header, rows)
        for installation in installations {
            let paragraphs = details(of: installation)
            guard !paragraphs.isEmpty else { continue }
            lines += ["", "\(installation.id):"] + Self.separated(paragraphs).map { $0.isEmpty ? $0 : "  " + $0 }
        }
        return lines
    }

    /// What does not fit into a row: every problem, what the run that is going on could not do yet, folders that are kept.
    private func details(of installation: InstallationStatus) -> [[String]] {
        var paragraphs = installation.problems.map(display.sentences)
        paragraphs += installation.run?.remarks.map(display.sentences) ?? []
        if !installation.retained.isEmpty { paragraphs.append(installation.retained.map(display.previousVersion)) }
        return paragraphs
    }

    private static func separated(_ paragraphs: [[String]]) -> [String] { Array(paragraphs.joined(separator: [""])) }

    func releases(_ releases: [ReleaseSummary]) -> [String] {
        guard !releases.isEmpty else { return [Catalogue.text(.noReleases, language)] }
        let rows = releases.map { release in
            var remarks: [TextKey] = []
            if release.isCurrent { remarks.append(.current) }
            if release.isInstalled { remarks.append(.installed) }
            if release.isRecalled { remarks.append(.recalled) }
            return [
                release.version, moment(release.date), release.severity,
                release.fullPackBytes.map { Catalogue.bytes($0, language) } ?? "–",
                remarks.map { Catalogue.text($0, language) }.joined(separator: ", "),
            ]
        }
        var lines = table([.version, .date, .severity, .size, .state], rows)
        for release in releases {
            guard let notes = release.notes[language.rawValue] ?? release.notes["en"] else { continue }
            lines += ["", "\(release.version):"]
            lines += notes.split(separator: "\n").map { "  " + $0 }
        }
        return lines
    }

    func plan(_ plan: UpdatePlan) -> [String] {
        let rows = plan.content.choices.map { choice in
            [
                Catalogue.text(choice.way == plan.content.way ? .chosen : .possible, language),
                Catalogue.text(Self.way(choice.way), language), Catalogue.bytes(choice.bytes, language),
                "\(choice.requests)",
            ]
        }
        var lines = ["\(plan.from) → \(plan.to)", ""] + table([.state, .content, .toFetch, .requests], rows)
        let reused = Catalogue.bytes(plan.content.bytesReused, language)
        lines += ["", Catalogue.text(.reused, ["bytes": reused], language)]
        for paragraph in consequences(of: plan) { lines += [""] + paragraph }
        return lines
    }

    /// What is said before an update is ordered.
    ///
    /// - Parameter repair: the order is not stopped by a running version that is unhealthy.
    func warnings(before plan: UpdatePlan, repair: Bool) -> [String] {
        var plan = plan
        if repair { plan.obstacles.removeAll { $0.code == FailureCode.serviceUnhealthy.rawValue } }
        let paragraphs = consequences(of: plan)
        return paragraphs.isEmpty ? [] : Self.separated(paragraphs) + [""]
    }

    /// What would become of the customer's own files, and what stands in the way.
    private func consequences(of plan: UpdatePlan) -> [[String]] {
        var paragraphs: [[String]] = []
        if plan.keptCount > 0 {
            let count = Catalogue.counted(plan.keptCount, .file, language)
            paragraphs.append(
                ["\(Catalogue.text(.kept, language)): \(count), \(Catalogue.bytes(plan.keptBytes, language))"])
        }
        paragraphs += [Catalogue.foreign(plan, language), Catalogue.notCarried(plan, language)].compactMap { $0 }
            .map(display.lines)
        return paragraphs + plan.obstacles.map(display.sentences)
    }

    private static func way(_ way: String) -> TextKey {
        switch way {
        case "delta": .wayDelta
        case "ranges": .wayRanges
        case "pack": .wayPack
        default: .wayNothing
        }
    }

    func sessions(_ sessions: [Session]) -> [String] {
        guard !sessions.isEmpty else { return [Catalogue.text(.noSessions, language)] }
        let rows = sessions.map { session in
            [
                session.person, session.workstation, session.clientVersion ?? "–",
                Catalogue.session(session.state, language), moment(session.openedAt),
            ]
        }
        return table([.person, .workstation, .client, .state, .since], rows)
    }

    func history(_ runs: [UpdateRun]) -> [String] {
        guard !runs.isEmpty else { return [Catalogue.text(.noRuns, language)] }
        let rows = runs.map { run in
            [
                run.steps.first.map { moment($0.startedAt) } ?? "–", run.from, run.to, summary(run),
                run.downtimeSeconds.map { Catalogue.measured(seconds: $0, language) } ?? "–",
                run.failure?.happened ?? "",
            ]
        }
        var lines = table([.date, .from, .to, .outcome, .downtime, .happened], rows)
        let detailed = runs.map { (run: $0, lines: display.details(of: $0)) }.filter { !$0.lines.isEmpty }
        for (run, details) in detailed.prefix(Self.detailedRuns) {
            let date = run.steps.first.map { moment($0.startedAt) } ?? run.id
            lines += ["", "\(date), \(run.from) → \(run.to):"] + details.map { "  " + $0 }
        }
        return lines
    }

    /// What older runs left behind is long gone; `--json` has it.
    private static let detailedRuns = 10

    /// One run in a few words: its outcome, or what it is doing.
    private func summary(_ run: UpdateRun) -> String {
        if let outcome = run.outcome { return Catalogue.outcome(outcome, language) }
        if run.step == .requested, let at = run.order.at { return moment(at) }
        return Catalogue.step(run.step, language)
    }

    private func moment(_ date: Date) -> String {
        Catalogue.moment(date, language, timeZone: timeZone)
    }

    private func table(_ header: [TextKey], _ rows: [[String]]) -> [String] {
        TextTable.lines(header: header.map { Catalogue.text($0, language).uppercased() }, rows: rows)
    }
}

extension Catalogue {
    /// A text without arguments.
    static func text(_ key: TextKey, _ language: Language) -> String { text(key, [:], language) }
}
