// SPDX-License-Identifier: Apache-2.0
import Foundation
import Packaging
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import ricambio_repo

@Suite("The vendor's commands, killed at every change of a file") struct VendorCrashTests {
    private enum Work: String, CaseIterable {
        case publish, recall, promote, rollout, prune, refresh
    }

    private static func run(
        _ work: Work, _ repository: VendorRepository, _ source: FilePath, _ fileSystem: any FileSystem
    ) throws {
        let folder = VendorFolder(path: repository.folder, fileSystem: fileSystem)
        func change(_ body: (inout Channels) throws -> [String]) throws {
            var channels = try Channels("om-business", in: try folder.edit(clock: repository.clock))
            _ = try body(&channels)
            try channels.editor.commit()
        }
        let now = repository.clock.now
        switch work {
        case .publish: _ = try repository.publisher(fileSystem).publish(VendorRepository.request("3.0", source))
        case .recall: try change { try RecallCommand.recall("2.0", on: [], undo: false, in: &$0, at: now) }
        case .promote:
            try change {
                try PromoteCommand.promote("2.0", from: "stable", to: "late", rollout: .init(start: now), in: &$0)
            }
        case .rollout: try change { try RolloutCommand.roll("stable", percentage: 50, rampHours: 1, in: &$0, at: now) }
        case .prune: _ = try Pruner(folder: folder, clock: repository.clock, keepDays: 30, keepReleases: 1).run()
        case .refresh: _ = try RefreshCommand.refresh(folder, clock: repository.clock)
        }
    }

    @Test("The repository is sound after each, and the next run goes on", arguments: Work.allCases)
    private func crash(_ work: Work) async throws {
        let folder = try TemporaryFolder()
        let source = folder / "application"
        try files.makeDirectories(source)
        try files.replace(source.appending("file"), with: [1, 2, 3], permissions: 0o644)
        let pristine = try VendorRepository(in: folder, named: "pristine")
        try pristine.publish("1.0", source)
        pristine.clock.advance(by: 100 * 86_400)
        try pristine.publish("2.0", source)
        // Far enough that prune has something to remove.
        for name in try files.entries(of: pristine.folder.appending("public/metadata")) {
            try FileManager.default.setAttributes(
                [.modificationDate: pristine.clock.now - 90 * 86_400],
                ofItemAtPath: pristine.folder.appending("public/metadata/\(name)").string)
        }
        var at = 1
        while true {
            try #require(at < 300)
            let repository = VendorRepository(existing: folder / "try-\(at)", clock: pristine.clock)
            try files.copyTree(pristine.folder, to: repository.folder)
            let crashing = CrashingFileSystem(fault: .crash(at: at))
            do {
                try Self.run(work, repository, source, crashing)
            } catch {
                guard crashing.hasCrashed else { throw error }
            }
            for round in ["after the crash", "after the next run"] {
                let vendor = VendorFolder(path: repository.folder, fileSystem: files)
                let root = try files.read(vendor.layout.firstRoot, limit: 1 << 20)
                let report = try await VerifyCommand.verify(vendor, root: root, now: repository.clock.now)
                #expect(report.isSound, "\(work) at \(at), \(round): \(report.findings)")
                guard round == "after the crash" else { break }
                do {
                    try Self.run(work, repository, source, files)
                } catch let error as VendorError where error.code == .exists {
                    // It was published at the last change already.
                }
            }
            try files.removeTree(repository.folder)
            guard crashing.hasCrashed else { break }
            at += 1
        }
        #expect(at > 2)
    }
}
