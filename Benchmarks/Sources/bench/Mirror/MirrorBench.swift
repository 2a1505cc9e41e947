// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation

struct MirrorBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mirror", abstract: "One large pack over TLS to 1, 8 and 40 workstations, beside nginx.")

    @Option(help: "The folder with ricambio and ricambio-repo.")
    var bin: String
    @Option(help: "nginx.")
    var nginx = "nginx"
    @Option(help: "Size of the pack, in MB.")
    var megabytes = 200
    @Option(help: "Where the figures go, as JSON.")
    var json: String

    /// What the product promises beside nginx: so much of its throughput, for no more than so much processor time.
    private static let throughputFloor = 0.8
    private static let processorBar = 1.3

    func run() async throws {
        var report = Report("mirror")
        let scene = try MirrorScene(bin: bin, nginx: nginx, bytes: megabytes * 1_000_000)
        defer { scene.end() }
        // Once each before anything counts: the agent fetches the pack, and both have it in the system's cache.
        for server in [scene.agent, scene.nginx] { _ = try scene.load(server, clients: 1) }
        for (clients, rounds) in [(1, 9), (8, 7), (40, 5)] {
            var (ours, theirs): ([ServerLoad], [ServerLoad]) = ([], [])
            for _ in 0..<rounds {
                ours.append(try scene.load(scene.agent, clients: clients))
                theirs.append(try scene.load(scene.nginx, clients: clients))
            }
            let name = "\(megabytes) MB over TLS to \(clients == 1 ? "one client" : "\(clients) clients at once")"
            report.add(
                Measurement(
                    name: name, value: median(ours.map(\.bytesPerSecond)) / 1e6, unit: "MB/s", peer: "nginx",
                    peerValue: median(theirs.map(\.bytesPerSecond)) / 1e6, floor: Self.throughputFloor))
            report.add(
                Measurement(
                    name: "the same, processor time for each", value: median(ours.map(\.processorSeconds)) * 1e3,
                    unit: "ms", peer: "nginx", peerValue: median(theirs.map(\.processorSeconds)) * 1e3,
                    bar: Self.processorBar))
        }
        report.add(
            Measurement(name: "the most that was resident", value: try scene.agent.residentBytes() / 1e6, unit: "MB"))
        try report.write(to: json)
    }
}
