// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation

struct TrustBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "TUF: signatures, refreshes, a role with a hundred thousand targets.")

    @Option(help: "The folder with tuf-client.")
    var bin: String
    @Option(help: "A Python that has the package tuf.")
    var python: String
    @Option(help: "A script that refreshes with python-tuf.")
    var peer: String
    @Option(help: "Where the figures go, as JSON.")
    var json: String

    func run() async throws {
        var report = Report("trust")
        try SignatureBench.run(&report)
        try await RefreshBench.run(&report)
        try LargeRoleBench(bin: bin, python: python, peer: peer).run(&report)
        try report.write(to: json)
    }
}
