// SPDX-License-Identifier: Apache-2.0

/// Building the new folder from the old one and the delta, beside copying and hashing the new one.
struct StagingBench {
    let pair: Pair
    let bin: String
    let workshop: Workshop
    private static let rounds = 7

    func run(_ release: PublishedPair, _ report: inout Report) throws {
        var (ours, theirs): ([Child], [Double]) = ([], [])
        for round in 0..<Self.rounds {
            // New ones each time, and none is removed: some file systems look through what was deleted a moment ago whenever
            // they make a file.
            let (staged, copied) = ("\(workshop.path)/staged-\(round)", "\(workshop.path)/copied-\(round)")
            ours.append(
                try Child.run(
                    [
                        bin + "/stage", pair.old, release.oldTree, release.newTree,
                        release.repository + "/public/packs", staged,
                    ], isQuiet: false))
            theirs.append(
                try Child.run([
                    "sh", "-c", "cp -r \"$1\" \"$2\" && find \"$2\" -type f -print0 | xargs -0 openssl dgst -sha256",
                    "sh", pair.new, copied,
                ]).seconds)
            _ = try Child.run(["diff", "-r", pair.new, staged])
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
