// SPDX-License-Identifier: Apache-2.0
import SystemPackage
import TestSupport
import Testing

@testable import DeltaMaking
@testable import Packaging

@Suite struct DeltaTests {
    private func text(_ lines: Int, _ word: String = "line") -> [UInt8] {
        Array((0..<lines).map { "\(word) \($0 * $0)\n" }.joined().utf8)
    }

    @Test("A tree becomes the next one: changed, new, removed, renamed, moved, duplicated, emptied and empty files")
    func everything() throws {
        let stage = try DeltaStage(
            old: [
                "a.txt": text(2000), "b/c.bin": noise(50_000), "moved/x": noise(9000, seed: 3), "gone": text(10),
                "was-full": text(5), "was-empty": [], "same": noise(100), "è.txt": text(3, "è"),
            ],
            new: [
                "a.txt": text(1000) + Array("new\n".utf8) + text(2000), "b/c.bin": noise(50_000) + [1],
                "elsewhere/y": noise(9000, seed: 3), "elsewhere/z": noise(9000, seed: 3), "fresh": text(700, "fresh"),
                "fresh2": text(700, "fresh"), "was-full": [], "was-empty": text(2), "also-empty": [],
                "same": noise(100), "è.txt": text(4, "è"),
            ])
        let written = try #require(try stage.make())
        #expect(written.length == Int64(try stage.delta().count))
        #expect(written.sha256 == ContentHash.sha256(try stage.delta()))
        #expect(try stage.checkRoundTrip())
        let contents = try DeltaContents(from: stage.old, to: stage.new)
        #expect(contents.localCopies.map(\.path).contains("elsewhere/y"))
        #expect(contents.localCopies.first { $0.path == "elsewhere/z" }?.oldPath == "moved/x")
        #expect(contents.carried.contains { $0.paths == ["fresh", "fresh2"] })
        #expect(written.length < 9000)
    }

    @Test("Nothing new makes no delta, and no file")
    func nothing() throws {
        let stage = try DeltaStage(old: ["a": text(5), "b": []], new: ["c": text(5), "d": []])
        #expect(try stage.make() == nil)
        #expect(try files.attributes(of: stage.folder / "delta") == nil)
    }

    @Test("Only an empty file is new: the delta has no group")
    func onlyEmpty() throws {
        let stage = try DeltaStage(old: ["a": text(5)], new: ["b": []])
        try stage.make()
        #expect(try stage.delta() == DeltaFormat.magic)
        #expect(try stage.checkRoundTrip())
    }

    @Test("Everything is new, and the old tree is empty")
    func fromNothing() throws {
        let stage = try DeltaStage(old: [:], new: ["a": text(500), "b": noise(3), "c": [7]])
        try stage.make()
        #expect(try stage.checkRoundTrip())
    }

    @Test("Content longer than a segment, moved across segments", arguments: [3, 18])
    func segments(level: Int) throws {
        let old = noise(1 << 20)
        var changed = old
        for index in stride(from: 7, to: changed.count, by: 4096) { changed[index] &+= 1 }
        var big = changed + old[...(1 << 18)]
        for _ in 0..<16 { big += changed }
        let stage = try DeltaStage(old: ["big": old, "small": text(9)], new: ["big": big, "small": text(10)])
        let written = try #require(try stage.make(DeltaOptions(level: level)))
        #expect(written.segments == 5)
        #expect(written.length < 200_000)
        #expect(try stage.checkRoundTrip())
    }

    @Test("A maker's segments are all of the content, and none is one that a reader refuses")
    func segmentLengths() {
        for length in [1, 2 << 20, (2 << 20) + 1, 3 << 20, 7 << 20, 16 << 20, (200 << 20) + 12_345] as [Int64] {
            let segments = GroupPlan.segments(length)
            #expect(segments.first?.lowerBound == 0 && segments.last?.upperBound == length)
            #expect(zip(segments, segments.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
            #expect(segments.allSatisfy { $0.count <= DeltaFormat.segmentBytes })
            #expect(segments.dropLast().allSatisfy { $0.count >= DeltaFormat.smallestSegment })
        }
    }

    @Test("An old tree larger than the memory allowed is indexed in parts, and the result says so")
    func parts() throws {
        let stage = try DeltaStage(
            old: ["a": noise(40_000), "b": noise(40_000, seed: 2)],
            new: ["a": noise(40_000) + [1], "b": [1] + noise(40_000, seed: 2)])
        let written = try #require(try stage.make(DeltaOptions(level: 3, indexBytes: 100_000)))
        #expect(written.indexParts == 4)
        #expect(try stage.checkRoundTrip())
    }

