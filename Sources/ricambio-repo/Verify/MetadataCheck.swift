// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import Crypto
internal import Foundation
internal import TUF

/// Reads all metadata of a repository from a root that was given beforehand, and goes on after what is wrong: an owner
/// wants to know everything, where a client stops at the first.
struct MetadataCheck {
    let source: any Fetcher
    /// Ends with a slash.
    let url: String
    let now: Date
    var report = Report()
    /// Every target that a role lists and may list.
    private(set) var targets: [(role: String, file: TargetFile)] = []

    private static let limit = 256 << 20

    init(source: any Fetcher, url: String, now: Date) {
        self.source = source
        self.url = url
        self.now = now
    }

    mutating func run(trustedRoot: [UInt8]) async {
        guard let root = await roots(from: trustedRoot),
            let stamp = await load("metadata/timestamp.json", "timestamp", root[.timestamp], as: Timestamp.self),
            let list = await load(
                "metadata/\(stamp.snapshot.version).snapshot.json", "snapshot", root[.snapshot], as: Snapshot.self,
                meta: stamp.snapshot)
        else { return }
        var delegated: Set<String> = ["targets.json"]
        var queue: [(role: String, keys: RoleKeys, parent: Targets?)] = [("targets", root[.targets], nil)]
        while !queue.isEmpty {
            let (role, keys, parent) = queue.removeFirst()
            guard let meta = list.file("\(role).json") else {
                report.wrong("metadata", "The snapshot does not list \(role), to which something is delegated.")
                continue
            }
            let path = "metadata/\(meta.version).\(percentEncoded(role)).json"
            guard let content = await load(path, role, keys, as: Targets.self, meta: meta) else { continue }
            collect(content, role: role, parent: parent, at: path)
            for next in content.delegations?.roles ?? [] where delegated.insert("\(next.name).json").inserted {
                queue.append((next.name, next.keys, content))
            }
        }
        for name in list.fileNames where !delegated.contains(name) {
            report.note("metadata", "The snapshot lists \(name), to which nothing is delegated.")
        }
    }

    private mutating func collect(_ content: Targets, role: String, parent: Targets?, at place: String) {
        for path in content.paths {
            do {
                guard let file = try content.target(path) else { continue }
                if let delegations = parent?.delegations,
                    !delegations.roles(for: path).contains(where: { $0.name == role })
                {
                    report.wrong(place, "\(role) lists \(path), for which it may not speak: no client finds it.")
                } else {
                    targets.append((role, file))
                }
            } catch {
                report.wrong(place, "\(error).")
            }
        }
    }

    /// The newest root, through every one in between.
    private mutating func roots(from trusted: [UInt8]) async -> Root? {
        var current: Root
        do {
            let document = try SignedMetadata(parsing: trusted, role: "root")
            current = try document.unchecked(as: Root.self, role: "root")
            try document.verify(by: current[.root], role: "root")
        } catch {
            report.wrong("the trusted root", "\(error).")
            return nil
        }
        var newest = trusted
        while true {
            let path = "metadata/\(current.version + 1).root.json"
            guard let bytes = await bytes(path, isOptional: true) else { break }
            report.reached.insert(path)
            do {
                let document = try SignedMetadata(parsing: bytes, role: "root")
                try document.verify(by: current[.root], role: "root")
                let next = try document.unchecked(as: Root.self, role: "root")
                try document.verify(by: next[.root], role: "root")
                guard next.version == current.version + 1 else {
                    report.wrong(path, "It says version \(next.version).")
                    return current
                }
                (current, newest) = (next, bytes)
            } catch {
                report.wrong(path, "\(error); every client stops here.")
                return current
            }
        }
        note("root", current.header, at: "metadata/\(current.version).root.json")
        if let alias = await bytes("metadata/root.json", isOptional: true), alias != newest {
            report.warn("metadata/root.json", "It is not the newest root, \(current.version).")
        }
        report.reached.insert("metadata/root.json")
        return current
    }

    private mutating func load<Content: RoleMetadata>(
        _ path: String, _ role: String, _ keys: RoleKeys, as type: Content.Type, meta: MetaFile? = nil
    ) async -> Content? {
        report.reached.insert(path)
        guard let bytes = await bytes(path) else { return nil }
        if let length = meta?.length, length != Int64(bytes.count) {
            report.wrong(path, "It is \(bytes.count) bytes long, \(length) were signed for.")
        }
        if let promised = meta?.hashes?["sha256"], promised.lowercased() != sha256Hex(bytes) {
            report.wrong(path, "Its SHA-256 is not the one that was signed for.")
        }
        do {
            let document = try SignedMetadata(parsing: bytes, role: role)
            do {
                try document.verify(by: keys, role: role)
            } catch {
                report.wrong(path, "\(error).")
            }
            let content = try document.unchecked(as: type, role: role)
            if let version = meta?.version, version != content.version {
                report.wrong(path, "It says version \(content.version), the file that lists it says \(version).")
            }
            note(role, content.header, at: path)
            return content
        } catch {
            report.wrong(path, "\(error).")
            return nil
        }
    }

    private mutating func note(_ role: String, _ header: MetadataHeader, at path: String) {
        let end = MetadataDate.format(header.expires)
        report.roles.append(.init(role: role, version: header.version, expires: end))
        let days = header.expires.timeIntervalSince(now) / 86_400
        // Those two are renewed by a cron job: two days without it are worth a word.
        let warning = role == "timestamp" ? 2.0 : role == "snapshot" ? 5.0 : 60.0
        if days <= 0 {
            report.wrong(path, "It expired at \(end): clients trust nothing behind it any more.")
        } else if days < warning {
            report.warn(path, "It expires at \(end).")
        }
    }

    private mutating func bytes(_ path: String, isOptional: Bool = false) async -> [UInt8]? {
        do {
            return try await source.bytes(url + path, limit: Self.limit)
        } catch {
            if !isOptional || error.code != .notFound { report.wrong(path, "It cannot be read: \(error.reason).") }
            return nil
        }
    }
}
