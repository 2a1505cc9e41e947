// SPDX-License-Identifier: Apache-2.0
import ObjectStore
import Platform
import SystemPackage
import TUF
import TestSupport
import Testing

@Suite("The store that breaks when told to")
struct MemoryStoreTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(
        _ path: String, _ text: String, _ condition: UploadPlan.Condition, to store: MemoryStore, sha256: String? = nil
    ) async -> StoreError.Code? {
        let (bytes, file) = (Array(text.utf8), folder / "content")
        do {
            try POSIXFileSystem().replace(file, with: bytes, permissions: 0o600)
            let object = ObjectWrite(
                path: path, size: Int64(bytes.count), sha256: sha256 ?? sha256Hex(bytes), contentType: "",
                cacheControl: "", condition: condition)
            try await store.write(object, from: try POSIXFileSystem().openForReading(file))
            return nil
        } catch {
            return (error as? StoreError)?.code
        }
    }

    @Test("Conditions are held to, and a content that is not the announced one is refused")
    func conditions() async throws {
        let store = MemoryStore()
        #expect(await write("a", "1", .absent, to: store) == nil)
        #expect(await write("a", "2", .absent, to: store) == .changed)
        let etag = try #require(try await store.attributes(of: "a")?.etag)
        #expect(await write("a", "2", .unchanged(etag: etag), to: store) == nil)
        #expect(await write("a", "3", .unchanged(etag: etag), to: store) == .changed)
        #expect(await write("b", "3", .unchanged(etag: etag), to: store) == .changed)
        #expect(await write("a", "3", .none, to: store, sha256: sha256Hex([])) == .refused(400))
        #expect(store.bytes("a") == Array("2".utf8) && store.paths == ["a"])
    }

    @Test("It goes down at the change it is told, loses an answer, and lets somebody in between")
    func faults() async throws {
        let store = MemoryStore()
        store.set(.down(at: 2))
        #expect(await write("a", "1", .absent, to: store) == nil)
        #expect(await write("b", "1", .absent, to: store) == .unreachable)
        await #expect(throws: StoreError.self) { try await store.list() }
        store.set(.answerLost(at: 1))
        #expect(await write("b", "1", .absent, to: store) == .changed)
        #expect(store.bytes("b") != nil)
        store.set(.somebody(at: 1) { $0.plant("c", [9]) })
        #expect(await write("c", "1", .absent, to: store) == .changed)
        #expect(store.bytes("c") == [9])
    }
}