    @Test("Where a program's functions moved, its calls and tables are predicted")
    func programs() throws {
        let old = program(functions: 2000, extra: 0, seed: 1)
        let new = program(functions: 2000, extra: 333, seed: 2)
        let stage = try DeltaStage(old: ["run": old], new: ["run": new])
        let written = try #require(try stage.make())
        let control = try DeltaParts(try stage.delta()).control
        let group = try DeltaGroup(decoding: control, left: .max, oldBytes: Int64(old.count))
        #expect(group.images.count == 1)
        #expect(try stage.checkRoundTrip())
        // Two thousand calls and two thousand pointers changed; none of them is in the delta.
        #expect(written.length < 1500)
    }

    @Test("An operand across a segment's end is left alone by both sides, also in what later segments lean on")
    func operandAcrossSegments() throws {
        let boundary = GroupPlan.segments(7 << 20)[0].count
        func code(extra: Int) -> [UInt8] { program(functions: 30_000, extra: extra, seed: 2) }
        // The last function that ends before it is moved so far that the operand of its call is on both sides.
        let first = code(extra: 0)
        let call = try #require(
            (0..<(boundary - 10)).last { first[$0] == 0xE8 && first[($0 + 5)..<($0 + 8)] == [0x48, 0x8B, 0x05] })
        var new = code(extra: boundary - 2 - call)
        try #require(new[boundary - 2] == 0xE8)
        // What the place would be if all were made absolute in one piece comes again behind the code: a maker that thinks so
        // leans on it.
        let side = try #require(new.withUnsafeBytes { ELFImage.side(of: $0, at: 0) })
        let image = DeltaImage(old: .init(low: 0, high: 0, ranges: []), new: side)
        var absolute = new
        absolute.withUnsafeMutableBytes {
            DeltaPrediction(DeltaGroup(length: Int64(new.count), images: [image], copies: []))
                .rewrite($0, at: 0, toAbsolute: true)
        }
        try #require(absolute[boundary..<(boundary + 2)] != new[boundary..<(boundary + 2)])
        new += [UInt8](repeating: 0, count: 5 << 20) + absolute[(boundary - 9000)..<(boundary + 9000)]
        let stage = try DeltaStage(old: ["run": noise(100)], new: ["run": new])
        let written = try #require(try stage.make(DeltaOptions(level: 9)))
        #expect(written.segments > 2)
        #expect(try stage.checkRoundTrip())
    }

    @Test("The same trees give the same delta")
    func deterministic() throws {
        let stage = try DeltaStage(old: ["a": text(900), "b": noise(70)], new: ["a": text(901), "b": noise(71)])
        let first = try stage.make()
        try files.remove(stage.folder / "delta")
        #expect(try stage.make() == first)
    }

    @Test("A program's mode is carried")
    func permissions() throws {
        var stage = try DeltaStage()
        try stage.folder.write("new/run", noise(10), permissions: 0o755)
        try stage.folder.write("new/other/run", noise(10), permissions: 0o644)
        try stage.scan()
        try stage.make()
        #expect(try stage.checkRoundTrip())
    }
}

@Suite struct X86OperandTests {
    @Test("Absolute operands become relative again, whatever the bytes are", arguments: 1...40)
    func bijection(seed: Int) {
        var bytes = noise(4000, seed: UInt64(seed)).map { $0 % 5 == 0 ? UInt8(0xE8) : $0 % 7 == 0 ? 0x05 : $0 }
        for index in stride(from: seed, to: 3990, by: 9) {
            bytes[index + 3] = seed % 2 == 0 ? 0 : 0xFF; bytes[index + 4] = bytes[index + 3]
        }
        let before = bytes
        for (position, span) in [(Int64(0), Int64(4000)), (100, 5000), (70_000, 1 << 20), (0, Int64(Int32.max))] {
            bytes.withUnsafeMutableBytes { X86Operands.rewrite($0, at: position, span: span, toAbsolute: true) }
            bytes.withUnsafeMutableBytes { X86Operands.rewrite($0, at: position, span: span, toAbsolute: false) }
            // Not the arrays: a failure would print them.
            let isSame = bytes == before
            #expect(isSame)
        }
    }
}
