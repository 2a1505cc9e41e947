// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Platform
import Stage
import SystemPackage
import TUF
import Testing

extension EndToEnd {
    @Suite("Clients take deltas from their own server's agent", .serialized)
    struct ClientDeltaTests {
        /// What each release of the client has more than the one before it; it does not compress.
        private static let fresh = 400_000
        /// What an update asks of the vendor besides a delta: metadata, documents and heads.
        private static let metadata = 60_000

        /// Publishes a client with `data`, with deltas from the last two, and perhaps a server.
        private func publish(
            _ version: String, _ data: [UInt8], hasServer: Bool = true, _ story: UpdateStory
        ) async throws {
            let releases = OfficeMakerReleases(stage: story.stage)
            let client = try await releases.client(version, root: story.vendor.root)
            try story.stage.fileSystem.replace(client.appending("data"), with: data, permissions: 0o644)
            try await story.vendor.publish(
                OfficeMakerReleases.product, version, server: hasServer ? releases.server(version) : nil,
                client: client, options: ["--level", "1", "--deltas", "2"])
        }

        /// Bytes of the deltas to the client of 2.0, by the version that they start from; and of its full pack.
        private func published(_ story: UpdateStory) async throws -> (deltas: [String: Int], pack: Int) {
            let shown = try await story.stage.succeed([
                story.stage.executables.ricambioRepo.string, "show", story.vendor.folder.string,
                OfficeMakerReleases.product, "2.0", "--json",
            ])
            let parts = try JSONValue(parsing: shown.output)["components"]?.arrayValue ?? []
            let client = try #require(parts.first { $0["component"]?.stringValue == "client" })
            var deltas: [String: Int] = [:]
            for delta in client["deltas"]?.arrayValue ?? [] {
                deltas[try #require(delta["from"]?.stringValue)] = Int(try #require(delta["bytes"]?.integerValue))
            }
            let name = try #require(client["pack"]?.stringValue)
            let pack = try story.stage.fileSystem.attributes(of: story.vendor.packs.appending(name))
            return (deltas, Int(try #require(pack).size))
        }

        /// Sizes of what the mirror keeps.
        private func mirrored(_ story: UpdateStory) throws -> [Int] {
            let folder = story.customer.state.appending("mirror/om-business/objects")
            let files = story.stage.fileSystem
            return try files.entries(of: folder).compactMap {
                Int(try files.attributes(of: folder.appending($0))?.size ?? 0)
            }
        }

        @Test(
            "One version behind and two: each takes its delta through the mirror, and the next client costs the vendor none"
        )
        func deltas() async throws {
            try await withStage { stage in
                let story = try UpdateStory(stage: stage, graceSeconds: 0) { _ in }
                try await story.vendor.initialise()
                let data = (0..<3 * Self.fresh).map { _ in UInt8.random(in: .min ... .max) }
                try await publish("1.0", Array(data.prefix(Self.fresh)), story)
                let served = try await story.vendor.serve()
                let (line, port) = (try await CuttingProxy(to: served.port), try await unusedPort())
                let installation = try await story.installFirst(line.url, port: port)
                try story.customer.configure([installation])
                let agent = try await story.customer.startAgent([installation])
                try await story.customer.logIn(to: agent)
                try await publish("1.1", Array(data.prefix(2 * Self.fresh)), hasServer: false, story)
                try await publish("2.0", data, story)
                // The clients were brought by another way than through the agent.
                let behind = try await story.workstation(of: "bruno", .german, served.url, version: "1.0")
                let others = [
                    try await story.workstation(of: "anna", .italian, served.url, version: "1.1"),
                    try await story.workstation(of: "carla", .english, served.url, version: "1.1"),
                ]
                let update = try await story.customer.ricambio(["update", "--grace", "0", "--yes"], timeout: 240)
                #expect(update.end == .exited(0), "\(update.outputText)\(update.errorText)")

                let server = "http://127.0.0.1:\(port)"
                func cost(of workstation: Workstation) async throws -> Int {
                    let before = line.bytesRelayed
                    _ = try await workstation.start(server: server, options: ["--auto-update", "--stay"])
                    try await eventually("\(workstation.person) works with 2.0", within: 90) {
                        workstation.has("loggedIn", version: "2.0")
                    }
                    return line.bytesRelayed - before
                }
                let (deltas, pack) = try await published(story)
                let (one, two) = (try #require(deltas["1.1"]), try #require(deltas["1.0"]))
                #expect(Set(deltas.keys) == ["1.0", "1.1"] && one > Self.fresh && two > one + Self.fresh / 2)
                #expect(pack > 10 * two)

                let first = try await cost(of: others[0])
                #expect(first >= one && first < one + Self.metadata, "\(first), the delta has \(one)")
                let second = try await cost(of: others[1])
                #expect(second < Self.metadata, "\(second)")
                let far = try await cost(of: behind)
                #expect(far >= two && far < two + Self.metadata, "\(far), the delta has \(two)")
                let kept = try mirrored(story)
                #expect(kept.contains(one) && kept.contains(two) && kept.allSatisfy { $0 < pack / 2 })

                for workstation in others + [behind] {
                    #expect(try stage.fileSystem.read(workstation.client.appending("data"), limit: 1 << 22) == data)
                }
                await line.stop()
            }
        }
    }
}
