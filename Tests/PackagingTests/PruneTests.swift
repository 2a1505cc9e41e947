// SPDX-License-Identifier: Apache-2.0
import Foundation
import Packaging
import Platform
import SystemPackage
import TUF
import TestSupport
import Testing

@testable import ricambio_repo

@Suite("prune") struct PruneTests {
    private let folder: TemporaryFolder
    private let repository: VendorRepository
    private static let day = 86_400.0

    init() throws {
        folder = try TemporaryFolder()
        repository = try VendorRepository(in: folder)
    }

    private var vendor: VendorFolder { VendorFolder(path: repository.folder, fileSystem: files) }

    private func publish(_ version: String) throws {
        let source = folder / "application-\(version)"
        try files.makeDirectories(source)
        try files.replace(source.appending("version"), with: Array("this is \(version)".utf8), permissions: 0o644)
        try repository.publish(version, source)
    }

    private func prune(keepReleases: Int? = nil, dryRun: Bool = false) throws -> Pruned {
        try Pruner(folder: vendor, clock: repository.clock, keepDays: 30, keepReleases: keepReleases).run(
            dryRun: dryRun)
    }

    private func isSound() async throws -> Bool {
        let root = try files.read(vendor.layout.firstRoot, limit: 1 << 20)
        return try await VerifyCommand.verify(vendor, root: root, now: repository.clock.now).isSound
    }

    /// File times are the machine's own; the clock of these tests is not.
    private func age(to date: Date) throws {
        let metadata = vendor.layout.metadata
        for name in try files.entries(of: metadata) {
            try FileManager.default.setAttributes(
                [.modificationDate: date], ofItemAtPath: metadata.appending(name).string)
        }
    }

    @Test(
        "States: a snapshot stays for the days after its successor came; what is newer than the current one is nothing")
    func states() {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        func state(_ version: Int64, daysAgo: Double) -> PrunePlan.State {
            .init(version: version, published: now - daysAgo * Self.day)
        }
        let states = [state(1, daysAgo: 300), state(2, daysAgo: 40), state(3, daysAgo: 29), state(4, daysAgo: 1)]
        // 2 was current until 29 days ago; 1 until 40.
        #expect(PrunePlan(states, current: 4, keepDays: 30, now: now).kept == [4, 3, 2])
        #expect(PrunePlan(states + [state(5, daysAgo: 0)], current: 4, keepDays: 0, now: now).kept == [4])
        #expect(PrunePlan([state(7, daysAgo: 900)], current: 7, keepDays: 30, now: now).kept == [7])
    }

    @Test("A reader of metadata of 29 days ago finds everything; after that old files go, and what is current stays")
    func readers() async throws {
        // So that only the signatures' time counts.
        func forgetFileTimes() throws { try age(to: Date(timeIntervalSince1970: 0)) }
        for version in ["1.0", "2.0", "3.0"] {
            try publish(version)
            repository.clock.advance(by: 40 * Self.day)
        }
        try publish("4.0")
        try forgetFileTimes()
        let packs = try files.entries(of: vendor.layout.packs)
        #expect(packs.count == 4)
        // A reader of the state before has its timestamp.
        let reader = try repository.reader()
        let dry = try prune(keepReleases: 1, dryRun: true)
        #expect(dry.releases == ["om-business 3.0", "om-business 2.0", "om-business 1.0"])
        let first = try prune(keepReleases: 1)
        #expect(first.releases == dry.releases)
        #expect(try files.entries(of: vendor.layout.packs) == packs, "nothing that the last state leads to goes yet")
        try await reader.refresh()
        #expect(try await isSound())

        for (days, gone) in [(29.0, 0), (2.0, 3)] {
            repository.clock.advance(by: days * Self.day)
            _ = try RefreshCommand.refresh(vendor, clock: repository.clock)
            try forgetFileTimes()
            #expect(try prune().files.count { $0.path.hasPrefix("packs/") } == gone)
        }
        #expect(try files.entries(of: vendor.layout.packs).count == 1)
        #expect(try await isSound())
        #expect(try files.exists(vendor.layout.firstRoot))
        let late = try repository.reader()
        try await late.refresh()
        #expect(try await late.channelDocument().releases == ["4.0"])
        #expect(try prune().files.isEmpty)
    }

    @Test("A file time that is later than the signature keeps its state longer; metadata that cannot be read stops it")
    func careful() throws {
        try publish("1.0")
        try publish("2.0")
        try age(to: repository.clock.now + 400 * Self.day)
        repository.clock.advance(by: 6 * Self.day)
        #expect(try prune().files.isEmpty)
        let name = try #require(
            try files.entries(of: vendor.layout.metadata).first { $0.hasSuffix("1.om-business.json") })
        try files.replace(vendor.layout.metadata.appending(name), with: [0x7B], permissions: 0o644)
        #expect(throws: VendorError.self) { _ = try prune() }
    }

    @Test("What waits for signatures keeps the files it refers to")
    func pending() async throws {
        try publish("1.0")
        let key = vendor.layout.keys.appending("targets.pem")
        try files.rename(key, to: folder / "targets.pem")
        let source = try makeApplication(in: folder)
        var request = VendorRepository.request("1.0", source)
        request.product = "other"
        #expect(throws: (any Error).self) { _ = try repository.publisher().publish(request) }
        let waiting = try files.entries(of: vendor.layout.targets.appending("other").appending("1.0"))
        #expect(try prune().files.allSatisfy { !$0.path.contains("other") })
        #expect(try files.entries(of: vendor.layout.targets.appending("other").appending("1.0")) == waiting)
        #expect(try files.entries(of: vendor.layout.packs).count == 2)
    }
}
