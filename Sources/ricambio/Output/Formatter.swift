// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation

/// What the commands answer, as text. Pure: values come in, lines come out.
struct Formatter {
    var quantities: Quantities

    private var language: Language { quantities.language }
    private var display: ProgressDisplay { ProgressDisplay(quantities: quantities) }

    func installations(_ installations: [InstallationStatus]) -> [String] {
        guard !installations.isEmpty else { return [Text.noInstallations(language)] }
        let header = [Text.installation, .product, .version, .available, .service, .sessions, .run, .folder]
        let rows = installations.map { installation in
            [
                installation.id, installation.product, installation.version ?? Text.none(language),
                installation.available ?? "–", word(installation.service), "\(installation.sessions)",
                installation.run.map(summary) ?? "–", installation.folder,
            ]
        }
        var lines = TextTable.lines(header: header.map { $0(language) }, rows: rows)
        for installation in installations {
            guard let problem = installation.problem else { continue }
            lines += ["", "\(installation.id):"] + display.sentences(of: problem).map { "  " + $0 }
        }
        return lines
    }

    func releases(_ releases: [ReleaseSummary]) -> [String] {
        guard !releases.isEmpty else { return [Text.noReleases(language)] }
        let header = [Text.version, .date, .severity, .size, .remark]
        let rows = releases.map { release in
            var remarks: [String] = []
            if release.isCurrent { remarks.append(Text.current(language)) }
            if release.isInstalled { remarks.append(Text.installed(language)) }
            if release.isRecalled { remarks.append(Text.recalled(language)) }
            return [
                release.version, quantities.time(release.date), release.severity,
                release.fullPackBytes.map(quantities.bytes) ?? "–", remarks.joined(separator: ", "),
            ]
        }
        var lines = TextTable.lines(header: header.map { $0(language) }, rows: rows)
        for release in releases {
            guard let notes = release.notes[language.rawValue] ?? release.notes["en"] else { continue }
            lines += ["", "\(release.version):"]
            lines += notes.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
        }
        return lines
    }

    func sessions(_ sessions: [Session]) -> [String] {
        guard !sessions.isEmpty else { return [Text.noSessions(language)] }
        let header = [Text.person, .workstation, .client, .state, .since]
        let rows = sessions.map { session in
            [
                session.person, session.workstation, session.clientVersion ?? "–", word(session.state),
                quantities.time(session.openedAt),
            ]
        }
        return TextTable.lines(header: header.map { $0(language) }, rows: rows)
    }

    func history(_ runs: [UpdateRun]) -> [String] {
        guard !runs.isEmpty else { return [Text.noRuns(language)] }
        let header = [Text.date, .run, .outcome, .downtime, .remark]
        let rows = runs.map { run in
            [
                run.steps.first.map { quantities.time($0.startedAt) } ?? "–", "\(run.from) → \(run.to)",
                summary(run), run.downtimeSeconds.map(quantities.duration) ?? "–", run.failure?.happened ?? "",
            ]
        }
        return TextTable.lines(header: header.map { $0(language) }, rows: rows)
    }

    /// One run in a word: its outcome, or what it is doing.
    func summary(_ run: UpdateRun) -> String {
        if let outcome = run.outcome { return display.word(outcome) }
        if run.step == .requested, let at = run.order.at {
            return Text.scheduled(language, quantities.time(at))
        }
        return Catalogue.step(run.step, language)
    }

    private func word(_ state: ServiceState) -> String {
        switch state {
        case .starting: Text.starting(language)
        case .running: Text.running(language)
        case .stopping: Text.stopping(language)
        case .stopped: Text.stopped(language)
        case .waitingToRestart: Text.waitingToRestart(language)
        }
    }

    private func word(_ state: SessionState) -> String {
        switch state {
        case .open: Text.open(language)
        case .warned: Text.warned(language)
        case .ready: Text.ready(language)
        case .closing: Text.closing(language)
        case .ended: Text.ended(language)
        }
    }
}
