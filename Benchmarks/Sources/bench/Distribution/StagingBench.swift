// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import Packaging
internal import Platform
internal import SystemPackage

/// Building the new folder from the old one and the delta, beside copying and hashing the new one.
struct StagingBench {
    let pair: Pair
    let bin: String
    let workshop: Workshop
    private static let rounds = 7

    func run(_ release: PublishedPair, _ report: inout Report) throws {
        let (staged, copied) = (workshop.path + "/staged", workshop.path + "/copied")
        var (ours, theirs): ([Child], [Double]) = ([], [])
        for _ in 0..<Self.rounds {
            ours.append(
                try Child.run(
                    [
                        bin + "/bench", "stage", "--old", pair.old, "--old-tree", release.oldTree, "--new-tree",
                        release.newTree, "--packs", release.repository + "/public/packs", "--into", staged,
                    ], isQuiet: false))
            theirs.append(
                try Child.run([
                    "sh", "-c", "cp -r \"$1\" \"$2\" && find \"$2\" -type f -print0 | xargs -0 openssl dgst -sha256",
                    "sh", pair.new, copied,
                ]).seconds)
            _ = try Child.run(["diff", "-r", pair.new, staged])
            for folder in [staged, copied] { try FileManager.default.removeItem(atPath: folder) }
        }
        report.add(
            Measurement(
                name: "\(pair.package): staging from the delta", value: median(ours.map(\.seconds)), unit: "s",
                peer: "cp -r and openssl dgst -sha256", peerValue: median(theirs), bar: 1.5))
        report.add(
            Measurement(
                name: "\(pair.package): the same, processor time", value: median(ours.map(\.processorSeconds)),
                unit: "s"))
        report.add(
            Measurement(
                name: "\(pair.package): the same, resident", value: median(ours.map(\.residentBytes)) / 1e6,
                unit: "MB", bar: 150))
    }
}

/// A process of its own, so that its memory can be measured.
struct StageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stage", abstract: "Stages a tree from an old folder and a delta; a part of “distribution”.",
        shouldDisplay: false)

    @Option var old: String
    @Option var oldTree: String
    @Option var newTree: String
    @Option var packs: String
    @Option var into: String

    func run() throws {
        func tree(_ file: String) throws -> Tree {
            try Tree.decoded(fromCompressed: Array(try Data(contentsOf: URL(filePath: file))))
        }
        let (before, after) = (try tree(oldTree), try tree(newTree))
        let plan = ContentPlan(after, from: Inventory(before, intact: Set(before.entries.indices)))
        guard plan.way == .delta else { throw BenchError("the plan is \(plan.way), not the delta") }
        let source = Stager.Source(
            plan: plan, downloads: FilePath(packs), old: (folder: FilePath(old), tree: before))
        try Stager(fileSystem: POSIXFileSystem()).stage(after, from: source, into: FilePath(into))
    }
}
