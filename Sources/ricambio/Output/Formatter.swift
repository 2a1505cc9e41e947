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
            guard let problem = installation.problem else { continue }
            lines += ["", "\(installation.id):"] + display.sentences(of: problem).map { "  " + $0 }
        }
        return lines
    }

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
        for obstacle in plan.obstacles { lines += [""] + display.sentences(of: obstacle) }
        return lines
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
        return table([.date, .from, .to, .outcome, .downtime, .happened], rows)
    }

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
