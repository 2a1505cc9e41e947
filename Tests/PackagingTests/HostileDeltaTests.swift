// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Packaging

/// The trees are right; what lies where the delta should be is not.
@Suite struct HostileDeltaTests {
    private let stage: DeltaStage
    private let bytes: [UInt8]
    private let oldBytes: Int64 = 8000
    private let newBytes: Int64 = 8010

    init() throws {
        stage = try DeltaStage(
            old: ["a/x": noise(5000), "b": noise(3000, seed: 2)],
            new: [
                "a/x": noise(10, seed: 9) + noise(5000), "b": noise(3000, seed: 2).map { $0 ^ ($0 % 31 == 0 ? 1 : 0) },
            ])
        try stage.make()
        bytes = try stage.delta()
    }

    private func outcome(_ delta: [UInt8]) throws -> String {
        let file = try stage.folder.write("hostile", delta)
        let result = failure { try stage.apply(file) }
        #expect(try stage.wrongFiles() == [])
        return result
    }

    private func outcome(_ group: DeltaGroup, frames: [UInt8] = []) throws -> String {
        try outcome(DeltaParts(control: group.encoded(), frames: frames).joined())
    }

    private func group(
        length: Int64? = nil, images: [DeltaImage] = [], copies: [DeltaCopy] = [], mode: DeltaMode = .prefix,
        frames: [Int] = [0]
    ) -> DeltaGroup {
        let length = length ?? newBytes
        return DeltaGroup(
            length: length, images: images, copies: copies,
            segments: [DeltaSegment(0..<length, mode: mode, frames: frames)])
    }

    @Test("The valid delta is applied, or the rest of this suite says nothing")
    func valid() throws {
        #expect(try outcome(bytes) == "no error")
        let parts = try DeltaParts(bytes)
        #expect(try outcome(parts.joined()) == "no error")
    }

    @Test("A delta cut off anywhere is refused")
    func truncated() throws {
        for length in 0..<min(bytes.count, 80) { #expect(try outcome(Array(bytes[..<length])) == "tampered") }
        for length in stride(from: 80, to: bytes.count, by: 37) {
            #expect(try outcome(Array(bytes[..<length])) == "tampered")
        }
    }

    @Test("A delta with something behind its end is refused")
    func trailing() throws { #expect(try outcome(bytes + [0]) == "tampered") }

    @Test("A newer format is told from a damaged delta")
    func version() throws {
        var changed = bytes
        changed[8] = 2
        #expect(try outcome(changed) == "unsupported")
        changed[0] = 0
        #expect(try outcome(changed) == "tampered")
    }

    @Test("A copy from outside the old tree or to outside the new one is refused")
    func outside() throws {
        let bad: [(Int64, Int64, Int64)] = [
            (0, 0, oldBytes + 1), (0, oldBytes, 1), (0, oldBytes - 1, 2), (0, -1, 1), (0, .max / 2, 1),
            (0, -(.max / 4), 1),
            (newBytes, 0, 1), (newBytes - 1, 0, 2), (0, 0, 0),
        ]
        for (new, old, length) in bad {
            #expect(try outcome(group(copies: [DeltaCopy(new: new, old: old, length: length)])) == "tampered")
        }
    }

    @Test("Numbers that are too long, too large or written in more bytes than they need are refused")
    func numbers() throws {
        for number: [UInt8] in [
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x80, 0x00], [0x81, 0x80, 0x00],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0],
        ] {
            #expect(try outcome(DeltaParts(control: number + [0, 0, 0, 0], frames: []).joined()) == "tampered")
        }
    }

    @Test("Lengths of a group or of frames that lie are refused")
    func lengths() throws {
        #expect(try outcome(group(length: newBytes + 1)) == "tampered")
        #expect(try outcome(group(length: newBytes - 1)) == "tampered")
        #expect(try outcome(group(frames: [DeltaFormat.frameBytes + 1])) == "tampered")
        #expect(try outcome(group(frames: [100])) == "tampered")
        let short = try Zstd.compress(noise(100), level: 1)
        #expect(try outcome(group(frames: [short.count]), frames: short) == "tampered")
        #expect(try outcome(group(frames: [short.count - 1]), frames: Array(short.dropLast())) == "tampered")
    }

