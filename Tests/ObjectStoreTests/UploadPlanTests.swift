// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ObjectStore

private let hash = String(repeating: "a", count: 64)
private let other = String(repeating: "b", count: 64)

private func file(_ path: String, _ size: Int64 = 10, etag: String? = nil) -> StoredFile {
    StoredFile(path: path, size: size, etag: etag)
}

/// One file of each kind, in an order that is wrong.
private let repository = [
    file("metadata/timestamp.json"), file("metadata/root.json"), file("metadata/2.snapshot.json"),
    file("metadata/1.root.json"), file("metadata/10.root.json"), file("metadata/2.root.json"),
    file("metadata/2.om-business.json"),
    file("targets/om-business/2.0/\(hash).server-linux-x86_64.tree.zst"),
    file("targets/om-business/channels/\(hash).stable.json"), file("packs/\(other)"), file("packs/\(hash)", 0),
]

@Suite("The plan of an upload")
struct UploadPlanTests {
    private func code(_ local: [StoredFile], _ remote: [StoredFile] = []) -> UploadError.Code? {
        do throws(UploadError) {
            _ = try UploadPlan(local: local, remote: remote)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("Packs go first, then targets, then metadata, then the newest root, and timestamp.json last")
    func order() throws {
        let puts = try UploadPlan(local: repository, remote: []).puts
        #expect(
            puts.map(\.path) == [
                "packs/\(hash)", "packs/\(other)", "targets/om-business/2.0/\(hash).server-linux-x86_64.tree.zst",
                "targets/om-business/channels/\(hash).stable.json", "metadata/2.om-business.json",
                "metadata/2.snapshot.json", "metadata/1.root.json", "metadata/2.root.json", "metadata/10.root.json",
                "metadata/root.json", "metadata/timestamp.json",
            ])
    }

    @Test("Roots go one by one, so that readers never find a gap; they follow the timestamp while both are believed")
    func roots() throws {
        let stages = try UploadPlan(local: repository, remote: [], rootsFirst: false).stages.map { $0.map(\.path) }
        #expect(
            stages.suffix(5) == [
                ["metadata/timestamp.json"], ["metadata/1.root.json"], ["metadata/2.root.json"],
                ["metadata/10.root.json"], ["metadata/root.json"],
            ])
    }

    @Test("What never changes is cached for ever, what is replaced for seconds; each has its content type")
    func headers() throws {
        let puts = try UploadPlan(local: repository, remote: []).puts
        for put in puts {
            let isReplaced = ["metadata/root.json", "metadata/timestamp.json"].contains(put.path)
            #expect(
                put.stage.cacheControl
                    == (isReplaced ? "public, max-age=5" : "public, max-age=31536000, immutable"), "\(put.path)")
        }
        #expect(puts[0].contentType == "application/octet-stream")
        #expect(puts[2].contentType == "application/zstd")
        #expect(puts[3].contentType == "application/json")
    }

    @Test("A first upload writes only where nothing is, the timestamp included")
    func first() throws {
        let plan = try UploadPlan(local: repository, remote: [])
        for put in plan.puts { #expect(put.condition == (put.stage == .latestRoot ? .none : .absent), "\(put.path)") }
        #expect(plan.bytes == 100)
    }

    @Test(
        "The timestamp is replaced only while it is the one that was listed, so two publishers do not overwrite one another"
    )
    func replacement() throws {
        let stored = repository.map { file($0.path, $0.size, etag: "\"\($0.path)\"") }
        let puts = try UploadPlan(local: repository, remote: stored).puts
        #expect(puts.map(\.path) == ["metadata/root.json", "metadata/timestamp.json"])
        #expect(puts.last?.condition == .unchanged(etag: "\"metadata/timestamp.json\""))
        #expect(code(repository, [file("metadata/timestamp.json")]) == .conflict)
        #expect(
            try UploadPlan(local: repository, remote: stored).toCompare.map(\.path) == [
                "metadata/1.root.json", "metadata/10.root.json", "metadata/2.om-business.json", "metadata/2.root.json",
                "metadata/2.snapshot.json",
            ], "their names do not tell their content")
    }

    @Test("An upload that stopped anywhere is taken up with what is missing, in the same order")
    func resumed() throws {
        let whole = try UploadPlan(local: repository, remote: []).puts
        for done in 0..<whole.count {
            let stored = whole.prefix(done).map { file($0.path, $0.size, etag: "\"1\"") }
            let rest = try UploadPlan(local: repository, remote: stored).puts
            let missing = whole.dropFirst(done).map(\.path)
            #expect(
                rest.map(\.path)
                    == (missing.contains("metadata/root.json") ? missing : ["metadata/root.json"] + missing))
        }
    }

    @Test("A file that never changes and is there in another size stops everything")
    func conflict() {
        #expect(code(repository, [file("packs/\(other)", 11)]) == .conflict)
        #expect(code(repository, [file("metadata/2.snapshot.json", 11)]) == .conflict)
        #expect(code(repository, [file("metadata/root.json", 11)]) == nil)
    }

    @Test(
        "What is no file of a repository is never uploaded",
        arguments: [
            "keys/root.pem", "root.pem", "packs/notes.txt", "packs/\(hash)/x", "targets/om-business/stable.json",
            "targets/\(hash).stable.json", "metadata/keys.pem", "metadata/0.root.json", "metadata/01.root.json",
            "metadata/1..json/x", "metadata/1.json", "targets/../\(hash).x", "targets//\(hash).x", "timestamp.json",
            "packs/\(String(repeating: "A", count: 64))",
        ])
    func misplaced(_ path: String) {
        #expect(code(repository + [file(path)]) == .incomplete)
    }

    @Test("What is removed is what the repository does not have any more: never roots, never what is somebody else's")
    func removals() {
        let strange = [file("index.html"), file("packs/notes.txt"), file("targets/x.json")]
        let removals = UploadPlan.removals(keeping: ["packs/\(other)"], remote: repository + strange)
        #expect(
            removals.map(\.path) == [
                "metadata/2.om-business.json", "metadata/2.snapshot.json",
                "targets/om-business/2.0/\(hash).server-linux-x86_64.tree.zst",
                "targets/om-business/channels/\(hash).stable.json", "packs/\(hash)",
            ], "what leads somewhere goes before where it leads")
    }

    @Test("Without a timestamp nothing is uploaded")
    func noTimestamp() {
        #expect(code(repository.filter { $0.path != "metadata/timestamp.json" }) == .incomplete)
    }

    @Test("A publication that somebody else made is not taken back")
    func older() throws {
        try UploadPlan.checkNotOlder(local: 1, remote: nil)
        try UploadPlan.checkNotOlder(local: 2, remote: 2)
        try UploadPlan.checkNotOlder(local: 3, remote: 2)
        #expect(throws: UploadError.self) { try UploadPlan.checkNotOlder(local: 2, remote: 3) }
    }
}
