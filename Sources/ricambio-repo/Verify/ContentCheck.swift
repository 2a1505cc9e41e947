// SPDX-License-Identifier: Apache-2.0
internal import Crypto
internal import Packaging
internal import Platform
internal import SystemPackage
internal import TUF

/// Reads everything that the metadata vouches for: each target by its hash, documents that must agree with one
/// another, and each pack by the hash that a tree gives.
struct ContentCheck {
    let source: any Fetcher
    /// Ends with a slash.
    let url: String
    /// Where packs are unpacked, to hash every file in them; `nil` leaves that out.
    let workshop: FilePath?
    let fileSystem: any FileSystem
    var report: Report

    private var channels: [ChannelDocument] = []
    private var releases: [String: ReleaseDocument] = [:]
    private var trees: [String: Tree] = [:]
    private var products: Set<String> = []

    init(
        source: any Fetcher, url: String, workshop: FilePath?, fileSystem: any FileSystem, report: Report
    ) {
        self.source = source
        self.url = url
        self.workshop = workshop
        self.fileSystem = fileSystem
        self.report = report
    }

    mutating func run(_ targets: [(role: String, file: TargetFile)]) async {
        for (_, target) in targets { await check(target) }
        for channel in channels { agree(channel) }
        for release in releases.values.sorted(by: { $0.version < $1.version }) { agree(release) }
        var seen: Set<String> = []
        for (path, tree) in trees.sorted(by: { $0.key < $1.key }) {
            let packs = [(tree.pack.sha256, tree.pack.length)] + tree.deltas.map { ($0.sha256, $0.length) }
            for (hash, length) in packs where seen.insert(hash).inserted {
                await checkPack(hash, length: length, namedBy: path)
            }
            if workshop != nil { await unpack(tree, at: path) }
        }
    }

    private mutating func check(_ target: TargetFile) async {
        let place = "targets/" + target.location(consistentSnapshot: true)
        report.reached.insert(place)
        report.targets += 1
        do {
            let bytes = try await source.bytes(url + place, limit: 512 << 20)
            do {
                try target.check(bytes)
                try read(target.path, bytes)
            } catch let error as TUFError {
                report.wrong(place, "\(error).")
            } catch let error as PackagingError {
                report.wrong(place, error.description)
            }
        } catch {
            report.wrong(place, "It cannot be read: \((error as? FetchError)?.reason ?? "\(error)").")
        }
    }

    private mutating func read(_ path: String, _ bytes: [UInt8]) throws {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count == 3 else { return report.note(path, "It is none of this format's documents.") }
        if parts[1] == "channels", parts[2].hasSuffix(".json") {
            let channel = try ChannelDocument.decoded(from: bytes)
            if channel.product != parts[0] || channel.channel + ".json" != parts[2] {
                report.wrong(path, "It is the channel \(channel.channel) of \(channel.product).")
            }
            channels.append(channel)
        } else if parts[2] == "release.json" {
            let release = try ReleaseDocument.decoded(from: bytes)
            if release.product != parts[0] || release.version != parts[1] {
                report.wrong(path, "It is release \(release.version) of \(release.product).")
            }
            releases["\(parts[0])/\(parts[1])"] = release
        } else if parts[2].hasSuffix(".tree.zst") {
            let tree = try Tree.decoded(fromCompressed: bytes)
            let own = RepositoryNames.tree(tree.component, tree.platform, tree.release, of: tree.product)
            if own != path { report.wrong(path, "It is the tree \(own).") }
            trees[path] = tree
        } else {
            report.note(path, "It is none of this format's documents.")
        }
    }

    private mutating func agree(_ channel: ChannelDocument) {
        let place = RepositoryNames.channel(channel.channel, of: channel.product)
        for version in channel.releases where releases["\(channel.product)/\(version)"] == nil {
            report.wrong(place, "It has \(version), of which there is no release.")
        }
        if channel.recalled.contains(channel.current) {
            report.note(place, "Its current release \(channel.current) is recalled: nothing is offered.")
        }
    }

    private mutating func agree(_ release: ReleaseDocument) {
        let place = RepositoryNames.release(release.version, of: release.product)
        for part in release.parts {
            guard let tree = trees[part.tree] else {
                report.wrong(place, "It names \(part.tree), which is not there or not readable.")
                continue
            }
            if tree.product != release.product || tree.release != release.version || tree.component != part.component
                || tree.platform != part.platform || tree.contentSHA256 != part.treeSHA256
                || tree.pack.length != part.packBytes || tree.installedBytes != part.installedBytes
            {
                report.wrong(place, "What it says of \(part.tree) is not what that tree is.")
            }
        }
        let isListed = channels.contains { $0.product == release.product && $0.releases.contains(release.version) }
        if !isListed { report.note(place, "No channel has this release; “prune” would drop it.") }
    }

    private mutating func checkPack(_ hash: String, length: Int64, namedBy tree: String) async {
        let place = RepositoryNames.pack(hash)
        report.reached.insert(place)
        report.packs += 1
        report.packBytes += length
        var count: Int64 = 0
        var digest = SHA256()
        do {
            try await source.fetch(FetchRequest(url: url + place)) { chunk in
                count += Int64(chunk.count)
                guard count <= length else {
                    throw FetchError(.tooLong, url: place, reason: "it is longer than the \(length) bytes of \(tree)")
                }
                chunk.withUnsafeBytes { digest.update(bufferPointer: $0) }
            }
        } catch {
            return report.wrong(place, "It cannot be read: \(error.reason).")
        }
        if count != length || hex(digest.finalize()) != hash {
            report.wrong(place, "Its content is not what \(tree) says (\(count) bytes, \(length) expected).")
        }
    }

    /// Builds the folder as a customer would; every file is hashed on the way.
    private mutating func unpack(_ tree: Tree, at path: String) async {
        guard let workshop else { return }
        let (pack, folder) = (workshop.appending("pack"), workshop.appending("folder"))
        do {
            for leftover in [pack, folder] { try fileSystem.removeTree(leftover) }
            let output = try fileSystem.openForWriting(pack, permissions: 0o600, resume: false)
            try await source.fetch(FetchRequest(url: url + RepositoryNames.pack(tree.pack.sha256))) {
                try output.write($0)
            }
            try output.close()
            try Stager(fileSystem: fileSystem).stage(tree, pack: pack, into: folder)
        } catch {
            report.wrong(path, "It cannot be unpacked: \(error).")
        }
    }
}
