// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import SystemPackage
import TUF
import TestSupport
import Testing

@testable import ObjectStore

/// Against a server of another make. It does not check signatures: those have tests of their own.
@Suite("An S3 API server")
struct S3StoreTests {
    private let folder: TemporaryFolder
    private let server: S3Server

    init() async throws {
        folder = try TemporaryFolder()
        server = try await S3Server()
    }

    private func write(
        _ path: String, _ bytes: [UInt8], _ condition: UploadPlan.Condition = .absent, to store: S3Store
    ) async -> StoreError.Code? {
        do {
            let file = folder / "content"
            try POSIXFileSystem().replace(file, with: bytes, permissions: 0o600)
            let object = ObjectWrite(
                path: path, size: Int64(bytes.count), sha256: sha256Hex(bytes), contentType: "application/json",
                cacheControl: "public, max-age=5", condition: condition)
            try await store.write(object, from: try POSIXFileSystem().openForReading(file))
            return nil
        } catch {
            return (error as? StoreError)?.code
        }
    }

    @Test("What is written is listed and read back, and readers get its content type and its lifetime in caches")
    func roundTrip() async throws {
        let store = try server.store("some/prefix")
        #expect(try await store.list() == [])
        #expect(await write("metadata/a~b%2Fc.json", Array("{}".utf8), to: store) == nil)
        #expect(await write("packs/empty", [], to: store) == nil)
        let listed = try await store.list()
        #expect(listed.map(\.path) == ["metadata/a~b%2Fc.json", "packs/empty"] && listed.map(\.size) == [2, 0])
        #expect(try await store.attributes(of: "metadata/a~b%2Fc.json") == listed[0])
        #expect(try await store.read("metadata/a~b%2Fc.json", limit: 10) == Array("{}".utf8))
        #expect(try await store.attributes(of: "absent") == nil)
        #expect(try await store.read("absent", limit: 10) == nil)
        let seen = try await server.get("/\(S3Server.bucket)/some/prefix/metadata/a~b%252Fc.json")
        #expect(seen.status == 200 && seen.body == Array("{}".utf8))
        #expect(seen.headers["content-type"] == "application/json")
        #expect(seen.headers["cache-control"] == "public, max-age=5")
        try await store.remove("packs/empty")
        try await store.remove("packs/empty")
        #expect(try await store.list().count == 1)
    }

    @Test("Conditional writes: only where nothing is, only while it is what it was")
    func conditions() async throws {
        let store = try server.store()
        #expect(await write("a", [1], to: store) == nil)
        #expect(await write("a", [2], to: store) == .changed)
        let etag = try #require(try await store.attributes(of: "a")?.etag)
        #expect(await write("a", [2], .unchanged(etag: etag), to: store) == nil)
        #expect(await write("a", [3], .unchanged(etag: etag), to: store) == .changed)
        #expect(try await store.read("a", limit: 10) == [2])
        #expect(await write("a", [4], .none, to: store) == nil)
    }

