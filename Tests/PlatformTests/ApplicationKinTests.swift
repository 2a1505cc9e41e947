// SPDX-License-Identifier: Apache-2.0
import SystemPackage
import Testing

@testable import Platform

/// The rule by itself: processes that were never started.
@Suite struct ApplicationKinTests {
    static let agent: Int32 = 10

    var seen = [ProcessEntry(pid: 1, startTime: 1, parent: 0, session: 1), entry(agent, 5, parent: 1, session: 10)]
    var own = OwnProcesses(
        pid: agent, session: 10, started: [100],
        claims: [OwnProcesses.Claim(root: 100, startTime: 50, folder: "/srv/App")])
    var marks: [Int32: String] = [:]
    var holders: Set<Int32> = []
    var places: [Int32: FilePath] = [:]
    var kin = ApplicationKin(root: ProcessIdentity(pid: 100, startTime: 50, boot: "b"), mark: "ours")

    static func entry(_ pid: Int32, _ start: UInt64, parent: Int32, session: Int32) -> ProcessEntry {
        ProcessEntry(pid: pid, startTime: start, parent: parent, session: session)
    }

    private func members(_ more: [ProcessEntry]) -> [Int32] {
        let evidence = ApplicationKin.Evidence(
            mark: { marks[$0] }, holdsLock: holders.contains, places: { places[$0].map { [$0] } ?? [] })
        return kin.members(among: seen + more, own: own, evidence: evidence).map(\.pid)
    }

    private let root = entry(100, 50, parent: agent, session: 100)

    @Test("Its session, the bearers of its mark, the holders of its lock and all their descendants are of it")
    func traces() {
        var scene = self
        scene.marks = [103: "ours", 108: "theirs"]
        scene.holders = [104]
        let more = [
            root, Self.entry(102, 60, parent: 100, session: 100), Self.entry(103, 61, parent: 1, session: 103),
            Self.entry(104, 62, parent: 1, session: 104), Self.entry(105, 63, parent: 103, session: 105),
            Self.entry(106, 64, parent: 105, session: 105), Self.entry(107, 65, parent: 1, session: 107),
            Self.entry(108, 66, parent: 1, session: 108),
        ]
        #expect(scene.members(more) == [100, 102, 103, 104, 105, 106])
    }

    @Test("The agent and what it started besides are never of it, whatever they hold")
    func agentAndCommands() {
        var scene = self
        scene.own.started = [100, 120]
        scene.marks = [Self.agent: "ours", 120: "ours"]
        scene.holders = [Self.agent, 120, 1]
        #expect(scene.members([root, Self.entry(120, 70, parent: Self.agent, session: 120)]) == [100])
    }

    @Test("An orphan without any trace is of the only application that this process started")
    func orphan() {
        let orphan = Self.entry(130, 70, parent: Self.agent, session: 130)
        #expect(members([root, orphan]) == [100, 130])
        var scene = self
        scene.marks = [130: "command"]
        #expect(scene.members([root, orphan]) == [100], "a command's daemon bears another mark")
        scene = self
        scene.kin.mark = nil
        #expect(scene.members([root, orphan]) == [100])
        #expect(members([root, Self.entry(130, 70, parent: Self.agent, session: 10)]) == [100], "a library's child")
        #expect(members([root, Self.entry(130, 49, parent: Self.agent, session: 130)]) == [100], "older than it")
    }

    @Test("With several applications an orphan is of the one whose folder it works in, else of none")
    func severalApplications() {
        var scene = self
        scene.own.started = [100, 200]
        scene.own.claims.append(OwnProcesses.Claim(root: 200, startTime: 55, folder: "/srv/Other"))
        let more = [
            root, Self.entry(200, 55, parent: Self.agent, session: 200),
            Self.entry(130, 70, parent: Self.agent, session: 130),
            Self.entry(131, 52, parent: Self.agent, session: 131),
            Self.entry(132, 71, parent: Self.agent, session: 132),
            Self.entry(133, 72, parent: Self.agent, session: 200),
        ]
        scene.places = [130: "/", 132: "/srv/App/bin/worker"]
        #expect(scene.members(more) == [100, 131, 132], "131 is older than the other application")
        scene.places = [132: "/srv/Application"]
        #expect(scene.members(more) == [100, 131], "a name that begins alike is another folder")
    }

    @Test("A session whose number is used again is somebody else's")
    func numberUsedAgain() {
        let another = Self.entry(100, 90, parent: 1, session: 100)
        let child = Self.entry(140, 91, parent: 1, session: 100)
        var scene = self
        scene.own.started = []
        #expect(scene.members([Self.entry(140, 60, parent: 1, session: 100)]) == [140], "its leader has just ended")
        #expect(scene.members([another, child]).isEmpty)
        scene.kin.sessionIsOver = true
        #expect(scene.members([child]).isEmpty, "also when that leader has ended too")
    }
}
