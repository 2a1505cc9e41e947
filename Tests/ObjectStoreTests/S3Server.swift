// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import HTTPFetcher
import Platform
import Synchronization
import SystemPackage
import TestSupport

@testable import ObjectStore

struct S3ServerError: Error, CustomStringConvertible {
    var description: String
}

/// A clock that lets nobody wait, and counts who would have.
final class ImpatientClock: WallClock {
    private let asked = Mutex<[Double]>([])

    var pauses: [Double] { asked.withLock { $0 } }
    var now: Date { Date() }
    var monotonicSeconds: Double { SystemWallClock().monotonicSeconds }

    func sleep(seconds: Double) async throws {
        asked.withLock { $0.append(seconds) }
        try Task.checkCancellation()
    }
}

/// A real S3 API server (moto) on an unused port, with one bucket that everybody may read.
final class S3Server: Sendable {
    static let bucket = "releases"
    static let credentials = Credentials(accessKeyID: "ID", secretAccessKey: "secret")

    let url: String
    let client: HTTPClient
    private let process: any ProcessHandle
    private let folder: TemporaryFolder

    init() async throws {
        let root = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
        let python =
            ProcessInfo.processInfo.environment["RICAMBIO_TEST_PYTHON"].map { FilePath($0) }
            ?? root.appending(".venv").appending("bin").appending("python")
        let server = python.removingLastComponent().appending("moto_server")
        guard FileManager.default.isExecutableFile(atPath: server.string) else {
            throw S3ServerError(
                description: "There is no \(server): run “make bootstrap”, or “make test”, which does it by itself.")
        }
        folder = try TemporaryFolder()
        let log = folder / "log"
        process = try POSIXProcesses().launch(
            Launch(
                [server.string, "-H", "127.0.0.1", "-p", "0"], environment: ["PYTHONUNBUFFERED": "1"],
                workingDirectory: folder.path, outputFile: log))
        url = try await Self.address(in: log, of: process)
        client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: HTTPFetcher.configuration(HTTPFetcherOptions()))
        var request = HTTPClientRequest(url: "\(url)/\(Self.bucket)")
        request.method = .PUT
        request.headers.add(name: "x-amz-acl", value: "public-read")
        _ = try await client.execute(request, timeout: .seconds(30))
    }

    deinit {
        process.kill()
        client.shutdown { _ in }
    }

    func bucket(_ prefix: String = "", name: String = S3Server.bucket) throws -> S3Bucket {
        try S3Bucket(address: "s3://\(name)/\(prefix)", endpoint: url, region: "us-east-1")
    }

    func store(
        _ prefix: String = "", name: String = S3Server.bucket, partBytes: Int64 = S3Store.partBytes
    ) throws -> S3Store {
        S3Store(
            try bucket(prefix, name: name), credentials: Self.credentials, client: client, clock: SystemWallClock(),
            partBytes: partBytes)
    }

    func get(_ path: String) async throws -> (status: Int, headers: [String: String], body: [UInt8]) {
        let response = try await client.execute(HTTPClientRequest(url: url + path), timeout: .seconds(30))
        let headers = Dictionary(
            response.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
        return (
            Int(response.status.code), headers,
            Array((try await response.body.collect(upTo: 1 << 24)).readableBytesView)
        )
    }

    private static func address(in log: FilePath, of process: any ProcessHandle) async throws -> String {
        for _ in 0..<1200 {
            let text = (try? String(contentsOfFile: log.string, encoding: .utf8)) ?? ""
            let prefix = " * Running on "
            if let line = text.split(separator: "\n").first(where: { $0.hasPrefix(prefix) }) {
                return String(line.dropFirst(prefix.count))
            }
            guard process.isRunning else { throw S3ServerError(description: "The S3 server ended: \(text)") }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw S3ServerError(description: "The S3 server did not say where it is.")
    }
}
