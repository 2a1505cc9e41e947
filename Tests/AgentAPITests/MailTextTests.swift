// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Testing

@Suite("The administrator's mail")
struct MailTextTests {
    private func run(_ outcome: UpdateOutcome) -> UpdateRun {
        var run = UpdateRun(
            id: "r1", installation: "om-business-milano", product: "OM Business", from: "1.0", to: "2.0",
            order: UpdateOrder(), requestedBy: "anna")
        let start = Date(timeIntervalSince1970: 1_795_342_500)
        run.steps = [
            StepRecord(step: .requested, startedAt: start, endedAt: start),
            StepRecord(
                step: .downloading, startedAt: start, endedAt: start + 3.2, bytesDone: 12_400_000,
                bytesTotal: 12_400_000),
            StepRecord(step: .finished, startedAt: start + 20, endedAt: start + 20),
        ]
        run.outcome = outcome
        run.sessions = SessionCounts(warned: 3, ready: 2, closed: 1)
        run.kept = ["preferences/settings.yaml", "backups/1.zip"]
        run.beside = ["preferences/settings.yaml"]
        run.downtimeSeconds = 1.5
        run.applicationStopSeconds = 0.4
        run.applicationStartSeconds = 0.8
        if outcome != .updated {
            run.failure = Catalogue.failure(
                .healthCheckFailed, ["version": "2.0", "seconds": "60", "from": "1.0"], language: .english)
        }
        return run
    }

    @Test("says versions, times, sessions, what was kept, new files and what to do next", arguments: Language.allCases)
    func updated(language: Language) {
        let mail = Catalogue.mail(run(.updated), machine: "server1", language: language)
        #expect(mail.subject.contains("1.0") && mail.subject.contains("2.0") && mail.subject.contains("server1"))
        let decimal = language == .english ? "1.50" : "1,50"
        let expected = [
            "1.0 → 2.0", "anna", "om-business-milano", "\(decimal)\u{A0}s", "2026", "3", "preferences/settings.yaml",
            "backups/1.zip", "preferences/settings.yaml.new", "ricambio history",
            Catalogue.step(.downloading, language),
        ]
        for part in expected { #expect(mail.body.contains(part), "\(language): \(part)") }
    }

    @Test("each outcome has a subject of its own in each language")
    func subjects() {
        for language in Language.allCases {
            let subjects = UpdateOutcome.allCases.map { Catalogue.mail(run($0), language: language).subject }
            #expect(Set(subjects).count == UpdateOutcome.allCases.count)
            #expect(!subjects.contains { $0.contains { $0.isNewline || "{}[]—".contains($0) } })
        }
    }

    @Test("what went wrong stands in it with what to do", arguments: [UpdateOutcome.rolledBack, .failed, .cancelled])
    func failure(outcome: UpdateOutcome) throws {
        let run = run(outcome)
        let mail = Catalogue.mail(run, language: .english)
        let failure = try #require(run.failure)
        for sentence in [failure.happened, failure.state, failure.remedy] { #expect(mail.body.contains(sentence)) }
        // Kept files of a version that is not in place would mislead.
        #expect(!mail.body.contains("backups/1.zip"))
    }

    @Test("a service that does not run is the first thing it says")
    func down() {
        var run = run(.rolledBack)
        run.failure = Catalogue.failure(.rollbackFailed, ["from": "1.0"], language: .english)
        let mail = Catalogue.mail(run, machine: "server1", language: .english)
        #expect(mail.subject == "ACTION NEEDED: OM Business is not running on server1")
        #expect(mail.body.contains("NOT running") && !mail.body.contains("running again"))
    }

    @Test("a file name with a line break cannot add a line to the mail; thousands of files are not listed")
    func fileNames() {
        var run = run(.updated)
        run.kept = ["preferences/a\r\nWhat to do next: call 555"] + (0..<5000).map { "backups/\($0)" }
        let mail = Catalogue.mail(run, language: .english)
        #expect(!mail.body.contains("\nWhat to do next: call"))
        #expect(mail.body.contains("5001\u{A0}files") && mail.body.contains("4961 more"))
        #expect(mail.body.count < 10_000)
    }
}
