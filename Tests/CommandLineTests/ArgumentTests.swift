// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Testing

@testable import ricambio

@Suite("What people write on the command line")
struct ArgumentTests {
    /// 2026-11-22 10:15:16 UTC.
    private let now = Date(timeIntervalSince1970: 1_795_342_516)

    private func seconds(_ text: String, zone: Int = 0) throws -> Double? {
        let zone = try #require(TimeZone(secondsFromGMT: zone))
        return TimeArgument.date(text, now: now, timeZone: zone).map { $0.timeIntervalSince(now) }
    }

    @Test("A clock time means its next occurrence, in the person's zone")
    func clockTimes() throws {
        #expect(try seconds("22:00") == 11 * 3600 + 44 * 60 + 44)
        #expect(try seconds("9:00") == 22 * 3600 + 44 * 60 + 44)
        #expect(try seconds("22:00", zone: 3600) == 10 * 3600 + 44 * 60 + 44)
    }

    @Test("A day with a time, and ISO 8601 with its zone")
    func days() throws {
        #expect(try seconds("2026-11-23 10:15") == 24 * 3600 - 16)
        #expect(try seconds("2026-11-23T10:15") == 24 * 3600 - 16)
        #expect(try seconds("2026-11-22T10:15:16Z", zone: 3600) == 0)
        #expect(try seconds("2026-11-22T12:15:16+02:00") == 0)
    }

    @Test(
        "What is not a time is refused",
        arguments: ["", "soon", "25:00", "10:60", "10:5", "2026-02-30 10:00", "2026-11 10:00", "10", "1:00:00:00"])
    func refused(text: String) throws {
        #expect(try seconds(text) == nil)
    }

    @Test("The language is the option's, else the locale's by the usual precedence, else English")
    func language() {
        #expect(Language.chosen(.german, environment: ["LANG": "it_IT.UTF-8"]) == .german)
        #expect(Language.chosen(nil, environment: ["LANG": "it_IT.UTF-8"]) == .italian)
        #expect(Language.chosen(nil, environment: ["LC_ALL": "fr_CH", "LANG": "it_IT"]) == .french)
        #expect(Language.chosen(nil, environment: ["LC_ALL": "", "LANG": "ja_JP"]) == .english)
        #expect(Language.chosen(nil, environment: [:]) == .english)
    }

    @Test("Each outcome has its exit code, and no two mean the same")
    func exitCodes() {
        #expect(CommandExit(.updated) == .done)
        #expect(CommandExit(.failed) == .failed)
        #expect(CommandExit(.rolledBack) == .rolledBack)
        #expect(CommandExit(.cancelled) == .cancelled)
        #expect(CommandExit(nil) == .done)
        var run = UpdateRun(
            id: "1", installation: "om", product: "om", from: "1", to: "2", order: UpdateOrder(), requestedBy: "anna")
        run.outcome = .failed
        #expect(CommandExit(run) == .failed)
        run.standing = Standing(inPlace: .old, isRunning: true)
        #expect(CommandExit(run) == .stranded)
        #expect(CommandExit.allCases.map(\.rawValue) == Array(0...8))
    }
}
