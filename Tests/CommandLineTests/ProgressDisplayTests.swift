// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Testing

@testable import ricambio

@Suite("The progress of an update, as a person sees it")
struct ProgressDisplayTests {
    private let display = ProgressDisplay(language: .english, timeZone: .gmt)
    private let start = Date(timeIntervalSince1970: 1_764_000_000)

    private func run() -> UpdateRun {
        UpdateRun(
            id: "7", installation: "om", product: "om-business", from: "1.0", to: "2.0", order: UpdateOrder(),
            requestedBy: "admin")
    }

    private func record(
        _ step: UpdateStep, _ begin: Double, _ end: Double? = nil, done: Int64? = nil, total: Int64? = nil
    ) -> StepRecord {
        StepRecord(
            step: step, startedAt: start + begin, endedAt: end.map { start + $0 }, bytesDone: done, bytesTotal: total)
    }

    private func plainSpaces(_ lines: [String]) -> [String] {
        lines.map { $0.replacing("\u{A0}", with: " ") }
    }

    @Test("A step that moves bytes shows how many, of how many, and for how long")
    func bytes() {
        var run = run()
        run.steps = [record(.requested, 0, 0.1), record(.downloading, 0.1, done: 5_000_000, total: 20_000_000)]
        let lines = plainSpaces(display.picture(of: run, now: start + 2.1, width: 100))
        #expect(
            lines == [
                "om-business 1.0 → 2.0",
                "  ✓ Ordered      0.10 s",
                "  ● Downloading  2.00 s      5.0 MB / 20.0 MB (25 %)",
            ])
    }

    @Test("The warning counts down to its deadline, and no further")
    func countdown() {
        var run = run()
        run.steps = [record(.warning, 0)]
        run.deadline = start + 10
        let line = { plainSpaces(display.picture(of: run, now: start + $0, width: 100))[1] }
        #expect(line(2.5).hasSuffix("8 seconds left"))
        #expect(line(9.5).hasSuffix("1 second left"))
        #expect(line(60).hasSuffix("0 seconds left"))
    }

    @Test("No line is wider than the terminal, so that redrawing goes up by the right number of lines")
    func width() {
        var run = run()
        run.steps = [record(.downloading, 0, done: 5_000_000, total: 20_000_000)]
        for width in [10, 20, 30] {
            #expect(display.picture(of: run, now: start + 1, width: width).allSatisfy { $0.count <= width })
        }
    }

    @Test("What failed is marked and explained: what happened, the state of the system, what to do")
    func failure() {
        var run = run()
        run.steps = [record(.requested, 0, 0), record(.downloading, 0, 1), record(.finished, 1, 1)]
        run.outcome = .failed
        run.failure = Failure(code: "vendor-unreachable", happened: "Gone.", state: "1.0 runs.", remedy: "Wait.")
        let lines = plainSpaces(display.picture(of: run, now: start + 5, width: 100))
        #expect(lines[2] == "  ✗ Downloading  1.00 s")
        #expect(
            lines.suffix(3) == ["What happened: Gone.", "State of the system: 1.0 runs.", "What to do: Wait."])
    }

    @Test("Plain lines say each thing once, however often the run comes in")
    func plain() {
        var plain = PlainProgress(display: display)
        var run = run()
        run.steps = [record(.downloading, 0, done: 10, total: 30)]
        #expect(plain.lines(for: run) == ["16:00:00  Downloading…"])
        run.steps[0].bytesDone = 20
        #expect(plain.lines(for: run) == [])
        run.steps = [record(.downloading, 0, 1, done: 30, total: 30), record(.staging, 1)]
        #expect(
            plainSpaces(plain.lines(for: run)) == [
                "16:00:01  Downloading: 1.00 s, 30 B", "16:00:01  Preparing…",
            ])
        #expect(plain.lines(for: run) == [])
        run.steps[1].endedAt = start + 2
        run.outcome = .updated
        let last = plain.lines(for: run)
        #expect(last.count == 2)
        #expect(last.last == "om-business was updated from 1.0 to 2.0.")
        #expect(plain.lines(for: run) == [])
    }

    @Test("A step that is over before anybody looked is not missed")
    func missed() {
        var plain = PlainProgress(display: display)
        var run = run()
        run.steps = [record(.requested, 0, 0), record(.downloading, 0, 1), record(.staging, 1)]
        #expect(
            plainSpaces(plain.lines(for: run)) == [
                "16:00:00  Ordered: 0.00 s", "16:00:01  Downloading: 1.00 s", "16:00:01  Preparing…",
            ])
    }

    @Test(
        "Files that a version taken out again brought along are not listed: they are not in place",
        arguments: [UpdateOutcome.rolledBack, .failed, .cancelled])
    func besideAfterRollBack(outcome: UpdateOutcome) {
        var run = run()
        run.outcome = outcome
        run.kept = ["preferences/settings.yaml"]
        run.beside = ["preferences/settings.yaml.new"]
        let text = display.conclusion(of: run).joined(separator: "\n")
        #expect(!text.contains(".new"))
        #expect(!text.contains("Kept"))
    }

    @Test("The end counts people and kept files, in the person's language")
    func conclusion() {
        var run = run()
        run.outcome = .updated
        run.sessions = SessionCounts(warned: 3, ready: 2, closed: 1)
        run.kept = ["preferences/settings.yaml", "backups/1.zip"]
        run.beside = ["preferences/settings.yaml.new"]
        run.downtimeSeconds = 1.25
        let italian = ProgressDisplay(language: .italian, timeZone: .gmt)
        #expect(
            plainSpaces(italian.conclusion(of: run)) == [
                "om-business è stato aggiornato da 1.0 a 2.0; interruzione: 1,25 s.",
                "Sessioni: avvisata 3, pronta 2, terminata 1", "Mantenuti: 2 file",
                "  + preferences/settings.yaml.new",
            ])
    }
}
