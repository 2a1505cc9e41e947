// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Testing

@testable import ricambio

@Suite("What an administrator reads of the customer's own files")
struct FormatterTests {
    private let formatter = Formatter(language: .english, timeZone: .gmt)
    private let until = Date(timeIntervalSince1970: 1_796_000_000)

    private func plan(foreign: Int = 0, retention: Double = 604_800) -> UpdatePlan {
        UpdatePlan(
            from: "1.0", to: "2.0",
            content: ContentSummary(
                way: "pack", bytesFetched: 100, bytesReused: 90, requests: 1,
                choices: [.init(way: "pack", bytes: 100, requests: 1)]),
            installedBytes: 100, obstacles: [], foreign: (0..<foreign).map { "plugins/\($0).so" },
            keptCount: 12, keptBytes: 1_200_000, retention: retention, oldFolder: "/srv/OM_old")
    }

    private func run(_ outcome: UpdateOutcome? = .updated) -> UpdateRun {
        var run = UpdateRun(
            id: "7", installation: "om", product: "om", from: "1.0", to: "2.0", order: UpdateOrder(),
            requestedBy: "admin")
        run.steps = [StepRecord(step: .cleaningUp, startedAt: Date(timeIntervalSince1970: 1_795_342_500))]
        run.outcome = outcome
        run.foreign = ["plugins/mine.so"]
        run.notCarried = [NotCarriedFile(path: "backups/pipe", what: .special)]
        run.oldKept = OldFolder(path: "/srv/OM_old", version: "1.0", until: until)
        run.remarks = [Catalogue.failure(.leftBehind, ["path": "/srv/.ricambio/om/trash"], language: .english)]
        run.dataCommands = [
            CommandOutput(name: "db", action: .save, status: 1, output: "no room", seconds: 2)
        ]
        return run
    }

    private func plain(_ lines: [String]) -> [String] { lines.map { $0.replacing("\u{A0}", with: " ") } }

