// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Packaging

@Suite("Which way the content comes")
struct ContentPlanTests {
    private var scene: ContentScene

    init() throws { scene = try ContentScene() }

    private func damage(_ path: String) throws {
        try files.replace(scene.installed.appending(path), with: [1, 2, 3], permissions: 0o644)
    }

    @Test("Nothing is installed: the whole pack, in one request")
    func nothingHere() {
        let plan = ContentPlan(scene.new)
        #expect(plan.way == .pack && plan.requests == 1 && plan.bytes == scene.new.pack.length)
        #expect(plan.copies.isEmpty && plan.reusedBytes == 0)
    }

    @Test("The delta is the cheapest: what is here is copied, also from another place")
    func delta() throws {
        let plan = try scene.plan()
        #expect(plan.way == .delta && plan.requests == 1 && plan.bytes == scene.new.deltas[0].length)
        #expect(plan.copies.map(\.path) == ["lib/same", "share/moved", "texts/it.txt"])
        #expect(plan.copies.map(\.from) == ["lib/same", "lib/moved", "texts/it.txt"])
        #expect(plan.reusedBytes > 800_000)
        #expect(plan.candidates.map(\.way) == [.delta, .ranges, .pack], "all that was weighed, the cheapest first")
    }

    @Test("Without a delta, ranges of the pack; what lies close together is one request")
    mutating func ranges() throws {
        scene.forgetDeltas()
        let plan = try scene.plan()
        #expect(plan.way == .ranges)
        // bin/program, lib/added and lib/library follow each other in the pack.
        #expect(plan.requests == 1)
        #expect(plan.bytes >= 601_000 && plan.bytes < 640_000)
    }

    @Test("Everything is here: nothing is fetched")
    func allHere() throws {
        let inventory = Inventory(scene.new, intact: Set(scene.new.entries.indices))
        let plan = ContentPlan(scene.new, from: inventory)
        #expect(plan.way == .nothing && plan.bytes == 0 && plan.requests == 0)
    }

    @Test("A file that the customer changed and the delta reads: no delta")
    func deltaReadsDamaged() throws {
        try damage("bin/program")
        #expect(try scene.plan().way == .ranges)
    }

    @Test("A file that the customer changed and the delta does not read: the delta all the same")
    mutating func deltaDoesNotRead() throws {
        try damage("lib/library")
        #expect(try scene.plan().way == .delta)
        scene.forgetReads()
        #expect(try scene.plan().way == .ranges, "unless nobody says what it reads")
    }

    @Test("A file that the customer changed and the new release has as it was: the delta, and that file from the pack")
    func deltaAndRange() throws {
        try damage("texts/it.txt")
        let plan = try scene.plan()
        #expect(plan.way == .delta && plan.requests == 2 && !plan.copies.contains { $0.path == "texts/it.txt" })
        #expect(plan.bytes < scene.new.deltas[0].length + 20_000)
    }

    @Test("A delta from another tree is none")
    func otherTree() throws {
        var other = scene.old
        other.entries.removeLast()
        let inventory = Inventory(other, intact: Set(other.entries.indices))
        #expect(ContentPlan(scene.new, from: inventory).way == .ranges)
    }

    @Test("The same trees and the same inventory give the same plan: what was fetched for it is found again")
    func deterministic() throws {
        let (first, second) = (try scene.plan(), try scene.plan())
        #expect(first == second)
        #expect(first.files(of: scene.new, in: "d") == second.files(of: scene.new, in: "d"))
    }

    @Test("What is left when a way fails: the whole pack, from nothing; after that nothing")
    func fallback() throws {
        let (plan, inventory) = (try scene.plan(), try scene.inventory())
        for code in [
            .tampered, .fetch(.init(.rangeNotSupported, url: "", reason: "")),
            .fetch(.init(.notFound, url: "", reason: "")),
        ] as [PackagingError.Code] {
            let rest = plan.fallback(after: PackagingError(code, ""), for: scene.new, from: inventory)
            #expect(rest?.way == .pack)
            #expect(rest?.fallback(after: PackagingError(code, ""), for: scene.new, from: nil) == nil)
        }
        for code in [.fetch(.init(.unreachable, url: "", reason: "")), .exists] as [PackagingError.Code] {
            #expect(plan.fallback(after: PackagingError(code, ""), for: scene.new, from: inventory) == nil)
        }
    }

    @Test("Frames that are asked for by position: borders belong to the frame behind them")
    func frameMap() {
        let frames = [4, 4, 2].map { Frame(offset: 0, length: 1, uncompressedLength: $0) }
        let map = FrameMap(PackReference(length: 3, sha256: "", frames: frames))
        #expect(map.frames(of: 0..<4) == 0..<1 && map.frames(of: 4..<5) == 1..<2)
        #expect(map.frames(of: 3..<9) == 0..<3 && map.frames(of: 5..<5).isEmpty && map.frames(of: 9..<10) == 2..<3)
    }
}