    @Test("Segments that are too short, too long, empty or beyond their group are refused: there could be millions")
    func segments() throws {
        let (smallest, largest) = (Int64(DeltaFormat.smallestSegment), Int64(DeltaFormat.segmentBytes))
        func outcome(_ lengths: [Int64], of length: Int64) -> String {
            var group = DeltaGroup(length: length, images: [], copies: [])
            var start: Int64 = 0
            for count in lengths {
                group.segments.append(DeltaSegment(start..<(start + count), mode: .prefix, frames: [9]))
                start += count
            }
            return failure { _ = try DeltaGroup(decoding: group.encoded(), left: .max, oldBytes: 0) }
        }
        #expect(outcome([smallest, largest, 1], of: smallest + largest + 1) == "no error")
        #expect(outcome([smallest - 1, 1], of: smallest) == "tampered")
        #expect(outcome([largest + 1], of: largest + 1) == "tampered")
        #expect(outcome([largest, 0, 1], of: largest + 1) == "tampered")
        #expect(outcome([largest, 2], of: largest + 1) == "tampered")
        #expect(outcome([largest], of: largest + 1) == "tampered")
        #expect(outcome([largest, largest], of: largest) == "tampered")
    }

    @Test("A frame that decompresses to more than its segment has is refused: decompression bomb")
    func bomb() throws {
        let bomb = try Zstd.compress([UInt8](repeating: 0, count: 32 << 20), level: 1)
        #expect(try outcome(group(frames: [bomb.count]), frames: bomb) == "tampered")
        #expect(
            try outcome(group(mode: .difference, frames: [bomb.count, bomb.count]), frames: bomb + bomb) == "tampered")
        var control = DeltaFormat.magic + [0, 0, 0, 4, UInt8(bomb.count & 255), UInt8(bomb.count >> 8 & 255), 0, 0]
        control += bomb
        #expect(try outcome(control) == "tampered")
    }

    @Test("A control that claims to be huge is refused before memory is taken")
    func hugeControl() throws {
        #expect(try outcome(DeltaFormat.magic + [255, 255, 255, 255, 1, 0, 0, 0, 0]) == "tampered")
        #expect(try outcome(DeltaFormat.magic + [1, 0, 0, 0, 255, 255, 255, 255, 0]) == "tampered")
        var counts = DeltaBytes()
        for number in [newBytes, 0, Int64(DeltaFormat.copies) + 1] { counts.number(number) }
        #expect(try outcome(DeltaParts(control: counts.bytes, frames: []).joined()) == "tampered")
    }

    @Test("Two frames in the place of one, and a skippable frame, are refused")
    func frameKinds() throws {
        let half = try Zstd.compress(noise(4005), level: 1)
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]
        for frames in [half + half, skippable + half, skippable] {
            #expect(try outcome(group(frames: [frames.count]), frames: frames) == "tampered")
        }
    }

    @Test("Address ranges that overlap, leave their streams or take too much memory are refused")
    func images() throws {
        func side(_ ranges: [(Int64, Int64)], high: Int64 = 9000) -> DeltaImage.Side {
            .init(
                low: 4096, high: high,
                ranges: ranges.map { .init(offset: $0.0, length: $0.1, address: 5000, kind: .x86) })
        }
        let fine = side([(0, 100)])
        for hostile in [
            side([(0, 9000)]), side([(8000, 1), (8001, 100)]), side([], high: 4097 + DeltaFormat.imageSpan),
        ] {
            #expect(try outcome(group(images: [DeltaImage(old: hostile, new: fine)])) == "tampered")
            #expect(try outcome(group(images: [DeltaImage(old: fine, new: hostile)])) == "tampered")
        }
        let wide = DeltaImage(old: side([], high: DeltaFormat.imageSpan), new: side([]))
        #expect(try outcome(group(images: [wide, wide, wide])) == "tampered")
        #expect(
            try outcome(group(images: [DeltaImage(old: fine, new: fine), DeltaImage(old: fine, new: fine)]))
                == "tampered")
    }

    @Test("Right form with the content of another file is refused by the file's hash, and the file is removed")
    func otherContent() throws {
        let frame = try Zstd.compress(noise(Int(newBytes), seed: 77), level: 1)
        #expect(try outcome(group(frames: [frame.count]), frames: frame) == "tampered")
        #expect(try files.entries(of: stage.folder / "out/a") == [])
    }

    @Test("Another old tree than the delta starts from gives no file with a wrong content")
    func otherOld() throws {
        try stage.folder.write("old/a/x", noise(5000, seed: 4))
        #expect(failure { try stage.apply() } == "tampered")
        #expect(try stage.wrongFiles() == [])
        try stage.folder.write("old/a/x", noise(100))
        #expect(failure { try stage.apply() } == "tampered")
        try files.remove(stage.folder / "old/a/x")
        #expect(failure { try stage.apply() } == "file")
        try stage.folder.link("old/a/x", to: "../b")
        #expect(failure { try stage.apply() } == "file")
    }

    @Test("A path in the trees that leads out of its folder is refused before anything is written")
    func escapes() throws {
        var hostile = stage
        hostile.new.append(
            TreeEntry(path: "../evil", kind: .file(size: 0, sha256: ContentHash.sha256([]), permissions: 0o644)))
        #expect(failure { try hostile.apply() } == "escapes")
        hostile = stage
        hostile.old.append(
            TreeEntry(path: "/etc/passwd", kind: .file(size: 1, sha256: ContentHash.sha256([1]), permissions: 0o644)))
        #expect(failure { try hostile.apply() } == "escapes")
        #expect(try files.attributes(of: stage.folder / "evil") == nil)
    }

    @Test("A full disk ends applying with a file error, and leaves no file with a wrong content")
    func fullDisk() throws {
        var change = 1
        while failure({ try stage.apply(fileSystem: CrashingFileSystem(files, fault: .full(from: change))) }) == "file"
        {
            #expect(try stage.wrongFiles() == [])
            change += 1
        }
        #expect(change > 2)
    }

    @Test("Nothing is written over: a file that is there already is an error and stays")
    func occupied() throws {
        try stage.apply()
        let result = failure {
            try DeltaApplier(fileSystem: files).apply(
                stage.folder / "delta", from: stage.old, in: stage.folder / "old", to: stage.new,
                into: stage.folder / "out")
        }
        #expect(result == "file")
        #expect(try files.entries(of: stage.folder / "out/a") == ["x"])
    }
}

