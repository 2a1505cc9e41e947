// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import HTTPFetcher
import RicambioClient
import Stage
import SystemPackage
import TUF
import Testing

extension EndToEnd {
    @Suite("The agent's mirror", .serialized)
    struct MirrorTests {
        @Test("Forty workstations that fetch one pack at once, each another part, cost the vendor one download")
        func joined() async throws {
            try await withStage { stage in
                var release = ScriptApplication(version: "2.0")
                release.payloadBytes = 8_000_000
                let scene = try await ScriptScene(stage: stage, new: release)
                let agent = try await scene.begin()
                let (name, pack) = try largestPack(of: scene.vendor)
                let connection = try await AgentConnection(url: agent.url, trust: .fingerprint(agent.fingerprint))
                let login = LoginRequest(user: "admin", password: "a password of the stage")
                let answer = try await connection.post("login", login, as: LoginAnswer.self)
                let workstation = connection.with(token: answer.token)

                let before = scene.line.bytesRelayed
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<40 {
                        let part = number * 100_000..<pack.count - number * 50_000
                        group.addTask {
                            try await fetch(part, of: "\(agent.url)/v1/mirror/script/packs/\(name)", as: workstation)
                                == Array(pack[part])
                        }
                    }
                    for try await isRight in group { #expect(isRight) }
                }
                let relayed = scene.line.bytesRelayed - before
                #expect(relayed > pack.count && relayed < pack.count + pack.count / 10, "\(relayed) of \(pack.count)")
                await connection.shutdown()
            }
        }

        private func largestPack(of vendor: Vendor) throws -> (name: String, bytes: Data) {
            let packs = try FileManager.default.contentsOfDirectory(atPath: vendor.packs.string).map { name in
                (name: name, bytes: try Data(contentsOf: URL(fileURLWithPath: vendor.packs.appending(name).string)))
            }
            return try #require(packs.max { $0.bytes.count < $1.bytes.count })
        }

        /// Each workstation has connections of its own.
        private func fetch(_ part: Range<Int>, of url: String, as connection: AgentConnection) async throws -> [UInt8] {
            let fetcher = connection.fetcher()
            var bytes: [UInt8] = []
            let request = FetchRequest(url: url, offset: Int64(part.lowerBound), length: Int64(part.count))
            try await fetcher.fetch(request) { bytes += $0 }
            await fetcher.shutdown()
            return bytes
        }
    }
}
