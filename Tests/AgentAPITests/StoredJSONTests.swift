// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Testing

@Suite("What earlier agents wrote, and what clients of other versions read")
struct StoredJSONTests {
    private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try APIJSON.decode(type, from: Data(text.utf8))
    }

    /// A row of the history as it was written before foreign files were named.
    private static let oldRun = """
        {"beside":[],"from":"1.0","id":"r1","installation":"om","kept":["preferences/a","backups/b"],
        "order":{"email":[],"graceSeconds":60},"outcome":"updated","product":"om","requestedBy":"anna",
        "sessions":{"closed":0,"ready":0,"warned":0},
        "steps":[{"startedAt":"2026-11-22T10:15:03.000Z","step":"requested"}],"to":"2.0"}
        """

    @Test("a run of the history that lacks what came later is read, and nothing is invented")
    func oldRun() throws {
        let run = try decode(UpdateRun.self, Self.oldRun)
        #expect(run.keptCount == 2 && run.kept.count == 2)
        #expect(run.foreign.isEmpty && run.foreignCount == 0)
        #expect(run.notCarried.isEmpty && run.notCarriedCount == 0)
        #expect(run.remarks.isEmpty && run.dataCommands.isEmpty && run.oldKept == nil)
        #expect(!run.order.repair)
        #expect(run.outcome == .updated && run.steps.count == 1)
    }

    @Test("an order without a word about repair is none")
    func oldOrder() throws {
        #expect(try decode(UpdateOrder.self, "{}") == UpdateOrder())
        #expect(try decode(UpdateOrder.self, "{\"repair\":true}").repair)
    }

    @Test("the plan of an earlier agent says nothing of the customer's files")
    func oldPlan() throws {
        let plan = try decode(
            UpdatePlan.self,
            """
            {"content":{"bytesFetched":1,"bytesReused":2,"choices":[],"requests":1,"way":"pack"},"from":"1.0",
            "installedBytes":3,"obstacles":[],"to":"2.0"}
            """)
        #expect(plan.foreign.isEmpty && plan.foreignCount == 0 && plan.keptCount == 0 && plan.retention == 0)
    }

    @Test("a status with one problem and a status with several are both read; the first is written for older clients")
    func problems() throws {
        let first = Catalogue.failure(.folderUnknown, ["path": "/srv/OM"], language: .english)
        let second = Catalogue.failure(.leftBehind, ["path": "/srv/OM_old"], language: .english)
        let failure = "{\"code\":\"c\",\"happened\":\"h\",\"remedy\":\"r\",\"state\":\"s\"}"
        let old = """
            {"channel":"stable","folder":"/srv/OM","id":"om","problem":\(failure),"product":"om","service":"running",
            "sessions":0}
            """
        #expect(try decode(InstallationStatus.self, old).problems.map(\.code) == ["c"])
        let status = InstallationStatus(
            id: "om", product: "om", channel: "stable", folder: "/srv/OM", version: nil, available: nil,
            service: .stopped, sessions: 0, problem: first, problems: [second])
        let written = try APIJSON.encode(status)
        let object = try #require(try JSONSerialization.jsonObject(with: written) as? [String: Any])
        #expect((object["problem"] as? [String: String])?["code"] == "folder-unknown")
        #expect((object["problems"] as? [Any])?.count == 2)
        #expect(try APIJSON.decode(InstallationStatus.self, from: written) == status)
    }

    @Test("what is written is read back whole")
    func roundTrip() throws {
        var run = UpdateRun(
            id: "r", installation: "om", product: "om", from: "1", to: "2", order: UpdateOrder(repair: true),
            requestedBy: "anna")
        run.foreign = ["a"]
        run.foreignCount = 4000
        run.notCarried = [NotCarriedFile(path: "b", what: .immutableMark)]
        run.keptCount = 9
        run.remarks = [Catalogue.failure(.leftBehind, language: .english)]
        run.standing = Standing(inPlace: .unknown, isRunning: false)
        run.oldKept = OldFolder(
            id: "a1", path: "/srv/OM_old", version: "1", until: Date(timeIntervalSince1970: 1_796_000_000))
        run.dataCommands = [CommandOutput(name: "db", action: .restore, status: nil, output: "x", seconds: 2)]
        #expect(try APIJSON.decode(UpdateRun.self, from: APIJSON.encode(run)) == run)
        let text = String(decoding: try APIJSON.encode(run), as: UTF8.self)
        #expect(text.contains("\"what\":\"immutable-mark\"") && text.contains("\"action\":\"restore\""))
    }

    @Test("a count is never below what is named, and a plan names no more than its limit")
    func counts() throws {
        var run = try decode(UpdateRun.self, Self.oldRun)
        run.foreign = ["a", "b", "c"]
        #expect(run.foreignCount == 3)
        run.foreignCount = 5000
        run.foreign = ["a"]
        #expect(run.foreignCount == 5000)
        let content = ContentSummary(way: "pack", bytesFetched: 0, bytesReused: 0, requests: 0, choices: [])
        let plan = UpdatePlan(
            from: "1", to: "2", content: content, installedBytes: 0, obstacles: [],
            foreign: (0..<3000).map { "plugins/\($0)" },
            notCarried: (0..<1500).map { NotCarriedFile(path: "\($0)", what: .special) })
        #expect(plan.foreign.count == 1000 && plan.foreignCount == 3000)
        #expect(plan.notCarried.count == 1000 && plan.notCarriedCount == 1500)
    }

    @Test("of what a command wrote the end is kept, and no half of a character")
    func output() {
        let short = CommandOutput(name: "db", action: .save, status: 1, output: "no such table", seconds: 1)
        #expect(short.output == "no such table")
        for padding in 0..<3 {
            let long = String(repeating: "€", count: 3000) + String(repeating: "x", count: padding) + "the end"
            let kept = CommandOutput(name: "db", action: .save, status: 1, output: long, seconds: 1).output
            #expect(kept.utf8.count <= CommandOutput.maximumOutput && kept.utf8.count > CommandOutput.maximumOutput - 3)
            #expect(kept.hasSuffix("the end") && kept.hasPrefix("€"))
        }
    }
}
