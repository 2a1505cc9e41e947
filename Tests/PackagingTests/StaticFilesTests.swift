// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import ricambio_repo

@Suite struct StaticFilesTests {
    private let folder: TemporaryFolder
    private let content = noise(700_000)

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("repository/public/packs/abc", content)
        try folder.write("repository/public/metadata/1.a b.json", "{}")
        try folder.write("repository/public/empty", "")
        try folder.write("repository/keys/root-1.pem", "secret")
        try folder.link("repository/public/keys", to: "../keys")
        try folder.link("repository/public/packs/link", to: "abc")
    }

    private func get(
        _ uri: String, _ method: HTTPRequest.Method = .get, _ headers: HTTPFields = [:],
        check: @escaping @Sendable (TestResponse) throws -> Void
    ) async throws {
        let application = ServeCommand.application(
            folder / "repository/public", port: 0, fileSystem: files, isReady: { _ in })
        try await application.test(.live) { client in
            try await client.execute(uri: uri, method: method, headers: headers) { try check($0) }
        }
    }

    @Test("A file is served whole, with its length and a tag")
    func whole() async throws {
        let content = content
        try await get("/packs/abc") { response in
            #expect(response.status == .ok)
            #expect(Array(response.body.readableBytesView) == content)
            #expect(response.headers[.contentLength] == "700000")
            #expect(response.headers[.acceptRanges] == "bytes")
        }
        try await get("/metadata/1.a%20b.json?x=1") { response in
            #expect(response.status == .ok)
            #expect(response.headers[.contentType] == "application/json")
        }
        try await get("/empty") { #expect($0.status == .ok && $0.body.readableBytes == 0) }
    }

    @Test("A range is served as 206 with exactly its bytes")
    func range() async throws {
        let content = content
        try await get("/packs/abc", .get, [.range: "bytes=300000-600001"]) { response in
            #expect(response.status == .partialContent)
            #expect(Array(response.body.readableBytesView) == Array(content[300_000...600_001]))
            #expect(response.headers[.contentRange] == "bytes 300000-600001/700000")
        }
        try await get("/packs/abc", .get, [.range: "bytes=699999-"]) { response in
            #expect(response.status == .partialContent && response.body.readableBytes == 1)
        }
        try await get("/packs/abc", .get, [.range: "bytes=700000-"]) { response in
            #expect(response.status == .rangeNotSatisfiable)
            #expect(response.headers[.contentRange] == "bytes */700000")
        }
        try await get("/packs/abc", .get, [.range: "bytes=1-2", .ifRange: "\"other\""]) { response in
            #expect(response.status == .ok && response.body.readableBytes == 700_000)
        }
    }

    @Test("HEAD says what GET would, without a body, and knows no ranges")
    func head() async throws {
        try await get("/packs/abc", .head, [.range: "bytes=1-2"]) { response in
            #expect(response.status == .ok && response.body.readableBytes == 0)
            #expect(response.headers[.contentLength] == "700000")
        }
    }

    @Test("What has not changed is not sent again")
    func notModified() async throws {
        let application = ServeCommand.application(
            folder / "repository/public", port: 0, fileSystem: files, isReady: { _ in })
        try await application.test(.live) { client in
            let tag = try await client.execute(uri: "/packs/abc", method: .head).headers[.eTag] ?? ""
            let again = try await client.execute(
                uri: "/packs/abc", method: .get, headers: [.ifNoneMatch: "\"x\", \(tag)"])
            #expect(again.status == .notModified)
            let other = try await client.execute(uri: "/packs/abc", method: .get, headers: [.ifNoneMatch: "\"x\""])
            #expect(other.status == .ok)
        }
    }

    @Test("Nothing but GET and HEAD is allowed")
    func methods() async throws {
        try await get("/packs/abc", .put) { #expect($0.status == .methodNotAllowed) }
        try await get("/packs/abc", .delete) { #expect($0.status == .methodNotAllowed) }
    }

    @Test(
        "Nothing outside the folder, no symlink and no folder is served: path traversal",
        arguments: [
            "/../keys/root-1.pem", "/%2e%2e/keys/root-1.pem", "/packs/..%2f..%2fkeys/root-1.pem",
            "/packs/../../keys/root-1.pem", "/keys/root-1.pem", "/packs/link", "/packs", "/packs/", "/", "//packs/abc",
            "/packs/abc/", "/packs/./abc", "/%", "/%0", "/%zz", "/packs/abc%00", "/%ff", "/packs/%2e%2e/empty",
            "/packs%5c..%5cempty", "packs/abc", "", "*",
        ])
    func traversal(target: String) throws {
        let server = StaticFiles(root: folder / "repository/public", fileSystem: files)
        #expect(try server.find(target) == nil)
        #expect(try server.find("/packs/abc") != nil)
    }
}
