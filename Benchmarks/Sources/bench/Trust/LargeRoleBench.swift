// SPDX-License-Identifier: Apache-2.0
import Platform
internal import Crypto
internal import Foundation
internal import TUF
internal import TUFRepository

/// A targets role with a hundred thousand targets, refreshed by whole processes over HTTP.
struct LargeRoleBench {
    private static let targets = 100_000
    private static let rounds = 5

    let bin: String
    let python: String
    let peer: String

    func run(_ report: inout Report) throws {
        let workshop = try Workshop()
        let served = workshop.path + "/served"
        try Self.write(to: served)
        let (server, url) = try serve(served, workshop)
        defer { Child.end(server) }
        var (ours, theirs): ([Child], [Child]) = ([], [])
        for round in 0..<Self.rounds {
            let folder = "\(workshop.path)/ours-\(round)"
            _ = try Child.run(["\(bin)/tuf-client", "--metadata-dir", folder, "init", "\(served)/1.root.json"])
            ours.append(
                try Child.run(
                    ["\(bin)/tuf-client", "--metadata-url", url, "--metadata-dir", folder, "refresh"], isQuiet: false))
            theirs.append(
                try Child.run(
                    [python, peer, "\(served)/1.root.json", url, "\(workshop.path)/theirs-\(round)"], isQuiet: false))
        }
        report.add(
            Measurement(
                name: "refresh with \(Self.targets) targets", value: median(ours.map(\.seconds)), unit: "s", bar: 2))
        report.add(
            Measurement(
                name: "the same, resident", value: median(ours.map(\.residentBytes)) / 1e6, unit: "MB", bar: 300))
        report.add(
            Measurement(
                name: "the same, beside another client", value: median(ours.map(\.seconds)), unit: "s",
                peer: "python-tuf", peerValue: median(theirs.map(\.seconds))))
        report.add(
            Measurement(
                name: "the same, resident", value: median(ours.map(\.residentBytes)) / 1e6, unit: "MB",
                peer: "python-tuf", peerValue: median(theirs.map(\.residentBytes)) / 1e6))
    }

    private func serve(_ folder: String, _ workshop: Workshop) throws -> (pid: Int32, url: String) {
        let log = workshop.path + "/server.log"
        let pid = try Child.spawn(
            [python, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder], output: log)
        for _ in 0..<600 {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            if let start = text.range(of: "(http://"), let end = text.range(of: "/)") {
                return (pid, "http://" + text[start.upperBound..<end.lowerBound] + "/")
            }
            usleep(50_000)
        }
        Child.end(pid)
        throw BenchError("the server of the benchmark did not start")
    }

    private static func write(to folder: String) throws {
        let key = Ed25519Signer()
        let end = Date() + 86_400
        let root = EditableMetadata.root(
            keys: Dictionary(uniqueKeysWithValues: TopLevelRole.allCases.map { ($0, [key.key]) }), thresholds: [:],
            expires: end)
        var entries: [(String, JSONValue)] = []
        for number in 0..<targets {
            let hash = hex(SHA256.hash(data: Array("\(number)".utf8)))
            entries.append(
                (
                    "product-\(number % 100)/\(number)/server-linux-x86_64.tree.zst",
                    ["hashes": ["sha256": .string(hash)], "length": .integer(Int64(number))]
                ))
        }
        var targets = EditableMetadata.targets(expires: end)
        targets.signed["targets"] = .object(JSONObject(entries))
        let targetsBytes = try targets.document(signedBy: [key])
        var snapshot = EditableMetadata.snapshot(expires: end)
        snapshot.setMeta("targets.json", version: 1, bytes: targetsBytes)
        let snapshotBytes = try snapshot.document(signedBy: [key])
        var timestamp = EditableMetadata.timestamp(expires: end)
        timestamp.setMeta("snapshot.json", version: 1, bytes: snapshotBytes)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, bytes) in [
            ("1.root.json", try root.document(signedBy: [key])), ("1.targets.json", targetsBytes),
            ("1.snapshot.json", snapshotBytes), ("timestamp.json", try timestamp.document(signedBy: [key])),
        ] {
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
        }
    }
}
