// SPDX-License-Identifier: Apache-2.0
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

@Suite("A crash while folders change places")
struct SwapCrashTests {
    struct Variant: Sendable, CustomTestStringConvertible {
        var hasExchange: Bool
        /// By inode, or by witnesses alone.
        var isRestored: Bool
        var isHeld = false
        var testDescription: String {
            (hasExchange ? "exchange" : "two renames") + (isRestored ? ", restored" : "") + (isHeld ? ", held" : "")
        }

        var fileSystem: any FileSystem { hasExchange ? POSIXFileSystem() : WatchedFileSystem.withoutExchange }
    }

    enum Direction: CaseIterable, Sendable {
        case forward
        case back

        func run(_ swap: Swap) throws {
            switch self {
            case .forward: try swap.forward()
            case .back: try swap.back()
            }
        }

        var end: [String?] { self == .forward ? SwapStage.after : SwapStage.before }
    }

    static let variants = [true, false].flatMap { exchange in
        [
            Variant(hasExchange: exchange, isRestored: false), Variant(hasExchange: exchange, isRestored: true),
            Variant(hasExchange: exchange, isRestored: false, isHeld: true),
        ]
    }

    private func stage(_ variant: Variant, goes direction: Direction) throws -> SwapStage {
        let stage = try SwapStage()
        if direction == .back { try stage.swap(variant.fileSystem).forward() }
        if variant.isRestored { try stage.restore() }
        return stage
    }

    private func swap(_ stage: SwapStage, _ variant: Variant, _ fileSystem: any FileSystem) throws -> Swap {
        guard variant.isHeld else { return stage.swap(fileSystem) }
        // Wherever they are by now.
        var open: [String: any Folder] = [:]
        for path in stage.paths.dropLast() {
            if let version = stage.version(path) { open[version] = try POSIXFileSystem().folder(FilePath(path)) }
        }
        return stage.swap(fileSystem, held: .init(old: try #require(open["1.0"]), new: try #require(open["2.0"])))
    }

    @Test(
        "Each direction ends as it should, again and again", arguments: variants, Direction.allCases)
    func undisturbed(variant: Variant, direction: Direction) throws {
        let stage = try stage(variant, goes: direction)
        for _ in 0..<2 {
            try direction.run(swap(stage, variant, variant.fileSystem))
            #expect(stage.versions == direction.end)
        }
        #expect(try stage.swap().look() == (direction == .forward ? .new : .old))
    }

    @Test(
        "Leaves a complete folder in place, and whatever is called next ends as it should, also after a second crash",
        arguments: variants, Direction.allCases)
    func everywhere(variant: Variant, direction: Direction) throws {
        // More than either has changes; a second crash for the plain two, and every fourth moment of it each time.
        let moments = 1...40
        var crashes = 0
        for next in Direction.allCases {
            for first in moments {
                guard try crash(variant, direction, at: first, then: next, at: nil) != nil else { break }
                crashes += 1
                guard !variant.isRestored, !variant.isHeld, next != direction else { continue }
                for second in stride(from: 1 + first % 4, through: moments.upperBound, by: 4) {
                    guard try crash(variant, direction, at: first, then: next, at: second) == true else { break }
                }
            }
        }
        #expect(crashes > 10 && crashes < 2 * moments.upperBound)
    }

    /// `nil` when the first call was over before its moment, `false` when the second was.
    private func crash(
        _ variant: Variant, _ direction: Direction, at first: Int, then next: Direction, at second: Int?
    ) throws -> Bool? {
        let stage = try stage(variant, goes: direction)
        let dying = CrashingFileSystem(variant.fileSystem, fault: .crash(at: first))
        try? direction.run(swap(stage, variant, dying))
        guard dying.hasCrashed else { return nil }
        expectComplete(stage, variant, dying)
        let again = CrashingFileSystem(variant.fileSystem, fault: second.map { .crash(at: $0) } ?? .none)
        try? next.run(swap(stage, variant, again))
        expectComplete(stage, variant, again)
        let last = try swap(stage, variant, variant.fileSystem)
        let standing = try last.repair()
        #expect(standing == (stage.live == "1.0" ? .old : .new))
        #expect(["1.0", "2.0"].contains(stage.live))
        try next.run(last)
        #expect(stage.versions == next.end, "\(next) after \(dying.changes) and \(again.changes)")
        return again.hasCrashed
    }

    /// At every instant with an exchange; without one there is an instant without any, but both are there.
    private func expectComplete(_ stage: SwapStage, _ variant: Variant, _ dying: CrashingFileSystem) {
        let live = stage.live
        if variant.hasExchange { #expect(live == "1.0" || live == "2.0", "after \(dying.changes)") }
        #expect(Set(stage.versions.compactMap(\.self)) == ["0.9", "1.0", "2.0"], "after \(dying.changes)")
    }

    @Test(
        "A call that fails anywhere leaves all that is needed to go on or back", arguments: variants, Direction.allCases
    )
    func failing(variant: Variant, direction: Direction) throws {
        var failures = 0
        for next in Direction.allCases {
            for moment in 1...40 {
                let stage = try stage(variant, goes: direction)
                let failing = CrashingFileSystem(variant.fileSystem, fault: .fail(at: moment, .other(5)))
                let swap = try swap(stage, variant, failing)
                guard (try? direction.run(swap)) == nil else { break }
                expectComplete(stage, variant, failing)
                try next.run(swap)
                #expect(stage.versions == next.end, "\(next) after \(failing.changes)")
                failures += 1
            }
        }
        #expect(failures > 5 && failures < 80)
    }

    @Test("A call that is repeated after a crash says that it is done only when it is durable")
    func syncsAgain() throws {
        let stage = try SwapStage()
        let undisturbed = CrashingFileSystem()
        try stage.swap(undisturbed).forward()
        let again = CrashingFileSystem()
        try stage.swap(again).forward()
        #expect(again.changes == ["syncDirectory \(stage.place.parent)", "syncDirectory \(stage.place.state)"])
        // Nor is the application's folder away for a sync's time.
        #expect(undisturbed.changes.filter { $0.hasPrefix("rename") || $0.hasPrefix("exchange") }.count == 3)
    }

    @Test(
        "Without an exchange the live folder may be away: the old one comes back, or the new one if it is the only one")
    func repair() throws {
        let stage = try SwapStage()
        let aside = stage.scene.folder / "aside"
        try stage.files.rename(stage.place.old, to: aside)
        try stage.files.rename(stage.place.live, to: stage.place.old)
        #expect(try stage.swap().look() == .absent)
        #expect(try stage.swap().repair() == .old)
        #expect(stage.versions == ["1.0", nil, "2.0", nil])
        try stage.files.removeTree(stage.place.live)
        #expect(try stage.swap().repair() == .new)
        #expect(stage.versions == ["2.0", nil, nil, nil])
        try stage.files.removeTree(stage.place.live)
        for call in [{ _ = try stage.swap().repair() }, stage.swap().forward, stage.swap().back] {
            #expect(throws: ReplacementError(.missing, path: stage.place.live)) { try call() }
        }
    }
}
