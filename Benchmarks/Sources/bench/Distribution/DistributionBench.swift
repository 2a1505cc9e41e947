// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation

struct DistributionBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distribution",
        abstract: "Bytes, time, memory and requests of real updates, beside the tools that do the same.")

    @Option(help: "The folder with ricambio-repo and bench.")
    var bin: String
    @Option(help: "A Python that has pip.")
    var python: String
    @Option(help: "A script that fetches a version of a package.")
    var fetch: String
    @Option(help: "Where what was fetched is kept.")
    var data: String
    @Option(help: "Where the figures go, as JSON.")
    var json: String
    @Option(help: "Only this package; repeat for several.")
    var only: [String] = []

    /// The format was made with the first and the last in view, not with the three between them.
    private static let pairs = [
        ("jupyterlab", "4.6.5", "4.6.6"), ("numpy", "2.3.3", "2.3.4"), ("notebook", "7.4.6", "7.4.7"),
        ("ruff", "0.14.0", "0.14.1"), ("playwright", "1.64.1", "1.65.2"),
    ]

    func run() async throws {
        var report = Report("distribution")
        for (package, old, new) in Self.pairs where only.isEmpty || only.contains(package) {
            let pair: Pair
            do {
                pair = try Pair(package, from: old, to: new, in: data, python: python, script: fetch)
            } catch {
                print("\(package) \(old) → \(new): left out, it could not be fetched (\(error))")
                continue
            }
            let workshop = try Workshop()
            let release = try await PublishedPair(pair, bin: bin, in: workshop, &report)
            try PeerBench(pair: pair, workshop: workshop).run(release, &report)
            try StagingBench(pair: pair, bin: bin, workshop: workshop).run(release, &report)
            try report.write(to: json)
        }
    }
}

/// Two versions of a package, unpacked, and each in a tar.
struct Pair {
    let package: String
    let old: String
    let new: String

    var oldTar: String { old + ".tar" }
    var newTar: String { new + ".tar" }

    init(
        _ package: String, from old: String, to new: String, in folder: String, python: String, script: String
    ) throws {
        self.package = package
        self.old = "\(folder)/\(package)-\(old)"
        self.new = "\(folder)/\(package)-\(new)"
        for version in [old, new] {
            _ = try Child.run([python, script, folder, package, version], isQuiet: false)
        }
    }
}

func bytes(of file: String) throws -> Double {
    guard let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber else {
        throw BenchError("\(file) has no size")
    }
    return size.doubleValue
}
