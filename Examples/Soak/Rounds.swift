// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Stage
import SystemPackage

/// Round after round, in one scene for as long as nothing is lost.
struct Rounds: Sendable {
    private(set) var tally = Soak.Tally()
    private var generator: SeededGenerator
    private let executables: Executables
    private let folder: FilePath
    private var scene: SoakScene?
    private var standing: Standing?
    private var number = 0
    private var roundsInScene = 0
    /// Seconds that an update takes here when nothing goes wrong.
    private var expected = 2.0

    /// What the application writes and the vendor publishes grows from round to round.
    private static let maximumRoundsInScene = 150
    /// So many losses are kept for a look; more would fill the disk.
    private static let maximumKept = 10

    init(seed: UInt64, executables: Executables, folder: FilePath) async throws {
        generator = SeededGenerator(seed: seed)
        self.executables = executables
        self.folder = folder
        try await SmallDisk.unmountLeftovers(below: folder)
        // Empties it, if it is a soak's.
        _ = try Stage(folder: folder, executables: executables)
        if geteuid() != 0 { say("not root: without full disks") }
    }

    mutating func next() async throws {
        number += 1
        let (scene, before) = try await currentScene()
        let plan = RoundPlan.random(hasSmallDisk: scene.disk != nil, expected: expected, using: &generator)
        let schema = before.live.schema + (plan.behaviour.migratesData ? 1 : 0)
        var release = SoakRelease(number: before.next, behaviour: plan.behaviour, schema: schema)
        try await scene.publish(release, write(&release, on: scene.stage))
        var round = Round(scene, plan, to: release, before)
        let end = try await round.play()
        tally.faults += round.struck.count
        if round.outcome == "updated" || round.outcome == "rolledBack" { tally.updates += 1 }
        if plan.faults.isEmpty, plan.behaviour == .healthy { expected = round.seconds }
        tell(round, from: before.live, end)
        switch end {
        case .fine:
            standing = round.standing
            standing?.next += 1
            roundsInScene += 1
            if roundsInScene == Self.maximumRoundsInScene { await self.end() }
        case .lost:
            tally.lost += 1
            await self.end(keeping: "lost-\(number)")
        case .stuck:
            tally.stuck += 1
            await self.end(keeping: "stuck-\(number)")
        }
    }

    /// Ends what runs; the next round makes a new scene.
    mutating func end(keeping name: String? = nil) async {
        let isKept = tally.lost + tally.stuck <= Self.maximumKept
        let place = name.flatMap { isKept ? folder.appending($0) : nil }
        if let place {
            try? POSIXFileSystem().makeDirectories(place)
            say("  kept for a look: \(place)")
        }
        // In a task of its own: after a signal this one is cancelled, and no command would run.
        await Task { [scene] in await scene?.end(keeping: place) }.value
        (scene, standing) = (nil, nil)
    }

    private mutating func currentScene() async throws -> (SoakScene, Standing) {
        if let scene, let standing { return (scene, standing) }
        let scene = try await SoakScene(folder: folder.appending("scene-\(number)"), executables: executables)
        self.scene = scene
        var first = SoakRelease(number: 1, behaviour: .healthy, schema: 1)
        try await scene.begin(first, from: write(&first, on: scene.stage))
        let standing = Standing(live: first, next: 2)
        try scene.stage.fileSystem.replace(
            scene.live.appending("preferences/settings"), with: Array(Standing.preferences.utf8), permissions: 0o644)
        (self.standing, roundsInScene) = (standing, 0)
        return (scene, standing)
    }

    private mutating func write(_ release: inout SoakRelease, on stage: Stage) throws -> FilePath {
        let folder = stage.folder.appending("releases").appending(release.version)
        try release.write(to: folder, fileSystem: stage.fileSystem, using: &generator)
        return folder
    }

    private func tell(_ round: Round, from: SoakRelease, _ end: Round.End) {
        let struck = round.struck.isEmpty ? "no fault" : round.struck.joined(separator: ", ")
        let way = round.plan.hasExchange ? "" : ", two renames"
        say(
            "\(number): \(from.version) → \(round.to.version) (\(round.to.behaviour)\(way)); \(struck); "
                + "\(round.outcome ?? "no run"), \(rounded(round.seconds)) s")
        switch end {
        case .fine: break
        case .lost(let complaints): for complaint in complaints { say("  LOST: " + complaint) }
        case .stuck(let what): say("  STUCK: " + what)
        }
    }
}
