// SPDX-License-Identifier: Apache-2.0
import Packaging
import Platform
import SystemPackage

/// Any bytes as a delta between two trees that are right: refused by an error of this library, and then nothing wrong is left,
/// or every file that it carries is made.
///
/// The first byte says between which trees, and in its lowest bit whether the delta follows as it is or, since zstd hides a
/// control from the fuzzer, the control's length (two bytes), the control uncompressed, and the frames.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDelta(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: data, count: count))
    guard let first = input.first else { return 0 }
    let (old, new) = trees[Int(first >> 1) % trees.count]
    var delta = Array(input.dropFirst())
    if first & 1 == 1 {
        guard delta.count >= 2 else { return 0 }
        let length = Int(delta[0]) | Int(delta[1]) << 8
        let control = Array(delta.dropFirst(2).prefix(length))
        let frame = storedFrame(control)
        delta =
            Array("RICDELTA".utf8) + [1] + number(control.count) + number(frame.count) + frame
            + delta.dropFirst(2 + control.count)
    }
    let files = MemoryFiles(old.files.merging([("/delta", delta)]) { $1 })
    do throws(PackagingError) {
        try DeltaApplier(fileSystem: files).apply(
            "/delta", from: old.entries, in: "/old", to: new.entries, into: "/new")
    } catch {
        return 0
    }
    for entry in new.entries {
        guard case .file(let size, let sha256, _) = entry.kind else { continue }
        guard let content = files.content("/new/" + entry.path) else { continue }
        precondition(content.count == size && ContentHash.sha256(content) == sha256, "what is left is right")
    }
    return 0
}

private struct SmallTree {
    var entries: [TreeEntry] = []
    /// With `/old/` before their paths.
    var files: [String: [UInt8]] = [:]

    init(_ contents: [(String, [UInt8])]) {
        for (path, content) in contents.sorted(by: { $0.0 < $1.0 }) {
            let kind = TreeEntry.Kind.file(
                size: Int64(content.count), sha256: ContentHash.sha256(content), permissions: 0o644)
            entries.append(TreeEntry(path: path, kind: kind))
            files["/old/" + path] = content
        }
    }
}

/// Those of the vectors, and a program of 64 KiB that became one of 70,000 bytes.
private let trees: [(old: SmallTree, new: SmallTree)] = {
    func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16)
        }
    }
    func tree(_ files: [(String, String)]) -> SmallTree { SmallTree(files.map { ($0.0, bytes($0.1)) }) }
    var state: UInt64 = 1
    let noise = (0..<65_536).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1
        // Bytes of calls and of small numbers are more frequent than others, as in code.
        let byte = UInt8(truncatingIfNeeded: state >> 56)
        return byte & 7 == 0 ? 0xE8 : byte & 7 < 4 ? byte >> 6 : byte
    }
    return vectors.map { (tree($0.old), tree($0.new)) } + [
        (SmallTree([("run", noise)]), SmallTree([("run", [UInt8](repeating: 0, count: 70_000))]))
    ]
}()

private func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

/// A zstd frame that stores instead of compressing; `bytes` are fewer than a block may have.
private func storedFrame(_ bytes: [UInt8]) -> [UInt8] {
    let header = bytes.count << 3 | 1
    return [0x28, 0xB5, 0x2F, 0xFD, 0xA0] + number(bytes.count)
        + (0..<3).map { UInt8(truncatingIfNeeded: header >> (8 * $0)) } + bytes
}
