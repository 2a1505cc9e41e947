// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Packaging

@Suite("Content is fetched, resumed and put together")
struct ContentStagingTests {
    private var scene: ContentScene

    init() throws { scene = try ContentScene() }

    @Test("Each way makes exactly the new tree", arguments: [ContentPlan.Way.pack, .ranges, .delta])
    func ways(_ way: ContentPlan.Way) async throws {
        let plan = try scene.plan(way)
        #expect(plan.way == way)
        let vendor = scene.vendor()
        try await scene.fetch(plan, from: vendor)
        #expect(vendor.requests.count == plan.requests && Int64(vendor.bytes) == plan.bytes)
        try scene.expectWhole(plan)
        try await scene.fetch(plan, from: vendor)
        #expect(vendor.requests.count == plan.requests, "what is there is not fetched again")
    }

    @Test("The delta and a range beside it make exactly the new tree")
    func deltaAndRange() async throws {
        try files.replace(scene.installed.appending("texts/it.txt"), with: [1], permissions: 0o644)
        let plan = try scene.plan()
        try await scene.fetch(plan, from: scene.vendor())
        try scene.expectWhole(plan)
    }

    /// The resumption matrix: twenty places, each way, each kind of server. The agent dies with the line: the next fetch
    /// is another process's, which knows nothing but the folder.
    @Test(
        "A download that breaks off at any of twenty places goes on there, by another process",
        arguments: [ContentPlan.Way.pack, .ranges, .delta])
    func resumes(_ way: ContentPlan.Way) async throws {
        let plan = try scene.plan(way)
        for place in 0..<20 {
            let at = Int(plan.bytes) * place / 20 + place
            try files.removeTree(try scene.downloads)
            let vendor = scene.vendor(.down(after: at))
            #expect(await failure { try await scene.fetch(plan, from: vendor) } == "fetch", "\(way) at \(at)")
            vendor.mend()
            try await scene.fetch(plan, from: vendor)
            // What came before the break is not fetched again, up to the piece on the way.
            #expect(Int64(vendor.bytes) == plan.bytes, "\(way) at \(at)")
            try scene.expectWhole(plan, "\(way) at \(at)")
        }
    }

    @Test(
        "Servers that cut again and again, stall, or end early: the same call comes to its end",
        arguments: [ContentPlan.Way.pack, .ranges, .delta])
    func badServers(_ way: ContentPlan.Way) async throws {
        let plan = try scene.plan(way)
        for place in 1..<20 {
            let at = max(1, Int(plan.bytes) * place / 20)
            for fault in [.cut(every: max(at, Int(plan.bytes) / 15)), .stall(after: at), .short(at)]
                as [PackServer.Fault]
            {
                try files.removeTree(try scene.downloads)
                try await scene.fetch(plan, from: scene.vendor(fault))
                try scene.expectWhole(plan, "\(way), \(fault)")
            }
        }
    }

    @Test("A server without ranges: the whole pack is what is left, and it comes")
    mutating func noRanges() async throws {
        scene.forgetDeltas()
        let (plan, vendor, inventory) = (try scene.plan(), scene.vendor(.noRanges), try scene.inventory())
        do throws(PackagingError) {
            do { try await scene.fetch(plan, from: vendor) } catch let error as PackagingError { throw error } catch {
                Issue.record("\(error)")
            }
            Issue.record("ranges were not refused")
        } catch {
            let rest = try #require(plan.fallback(after: error, for: scene.new, from: inventory))
            try await scene.fetch(rest, from: vendor)
            try scene.expectWhole(rest)
        }
    }

    @Test("Wrong content: of a pack or a delta it is noticed when it has come, of a range when it is put together")
    func garbage() async throws {
        for way in [ContentPlan.Way.pack, .delta] {
            let plan = try scene.plan(way)
            let vendor = scene.vendor(.garbage(after: Int(plan.bytes) / 2))
            #expect(await failure { try await scene.fetch(plan, from: vendor) } == "tampered")
            #expect(try files.entries(of: try scene.downloads).isEmpty, "nothing of it is left")
            try await scene.fetch(plan, from: vendor)
            try scene.expectWhole(plan)
            try files.removeTree(try scene.downloads)
        }
        let plan = try scene.plan(.ranges)
        try await scene.fetch(plan, from: scene.vendor(.garbage(after: Int(plan.bytes) / 2)))
        let inventory = try scene.inventory()
        #expect(failure { _ = try scene.stage(plan, inventory) } == "tampered")
    }

    @Test("An old file that changes after it was hashed is noticed: what is copied is hashed where it lands")
    func changedMeanwhile() async throws {
        for path in ["lib/same", "bin/program"] {
            let (plan, inventory) = (try scene.plan(), try scene.inventory())
            try await scene.fetch(plan, from: scene.vendor())
            let file = scene.installed.appending(path)
            var bytes = try files.read(file, limit: .max)
            bytes[bytes.count / 2] ^= 1
            try files.replace(file, with: bytes, permissions: 0o644)
            #expect(failure { _ = try scene.stage(plan, inventory) } == "tampered", "\(path)")
            bytes[bytes.count / 2] ^= 1
            try files.replace(file, with: bytes, permissions: 0o644)
        }
    }

    @Test("A full disk stops the download, and what came stays for the next one")
    func diskFull() async throws {
        let plan = try scene.plan(.ranges)
        try files.makeDirectories(try scene.downloads)
        let full = CrashingFileSystem(fault: .full(from: 3))
        let updater = scene.vendor()
        let error = await failure {
            try await RangesDownload(
                ranges: plan.ranges, url: "http://vendor/packs/\(scene.new.pack.sha256)",
                file: scene.folder / "downloads/file", fileSystem: full, fetcher: updater, progress: { _ in }
            ).run()
        }
        #expect(error == "fetch" || error == "file")
        #expect(try files.attributes(of: scene.folder / "downloads/file") == nil)
    }
}
