// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

@testable import Packaging

/// The vectors of docs/delta-format.md, read both ways.
@Suite struct DeltaVectorTests {
    private struct Vector {
        var old: [String: [UInt8]]
        var new: [String: [UInt8]]
        var delta: [UInt8]
    }

    private func bytes(_ hex: some StringProtocol) throws -> [UInt8] {
        let digits = Array(hex.utf8)
        return try stride(from: 0, to: digits.count, by: 2).map { index in
            try #require(UInt8(String(decoding: digits[index..<(index + 2)], as: UTF8.self), radix: 16))
        }
    }

    private func vectors() throws -> [Vector] {
        let root = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
        let text = String(
            decoding: try files.read(root.appending("docs/delta-format.md"), limit: 1 << 20), as: UTF8.self)
        func tree(_ cell: some StringProtocol) throws -> [String: [UInt8]] {
            var tree: [String: [UInt8]] = [:]
            for file in cell.split(separator: " ") where file != "–" {
                let parts = file.split(separator: "=", omittingEmptySubsequences: false)
                tree[String(parts[0])] = try bytes(parts[1])
            }
            return tree
        }
        return try text.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map { $0.filter { $0 != "`" } }
            guard cells.count == 3, cells[2].hasPrefix(" 524943") else { return nil }
            return Vector(
                old: try tree(cells[0]), new: try tree(cells[1]), delta: try bytes(cells[2].filter { $0 != " " }))
        }
    }

    @Test("Each vector makes its new tree")
    func read() throws {
        let vectors = try vectors()
        #expect(vectors.count >= 4)
        for vector in vectors {
            let stage = try DeltaStage(old: vector.old, new: vector.new)
            try stage.folder.write("delta", vector.delta)
            #expect(try stage.checkRoundTrip())
        }
    }

    @Test("Each vector's control is written as it was read")
    func write() throws {
        for vector in try vectors() where vector.delta.count > DeltaFormat.magic.count {
            let contents = try DeltaContents(
                from: try DeltaStage(old: vector.old, new: vector.new).old,
                to: try DeltaStage(old: vector.old, new: vector.new).new)
            let parts = try DeltaParts(vector.delta)
            let group = try DeltaGroup(
                decoding: parts.control, left: contents.carriedBytes, oldBytes: contents.oldBytes)
            #expect(group.encoded() == parts.control)
        }
    }
}
