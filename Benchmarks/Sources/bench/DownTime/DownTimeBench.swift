// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation

struct DownTimeBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "downtime",
        abstract: "What an update adds to the time in which the application itself stops and starts.")

    @Option(help: "The folder with ricambio and ricambio-repo.")
    var bin: String
    @Option(help: "The program that takes the exchange of two folders away: Examples/Soak/FailingCalls.")
    var failingCalls: String
    @Option(help: "Updates of each kind.")
    var rounds = 20
    @Option(help: "Only the kinds whose name contains this.")
    var only: String?
    @Option(help: "Where the figures go, as JSON.")
    var json: String

    func run() async throws {
        var report = Report("downtime")
        let vendor = try DownTimeVendor(bin: bin, versions: rounds + 1)
        defer { vendor.end() }
        for kind in KeptContent.all where only.map(kind.name.contains) ?? true {
            for hasExchange in [true, false] {
                let free = try vendor.workshop.freeBytes()
                guard free > kind.neededBytes else {
                    print(
                        "\(kind.name): left out, it needs \(kind.neededBytes / 1_000_000_000) GB of free space and there are "
                            + "\(free / 1_000_000_000) GB")
                    continue
                }
                try measure(kind, hasExchange: hasExchange, vendor, &report)
            }
        }
        try report.write(to: json)
    }

    private func measure(
        _ kind: KeptContent, hasExchange: Bool, _ vendor: DownTimeVendor, _ report: inout Report
    ) throws {
        let customer = try DownTimeCustomer(
            vendor, kind, without: hasExchange ? nil : failingCalls)
        defer { customer.end() }
        var (own, resident): ([Double], [Double]) = ([], [])
        for number in 2...(rounds + 1) {
            try customer.agent.forgetResidentPeak()
            own.append(try customer.update(from: "\(number - 1).0", to: "\(number).0") * 1e3)
            resident.append(try customer.agent.residentBytes())
        }
        let name = "\(kind.name), \(hasExchange ? "exchange" : "two renames")"
        report.add(
            Measurement(name: "\(name): median of \(rounds)", value: median(own), unit: "ms", bar: kind.medianBar))
        report.add(
            Measurement(name: "\(name): worst", value: own.max() ?? .nan, unit: "ms", bar: kind.worstBar))
        report.add(
            Measurement(
                name: "\(name): resident", value: (resident.max() ?? .nan) / 1e6, unit: "MB", bar: kind.residentBar))
    }
}
