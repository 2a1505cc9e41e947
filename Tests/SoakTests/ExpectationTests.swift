// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import soak

@Suite("The soak finds what went wrong, and nothing else")
struct ExpectationTests {
    private let from = SoakRelease(
        number: 1, behaviour: .healthy, schema: 1, files: ["VERSION": "one", "library": "same", "only-in-1.0": "x"])
    private let to = SoakRelease(
        number: 2, behaviour: .migrates, schema: 2, files: ["VERSION": "two", "library": "same", "only-in-2.0": "y"])

    private func line(_ text: Substring) throws -> SaidLine { try #require(SaidLine(text)) }

    private func expectation(hadFaults: Bool = true) throws -> soak.Expectation {
        soak.Expectation(
            from: from, to: to, settled: [try line("kept 1.0.10.1 before")],
            said: [try line("data 1.0.10.2 in the grace time"), try line("kept 2.0.20.1 after")],
            preferences: "mine", foreign: ["foreign-2"], hadFaults: hadFaults)
    }

    /// As it must be with `release` live.
    private func observation(_ release: SoakRelease) throws -> Observation {
        var found = Observation()
        found.files = release.files
        (found.installed, found.up) = (release.version, release.version)
        found.present = [try line("kept 1.0.10.1 before"), try line("data 1.0.10.2 in the grace time")]
        if release == to { found.present.insert(try line("kept 2.0.20.1 after")) }
        found.schemas = ("\(release.schema)", nil, "\(release.schema)")
        found.preferences = "mine"
        found.foreign = ["foreign-2"]
        found.outcome = release == to ? "updated" : "rolledBack"
        return found
    }

    @Test("Either version whole, with all that the customer has: nothing to complain of")
    func sound() throws {
        #expect(try expectation(hadFaults: false).complaints(observation(to)) == [])
        #expect(try expectation().complaints(observation(from)) == [])
    }

    @Test(
        "Each thing that can be lost is found",
        arguments: [
            { $0.files["VERSION"] = "one" }, { $0.files["only-in-2.0"] = nil }, { $0.files["only-in-1.0"] = "x" },
            { $0.files = [:] }, { $0.installed = "1.0" }, { $0.up = nil }, { $0.up = "1.0" },
            { $0.present.removeFirst() }, { $0.present = [] },
            { $0.schemas.file = "1" }, { $0.schemas.folder = nil }, { $0.schemas.log = "1" },
            { $0.damage = ["the log is of another version"] }, { $0.preferences = nil }, { $0.foreign = [] },
            { $0.isStrangerWhole = false }, { $0.outcome = "rolledBack" },
            { $0.stateEntries = 100_000 }, { $0.oddNames = (0..<100).map { "\($0)" } },
        ] as [@Sendable (inout Observation) -> Void])
    func lost(_ spoil: @Sendable (inout Observation) -> Void) throws {
        var found = try observation(to)
        spoil(&found)
        #expect(try !expectation().complaints(found).isEmpty)
    }

    @Test("What a version wrote that was rolled back may be gone; what the version before wrote may not")
    func rolledBack() throws {
        let expectation = try expectation()
        var found = try observation(from)
        #expect(expectation.settled(after: found).contains(try line("data 1.0.10.2 in the grace time")))
        #expect(!expectation.settled(after: found).contains(try line("kept 2.0.20.1 after")))
        found.present.remove(try line("data 1.0.10.2 in the grace time"))
        #expect(expectation.complaints(found).count == 1)
    }

    @Test("Without any fault, a healthy version that is not installed is a fault")
    func quiet() throws {
        #expect(try expectation(hadFaults: false).complaints(observation(from)).count == 1)
        var none = try observation(from)
        none.outcome = nil
        #expect(try expectation(hadFaults: false).complaints(none).count == 1)
    }

    @Test("Half a line was never said")
    func halfLine() {
        for line in ["", "kept", "nonsense 1.0.1.1", "kep"] as [Substring] { #expect(SaidLine(line) == nil) }
        #expect(SaidLine("backup 12.0.77.5")?.version == "12.0")
    }

    @Test("One seed draws one plan, and plans have faults of every kind")
    func seeds() {
        func plans(_ seed: UInt64) -> [RoundPlan] {
            var generator = SeededGenerator(seed: seed)
            return (0..<300).map { _ in RoundPlan.random(hasSmallDisk: true, expected: 2, using: &generator) }
        }
        #expect(plans(7) == plans(7) && plans(7) != plans(8))
        let faults = plans(7).flatMap(\.faults).map(\.fault)
        #expect(faults.contains(.kill(agent: true, application: false)))
        #expect(faults.contains(.kill(agent: false, application: true)))
        #expect(faults.contains(.kill(agent: true, application: true)))
        #expect(faults.contains(.restoredFromCopy) && faults.contains(.strangerAtOld) && faults.contains(.oldMovedAway))
        #expect(faults.contains { if case .failingCalls = $0 { true } else { false } })
        #expect(faults.contains { if case .fullDisk = $0 { true } else { false } })
        #expect(plans(7).allSatisfy { plan in plan.faults.map(\.at) == plan.faults.map(\.at).sorted() })
    }
}
