// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures beside peers, in the same run; prints a table and writes JSON.",
        subcommands: [TrustBench.self, DistributionBench.self, MirrorBench.self, DownTimeBench.self])
}