/// Valid deltas with random changes. Whatever happens, it ends in the right tree or a typed error, and no file with a
/// wrong content is left.
@Suite struct DeltaMutationTests {
    private static let rounds = 80

    private func mutated(_ bytes: [UInt8], _ random: inout UInt64) -> [UInt8] {
        func next(_ limit: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % max(limit, 1)
        }
        var result = bytes
        for _ in 0...next(3) where !result.isEmpty {
            let at = next(result.count)
            switch next(6) {
            case 0: result[at] ^= UInt8(1 << next(8))
            case 1: result[at] = [0, 1, 0x7F, 0x80, 0xFF][next(5)]
            case 2: result.remove(at: at)
            case 3: result.insert(UInt8(next(256)), at: at)
            case 4: result.removeLast(next(result.count))
            default:
                result.insert(contentsOf: result[at..<min(at + 1 + next(16), result.count)], at: next(result.count))
            }
        }
        return result
    }

    private func run(_ stage: DeltaStage, seed: UInt64) throws {
        try stage.make(.init(level: 3))
        let delta = try stage.delta()
        let parts = try DeltaParts(delta)
        var random = seed
        for round in 0..<Self.rounds {
            var changed = parts
            switch round % 4 {
            case 0: changed.frames = mutated(parts.frames, &random)
            case 1...2: changed.control = mutated(parts.control, &random)
            default: break
            }
            let bytes = round % 4 == 3 ? mutated(delta, &random) : try changed.joined()
            let file = try stage.folder.write("hostile", bytes)
            do {
                try stage.apply(file)
            } catch {
                #expect(error is PackagingError)
            }
            #expect(try stage.wrongFiles() == [])
        }
        #expect(Set(try files.entries(of: stage.folder.path)).isSubset(of: ["old", "new", "out", "delta", "hostile"]))
    }

    @Test("Texts and noise", arguments: 1...3 as ClosedRange<UInt64>)
    func plain(seed: UInt64) throws {
        try run(
            try DeltaStage(
                old: [
                    "a/x": noise(5000), "b": noise(3000, seed: 2),
                    "c": Array(String(repeating: "abc", count: 500).utf8),
                ],
                new: [
                    "a/x": noise(10, seed: 9) + noise(5000),
                    "b": noise(3000, seed: 2).map { $0 ^ ($0 % 31 == 0 ? 1 : 0) },
                    "d": Array(String(repeating: "abd", count: 400).utf8), "e": [],
                ]), seed: seed)
    }

    @Test("A program", arguments: 1...3 as ClosedRange<UInt64>)
    func programs(seed: UInt64) throws {
        try run(
            try DeltaStage(
                old: ["run": program(functions: 60, extra: 0, seed: 1)],
                new: ["run": program(functions: 60, extra: 30, seed: 2)]), seed: seed)
    }
}