    @Test("A list of more than a page is read to its end")
    func pages() async throws {
        let store = try server.store("many")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<1005 {
                group.addTask {
                    let url = "/\(S3Server.bucket)/many/\(number)"
                    _ = try await store.requests.send("PUT", url, payload: .bytes([1]), limit: 1 << 16)
                }
                if number % 8 == 7 { try await group.waitForAll() }
            }
            try await group.waitForAll()
        }
        #expect(Set(try await store.list().map(\.path)) == Set((0..<1005).map(String.init)))
    }

    @Test("A large object goes in parts, is whole, and keeps to its condition")
    func parts() async throws {
        // S3 wants 5 MiB in each part but the last.
        let store = try server.store(partBytes: 5 << 20)
        let bytes = (0..<(11 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
        #expect(await write("packs/large", bytes, to: store) == nil)
        #expect(try await store.attributes(of: "packs/large")?.size == Int64(bytes.count))
        #expect(try await store.read("packs/large", limit: 12 << 20) == bytes)
        #expect(await write("packs/large", bytes, to: store) == .changed)
        let open = try await server.get("/\(S3Server.bucket)?uploads")
        #expect(!String(decoding: open.body, as: UTF8.self).contains("<UploadId>"), "nothing half done is left")
    }

    @Test("No such bucket, an answer that is too long, and a store that is not there are errors with words")
    func errors() async throws {
        let absent = try server.store(name: "no-such-bucket")
        await #expect(throws: StoreError(.notFound, "the store has no such bucket")) { try await absent.list() }
        let store = try server.store()
        #expect(await write("a", [UInt8](repeating: 1, count: 100_000), to: store) == nil)
        await #expect(throws: StoreError.self) { try await store.read("a", limit: 10) }
        let clock = ImpatientClock()
        let nobody = S3Store(
            try S3Bucket(address: "s3://releases", endpoint: "http://127.0.0.1:1", region: "us-east-1"),
            credentials: S3Server.credentials, client: server.client, clock: clock)
        do throws(StoreError) {
            _ = try await nobody.list()
            Issue.record("nobody answered, and it was no error")
        } catch {
            #expect(error.code == .unreachable && error.reason.contains("nobody answers"))
            #expect(clock.pauses == S3Requests.patience, "it was tried again, with patience")
        }
    }
}

@Suite("What stores answer")
struct S3MessageTests {
    @Test(
        "Answers become codes and words",
        arguments: [
            (403, "<Error><Code>SignatureDoesNotMatch</Code><Message>No.</Message></Error>", .denied),
            (403, "", .denied), (404, "<Error><Code>NoSuchBucket</Code></Error>", .notFound),
            (412, "<Error><Code>PreconditionFailed</Code></Error>", .changed),
            (400, "<Error><Code>RequestTimeout</Code></Error>", .refused(408)), (501, "", .refused(501)),
            (503, "<Error><Code>SlowDown</Code></Error>", .refused(503)), (500, "<html>", .refused(500)),
        ] as [(Int, String, StoreError.Code)])
    func errors(_ status: Int, _ body: String, _ code: StoreError.Code) {
        let error = S3Requests.error(status: status, S3Failure(Array(body.utf8)))
        #expect(error.code == code && !error.reason.isEmpty)
    }

    @Test("Only what passes by itself is tried again")
    func passing() {
        for code in [.unreachable, .refused(503), .refused(429), .refused(409), .refused(408)] as [StoreError.Code] {
            #expect(StoreError(code, "").isPassing)
        }
        for code in [.denied, .notFound, .changed, .refused(400), .refused(501)] as [StoreError.Code] {
            #expect(!StoreError(code, "").isPassing)
        }
    }

    @Test("A list that is none, or that breaks off, is not taken for an empty one")
    func lists() {
        let object = "<Contents><Key>p/a&amp;b</Key><Size>3</Size><ETag>&quot;x&quot;</ETag></Contents>"
        let list = { (inside: String) in
            ObjectList(
                Array("<?xml version=\"1.0\"?><ListBucketResult>\(inside)</ListBucketResult>".utf8), prefix: "p/")
        }
        #expect(list(object)?.files == [StoredFile(path: "a&b", size: 3, etag: "\"x\"")])
        #expect(list("<Contents><Key>p/a</Key></Contents>") == nil)
        #expect(list("<IsTruncated>true</IsTruncated>") == nil)
        #expect(
            list("<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>")?.continuation == "t"
        )
        for text in ["", "<html></html>", "<ListBucketResult>", "{}"] {
            #expect(ObjectList(Array(text.utf8), prefix: "") == nil, "\(text)")
        }
    }

    @Test("An entity from outside is not fetched, and one that grows without end is refused")
    func entities() {
        let outside = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><Error><Code>&x;</Code></Error>"
        #expect(S3Failure(Array(outside.utf8))?.code ?? "" == "")
        let entities = (1...20).map { "<!ENTITY e\($0) \"\(String(repeating: "&e\($0 - 1);", count: 10))\">" }.joined()
        let bomb = "<!DOCTYPE a [<!ENTITY e0 \"lol\">\(entities)]><Error><Code>&e20;</Code></Error>"
        #expect((S3Failure(Array(bomb.utf8))?.code.utf8.count ?? 0) < 1 << 20)
    }

    @Test(
        "Addresses that are none are refused with their words",
        arguments: [
            ("releases", "https://h"), ("s3://", "https://h"), ("s3://UP", "https://h"), ("s3://a//b", "https://h"),
            ("s3://abc/../b", "https://h"), ("s3://abc", "h"), ("s3://abc", "ftp://h"), ("s3://abc", "https://h/path"),
            ("s3://abc", "https://u:p@h"),
        ])
    func addresses(_ address: String, _ endpoint: String) {
        #expect(throws: StoreError.self) { try S3Bucket(address: address, endpoint: endpoint, region: "us-east-1") }
    }

    @Test("Addresses: prefix or not, the scheme's own port is left out, Amazon's own without an endpoint")
    func goodAddresses() throws {
        let bucket = try S3Bucket(address: "s3://abc/x/y/", endpoint: "https://H.example:443/", region: "eu-south-1")
        #expect(bucket.readersURL == "https://h.example/abc/x/y/" && bucket.path(of: "z") == "/abc/x/y/z")
        let own = try S3Bucket(address: "s3://abc", endpoint: nil, region: "eu-south-1")
        #expect(own.readersURL == "https://s3.eu-south-1.amazonaws.com/abc/")
        #expect(try S3Bucket(address: "s3://abc", endpoint: "http://[::1]:9000", region: "x").host == "[::1]:9000")
    }
}