    @Test("The plan names foreign files, twenty of them, with where they will be and for how long")
    func foreign() throws {
        let lines = plain(formatter.plan(plan(foreign: 25)))
        let title = try #require(
            lines.firstIndex(
                of: "25 files, neither the vendor's nor named in “keep”, will lie in /srv/OM_old for 7 days:"))
        #expect(lines[title + 1] == "  plugins/0.so")
        #expect(lines[title + 20] == "  plugins/19.so")
        #expect(lines[title + 21] == "  … and 5 more")
        #expect(lines.contains("Kept: 12 files, 1.2 MB"))
    }

    @Test("Where the old folder is deleted at once, the plan says that foreign files go with it")
    func deleted() {
        let lines = plain(formatter.plan(plan(foreign: 1, retention: 0)))
        #expect(
            lines.contains(
                "1 file, neither the vendor's nor named in “keep”, will be deleted with the old version's folder "
                    + "(“retention: 0”):"))
        #expect(!lines.contains { $0.contains("_old") })
    }

    @Test("What cannot be carried over is named with what is missing of it", arguments: Language.allCases)
    func notCarried(language: Language) {
        var plan = plan()
        plan.notCarried = NotCarriedFile.What.allCases.map {
            NotCarriedFile(path: "backups/\($0)", what: $0, name: $0 == .attribute ? "user.tag" : nil)
        }
        plan.notCarriedCount = plan.notCarried.count
        let lines = Formatter(language: language, timeZone: .gmt).plan(plan)
        let named = lines.filter { $0.hasPrefix("  backups/") }
        #expect(named.count == NotCarriedFile.What.allCases.count)
        #expect(named.last?.hasSuffix(" user.tag") == true)
        #expect(Set(named.map { $0.drop { $0 != ":" } }).count == named.count)
    }

    @Test("A plan without foreign files, obstacles or kept files says nothing of them")
    func nothing() {
        var plan = plan()
        (plan.keptCount, plan.keptBytes) = (0, 0)
        #expect(formatter.warnings(before: plan, repair: false).isEmpty)
        #expect(formatter.plan(plan).last?.contains("come from what is installed") == true)
    }

    @Test("A file's name cannot move the cursor, begin a line or turn the direction of writing")
    func names() {
        var plan = plan()
        plan.foreign = ["a\nb", "c\u{1B}[2J", "d\u{202E}gpj.exe", "e\u{2028}f", "però/été.txt"]
        plan.foreignCount = 5
        let lines = formatter.plan(plan)
        for name in ["  a�b", "  c�[2J", "  d�gpj.exe", "  e�f", "  però/été.txt"] { #expect(lines.contains(name)) }
    }

    @Test("Before the order the same is said as in the plan; what a repair overrides is not held against it")
    func beforeOrder() {
        var plan = plan(foreign: 1)
        plan.obstacles = [.serviceUnhealthy, .notEnoughFiles].map {
            Catalogue.failure($0, ["path": "/srv", "version": "1.0"], language: .english)
        }
        let said = formatter.warnings(before: plan, repair: false).joined(separator: "\n")
        for part in ["Kept: ", "  plugins/0.so", "--repair", "inodes"] { #expect(said.contains(part), "\(part)") }
        let repairing = formatter.warnings(before: plan, repair: true).joined(separator: "\n")
        #expect(!repairing.contains("--repair") && repairing.contains("inodes"))
    }

    @Test("History says below its table where the files of an update are now, and what is not done yet")
    func history() {
        let lines = plain(formatter.history([run()]))
        let date = Catalogue.moment(until, .english)
        for line in [
            "  Previous version: 1.0 in /srv/OM_old, until \(date)",
            "  1 file, neither the vendor's nor named in “keep”: now in /srv/OM_old, until \(date):",
            "    plugins/mine.so", "  Not carried over, or not whole: 1 file:",
            "    backups/pipe: a device, socket or pipe", "    db, save: exit code 1, 2.00 s", "      no room",
        ] {
            #expect(lines.contains(line), "\(line)\n\(lines.joined(separator: "\n"))")
        }
        #expect(lines.contains { $0.contains("/srv/.ricambio/om/trash could not be cleaned up") })
        // A long history stays readable.
        let long = formatter.history(Array(repeating: run(), count: 50))
        #expect(long.filter { $0.contains("plugins/mine.so") }.count == 10)
    }

    @Test("Status names every problem, what a run that has not ended waits for, and folders that are kept")
    func status() {
        let codes: [FailureCode] = [.folderUnknown, .vendorUnreachable]
        var waiting = run(nil)
        waiting.remarks = [Catalogue.failure(.truthNotWritten, ["path": "/srv/.ricambio/om"], language: .english)]
        let status = InstallationStatus(
            id: "om", product: "om", channel: "stable", folder: "/srv/OM", version: "1.0", available: nil,
            service: .running, sessions: 0, run: waiting,
            problems: codes.map { Catalogue.failure($0, ["path": "/srv/OM"], language: .english) },
            retained: [OldFolder(path: "/srv/OM_old", version: "0.9", until: until)])
        let text = formatter.installations([status]).joined(separator: "\n")
        for part in [
            "neither the installed version nor the new one", "repository", "cannot be written to /srv/.ricambio/om yet",
            "Previous version: 0.9 in /srv/OM_old",
        ] {
            #expect(text.contains(part), "\(part)\n\(text)")
        }
    }

    @Test("What an update waits for at its end is said while it waits, and not a second time")
    func remarksOnce() {
        var plain = PlainProgress(display: formatter.display)
        var run = run(nil)
        let first = plain.lines(for: run)
        #expect(first.contains { $0.contains("/srv/.ricambio/om/trash could not be cleaned up") })
        #expect(plain.lines(for: run).isEmpty)
        run.outcome = .updated
        let last = plain.lines(for: run).joined(separator: "\n")
        #expect(!last.contains("/srv/.ricambio/om/trash") && last.contains("plugins/mine.so"))
        let picture = formatter.display.picture(of: self.run(nil), now: Date(), width: 60)
        #expect(picture.contains { $0.contains("/srv/.ricambio/om/trash") })
        #expect(picture.allSatisfy { $0.count <= 60 })
    }

    @Test("After a run that put nothing in place, foreign files are where they were; remarks are still said")
    func rolledBack() {
        var run = run(.rolledBack)
        run.oldKept = nil
        let text = formatter.display.conclusion(of: run).joined(separator: "\n")
        #expect(!text.contains("plugins/mine.so") && !text.contains("backups/pipe"))
        #expect(text.contains("could not be cleaned up") && text.contains("no room"))
    }
}
