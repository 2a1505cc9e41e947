// SPDX-License-Identifier: Apache-2.0
import TUF
import TestSupport
import Testing

/// A double that is wrong makes every test that uses it worthless.
@Suite("The simulated vendor")
struct RepositorySimulatorTests {
    private let vendor = RepositorySimulator()

    private func get(_ name: String) async throws(FetchError) -> [UInt8] {
        try await vendor.bytes(RepositorySimulator.metadataURL + name, limit: 1 << 20)
    }

    private func code(_ name: String, limit: Int = 1 << 20) async -> FetchError.Code? {
        do {
            _ = try await vendor.bytes(RepositorySimulator.metadataURL + name, limit: limit)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("Serves each role under its version, and 404 for any other")
    func serves() async throws {
        for name in ["1.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json", "targets.json"] {
            #expect(try await !get(name).isEmpty)
        }
        for name in ["2.root.json", "0.root.json", "2.snapshot.json", "1.nobody.json", "x"] {
            #expect(await code(name) == .notFound)
        }
        #expect(vendor.requests.count == 10)
    }

    @Test("Signs what it serves with the keys of its root")
    func signs() async throws {
        let root = try SignedMetadata(parsing: vendor.trustedRoot, role: "root")
            .unchecked(as: Root.self, role: "root")
        for (role, name) in [
            (TopLevelRole.root, "1.root.json"), (.timestamp, "timestamp.json"), (.snapshot, "1.snapshot.json"),
            (.targets, "1.targets.json"),
        ] {
            let document = try SignedMetadata(parsing: try await get(name), role: role.rawValue)
            #expect(throws: Never.self) { try document.verify(by: root[role], role: role.rawValue) }
        }
    }

    @Test("A published root stays what it was")
    func rootsAreFrozen() async throws {
        let first = try await get("1.root.json")
        vendor.rotateRoot { RepositorySimulator.replaceKeys(of: .timestamp, in: &$0) }
        #expect(try await get("1.root.json") == first)
        #expect(try await get("2.root.json") != first)
    }

    @Test("Fails, lies and never ends when told to")
    func hostile() async throws {
        vendor.change { $0.failures["timestamp.json"] = .stalled }
        #expect(await code("timestamp.json") == .stalled)
        vendor.change { $0.failures = [:] }
        vendor.change { $0.replaced["timestamp.json"] = [1, 2, 3] }
        #expect(try await get("timestamp.json") == [1, 2, 3])
        vendor.change { $0.endless = ["timestamp.json"] }
        #expect(await code("timestamp.json", limit: 100_000) == .tooLong)
        vendor.change { $0.endless = [] }
        vendor.change { $0.replaced = [:] }
        let clock = ManualClock()
        let before = clock.monotonicSeconds
        vendor.change { $0.dripping["timestamp.json"] = { clock.advance(by: 1) } }
        #expect(try await get("timestamp.json").count == Int(clock.monotonicSeconds - before))
    }

    @Test("Ranges give the bytes that were asked for")
    func ranges() async throws {
        let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }
        vendor.addTarget("a.bin", bytes)
        var got: [UInt8] = []
        let request = FetchRequest(url: RepositorySimulator.targetsURL + "a.bin", offset: 10, length: 3000)
        try await vendor.fetch(request) { got.append(contentsOf: $0) }
        #expect(got == Array(bytes[10..<3010]))
    }
}
