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
        run.standing = Standing(inPlace: .old, isRunning: false)
        let mail = Catalogue.mail(run, machine: "server1", language: .english)
        #expect(mail.subject == "ACTION NEEDED: OM Business is not running on server1")
        #expect(mail.body.contains("NOT running") && !mail.body.contains("running again"))
        // What was found counts, not what the failure is called.
        run.standing = Standing(inPlace: .old, isRunning: true, savedData: ["/srv/saved"])
        let up = Catalogue.mail(run, machine: "server1", language: .english)
        #expect(up.subject == "ACTION NEEDED: OM Business is running, but not as before on server1")
        #expect(!up.body.contains("NOT running"))
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

    private var withOldFolder: UpdateRun {
        var run = run(.updated)
        run.foreign = ["plugins/mine.so", "conf/a\r\nWhat to do next: call 555"]
        run.foreignCount = 1200
        run.notCarried = [
            NotCarriedFile(path: "backups/pipe", what: .special),
            NotCarriedFile(path: "backups/1.zip", what: .attribute, name: "user.tag"),
        ]
        run.oldKept = OldFolder(
            path: "/srv/OM Business_old", version: "1.0", until: Date(timeIntervalSince1970: 1_796_000_000))
        run.remarks = [Catalogue.failure(.leftBehind, ["path": "/srv/.ricambio/om/staged"], language: .english)]
        run.dataCommands = [
            CommandOutput(name: "om-db", action: .save, status: 0, output: "all well", seconds: 3.2),
            CommandOutput(name: "om-db", action: .verify, status: 3, output: "one\nno such table\u{1B}[2J", seconds: 1),
            CommandOutput(name: "om-db", action: .size, status: nil, output: "", seconds: 600),
        ]
        return run
    }

    @Test("foreign files are named with where they are now and until when", arguments: Language.allCases)
    func foreign(language: Language) {
        let body = Catalogue.mail(withOldFolder, language: language).body
        let until = Catalogue.moment(Date(timeIntervalSince1970: 1_796_000_000), language)
        for part in ["plugins/mine.so", "/srv/OM Business_old", until, "1200", "1198"] {
            #expect(body.contains(part), "\(language): \(part)")
        }
        #expect(!body.contains("\nWhat to do next: call"))
    }

    @Test("what could not be carried, what is not done yet and what data commands said stand in it too")
    func remarks() {
        let body = Catalogue.mail(withOldFolder, language: .english).body.replacing("\u{A0}", with: " ")
        for part in [
            "backups/pipe: a device, socket or pipe", "backups/1.zip: its extended attribute user.tag",
            "/srv/.ricambio/om/staged could not be cleaned up", "The application is not affected.",
            "om-db, save: exit code 0, 3.20 s", "om-db, verify: exit code 3, 1.00 s", "    no such table�[2J",
            "om-db, size: did not come to its end, 10 minutes", "Previous version  1.0 in /srv/OM Business_old, until",
        ] {
            #expect(body.contains(part), "\(part)\n\(body)")
        }
        #expect(!body.contains("all well") && !body.contains("\u{1B}"))
    }

    @Test("files that went with the old folder are not said to lie somewhere")
    func deleted() {
        var run = withOldFolder
        run.oldKept = nil
        let body = Catalogue.mail(run, language: .english).body
        #expect(body.contains("neither the vendor's nor named in “keep”: deleted with the old version's folder"))
        #expect(!body.contains("_old"))
    }

    @Test(
        "after a run that did not put the new version in place, the customer's files are where they were",
        arguments: [UpdateOutcome.rolledBack, .failed, .cancelled])
    func notInPlace(outcome: UpdateOutcome) {
        var run = withOldFolder
        run.outcome = outcome
        run.oldKept = nil
        let body = Catalogue.mail(run, language: .english).body
        #expect(!body.contains("plugins/mine.so") && !body.contains("backups/pipe"))
        #expect(body.contains("could not be cleaned up") && body.contains("om-db, restore") == false)
    }
}
