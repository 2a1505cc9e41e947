// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// Bytes and time beside other tools, which get the trees as tars with sorted names.
struct PeerBench {
    let pair: Pair
    let workshop: Workshop

    /// bsdiff takes 17 times the old file, and hours for some inputs.
    private static let bsdiffSeconds = 240
    private static let bsdiffBytes = 6 << 30

    func run(_ release: PublishedPair, _ report: inout Report) throws {
        let packed = workshop.path + "/packed.zst"
        _ = try Child.run(["zstd", "-q", "-f", "-19", "--long=27", pair.newTar, "-o", packed])
        report.add(
            Measurement(
                name: "\(pair.package): full pack", value: release.packBytes, unit: "B", peer: "zstd -19 --long=27",
                peerValue: try bytes(of: packed), bar: 1.03))
        let patched = workshop.path + "/patch.zst"
        let zstd = try Child.run(
            ["zstd", "-q", "-f", "-19", "--long=31", "--patch-from=\(pair.oldTar)", pair.newTar, "-o", patched])
        var peers = [("zstd --patch-from", try bytes(of: patched))]
        peers.append(("xdelta3 -9", try xdelta()))
        if let bsdiff = try? bsdiff() { peers.append(("bsdiff", bsdiff)) }
        let best = peers.min { $0.1 < $1.1 }
        report.add(
            Measurement(
                name: "\(pair.package): delta, beside the best peer", value: release.deltaBytes, unit: "B",
                peer: best?.0, peerValue: best?.1, bar: 1))
        for (name, size) in peers where name != best?.0 {
            report.add(
                Measurement(
                    name: "\(pair.package): delta", value: release.deltaBytes, unit: "B", peer: name,
                    peerValue: size))
        }
        // Whole seconds say something only of work that takes many; the bar is for the large pair.
        report.add(
            Measurement(
                name: "\(pair.package): making the delta", value: release.deltaSeconds, unit: "s",
                peer: "zstd --patch-from", peerValue: zstd.seconds, bar: pair.package == "playwright" ? 1 : nil))
        if let chunks = try? casync() {
            report.add(
                Measurement(
                    name: "\(pair.package): delta, beside new chunks", value: release.deltaBytes, unit: "B",
                    peer: "casync", peerValue: chunks.bytes))
            report.add(
                Measurement(name: "\(pair.package): requests of casync for its chunks", value: chunks.count, unit: ""))
        } else {
            print("\(pair.package): casync does not run here")
        }
    }

    private func xdelta() throws -> Double {
        let file = workshop.path + "/patch.xdelta"
        _ = try Child.run(["xdelta3", "-e", "-9", "-f", "-B", "\(1 << 30)", "-s", pair.oldTar, pair.newTar, file])
        return try bytes(of: file)
    }

    private func bsdiff() throws -> Double {
        let file = workshop.path + "/patch.bsdiff"
        do {
            _ = try Child.run([
                "timeout", "\(Self.bsdiffSeconds)", "prlimit", "--as=\(Self.bsdiffBytes)", "bsdiff", pair.oldTar,
                pair.newTar, file,
            ])
        } catch {
            print(
                "\(pair.package): bsdiff left out, not done in \(Self.bsdiffSeconds) s and \(Self.bsdiffBytes >> 30) GiB"
            )
            throw error
        }
        return try bytes(of: file)
    }

    /// What the new version adds to a store that has the old one's chunks; each chunk is a file to fetch.
    private func casync() throws -> (bytes: Double, count: Double) {
        let store = workshop.path + "/chunks"
        func chunks() throws -> [String: Double] {
            var chunks: [String: Double] = [:]
            let files = FileManager.default.enumerator(atPath: store)
            while let file = files?.nextObject() as? String {
                if file.hasSuffix(".cacnk") { chunks[file] = try bytes(of: "\(store)/\(file)") }
            }
            return chunks
        }
        func make(_ folder: String, _ name: String) throws {
            _ = try Child.run(
                ["casync", "make", "--store=\(store)", "--without=all", "\(workshop.path)/\(name).caidx", folder])
        }
        try make(pair.old, "old")
        let before = try chunks()
        try make(pair.new, "new")
        let added = try chunks().filter { before[$0.key] == nil }
        return (added.values.reduce(0, +), Double(added.count))
    }
}
