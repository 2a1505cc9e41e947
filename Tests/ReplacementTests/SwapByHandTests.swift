// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("A place changed by hand")
struct SwapByHandTests {
    private typealias Direction = SwapCrashTests.Direction

    /// Somebody moves what is there away and puts a folder of their own there.
    private static func interfere(_ path: String, _ aside: String) {
        _ = try? FileManager.default.moveItem(atPath: path, toPath: aside)
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        _ = FileManager.default.createFile(atPath: "\(path)/MINE", contents: Data("mine".utf8))
    }

    @Test(
        "At no moment of a swap is a stranger's folder lost, nor one of ours",
        arguments: [true, false], SwapCrashTests.Direction.allCases)
    func atEachCall(hasExchange: Bool, direction: SwapCrashTests.Direction) throws {
        for position in 0..<3 {
            var (moments, moved) = (0, 0)
            for moment in 1...60 {
                let stage = try SwapStage()
                if direction == .back { try stage.swap().forward() }
                let (path, aside) = (stage.paths[position], "\(stage.paths[0]).aside")
                let calls = Mutex(0)
                let count: @Sendable () -> Void = {
                    if calls.withLock({
                        $0 += 1; return $0
                    }) == moment {
                        Self.interfere(path, aside)
                    }
                }
                var files = WatchedFileSystem()
                files.hooks.look = { (_, _) throws(FileError) in count() }
                files.hooks.change = { (change, _) throws(FileError) in
                    count()
                    guard hasExchange || change.operation != "exchange" else {
                        throw FileError(.notSupported, operation: "exchange", path: change.path)
                    }
                }
                try? direction.run(stage.swap(files))
                guard calls.withLock({ $0 }) >= moment else { break }
                moments = moment
                let mine = stage.paths.filter { FileManager.default.fileExists(atPath: "\($0)/MINE") }
                #expect(mine.count == 1, "at call \(moment) for \(path)")
                // In the one instant between a move and the look at it nobody can say whose folder it was that moved.
                if mine != [path] { moved += 1 }
                let there = Set((stage.paths + [aside]).compactMap(stage.version))
                #expect(there == ["0.9", "1.0", "2.0"], "at call \(moment) for \(path)")
            }
            #expect(moments > 5 && moments < 60)
            #expect(moved <= 3, "\(path(position))")
        }
    }

    private func path(_ position: Int) -> String { ["live", "old", "staged"][position] }

    @Test("An unknown live folder is left alone and said, whatever is asked", arguments: ["third", "file", "link"])
    func unknownLive(what: String) throws {
        let stage = try SwapStage()
        try FileManager.default.moveItem(atPath: stage.paths[0], toPath: "\(stage.paths[0]).aside")
        switch what {
        case "third": try SwapStage.fill(stage.paths[0], "3.0")
        case "file": _ = try stage.scene.folder.write("App", "a file")
        default: try stage.files.makeLink(at: stage.place.live, to: "App.aside")
        }
        let why = what == "third" ? UnknownFolder.nothingMatches : .noFolder
        #expect(try stage.swap().look() == .unknown(why))
        #expect(try stage.swap().repair() == .unknown(why))
        for call in [stage.swap().forward, stage.swap().back] {
            #expect(throws: ReplacementError(.unknown(why), path: stage.place.live)) { try call() }
        }
        let staged = [stage.paths[1], stage.paths[2]].map(stage.version)
        #expect(staged == ["0.9", "2.0"])
    }

    @Test("A retired release that somebody has put back in place by hand is not taken for one of the two")
    func retiredLive() throws {
        let stage = try SwapStage()
        try stage.replace(stage.paths[0], by: "0.9")
        try FileManager.default.removeItem(atPath: stage.paths[1])
        #expect(try stage.swap().look() == .unknown(.retired))
        #expect(throws: ReplacementError.self) { try stage.swap().forward() }
        #expect(stage.live == "0.9")
    }

    @Test(
        "What stands at _old and is no recorded release is in the way, and stays",
        arguments: ["folder", "file", "copy"])
    func strangeOld(what: String) throws {
        let stage = try SwapStage()
        try FileManager.default.removeItem(atPath: stage.paths[1])
        switch what {
        case "folder": try SwapStage.fill(stage.paths[1], "mine")
        case "file": _ = try stage.scene.folder.write("App_old", "a file")
        // The administrator's own backup before the update: the live folder twice.
        default: try stage.files.copyTree(stage.place.live, to: stage.place.old)
        }
        #expect(throws: ReplacementError(.inTheWay, path: stage.place.old)) { try stage.swap().forward() }
        #expect(stage.live == "1.0" && stage.version(stage.paths[2]) == "2.0")
        #expect(try stage.files.exists(stage.place.old))
        #expect(try stage.swap().look() == .old)
    }

    @Test("One record at two places, neither of them certain, is unknown at both")
    func twice() throws {
        let stage = try SwapStage()
        try stage.replace(stage.paths[0], by: "1.0")
        try stage.replace(stage.paths[1], by: "1.0")
        #expect(try stage.swap().look() == .unknown(.atTwoPlaces))
        #expect(throws: ReplacementError.self) { try stage.swap().forward() }
    }

    @Test("A staged folder that is not the new one is not put in place")
    func strangeStaged() throws {
        let stage = try SwapStage()
        try stage.replace(stage.paths[2], by: "3.0")
        #expect(throws: ReplacementError(.unknown(.nothingMatches), path: stage.place.staged)) {
            try stage.swap().forward()
        }
        try FileManager.default.removeItem(atPath: stage.paths[2])
        #expect(throws: ReplacementError(.missing, path: stage.place.staged)) { try stage.swap().forward() }
        #expect(stage.versions == ["1.0", "0.9", nil, nil])
    }

    @Test("During a run a copy with the same content is not the folder that was held")
    func held() throws {
        let stage = try SwapStage()
        let held = Swap.Held(
            old: try stage.files.folder(stage.place.live), new: try stage.files.folder(stage.place.staged))
        #expect(try stage.swap(held: held).look() == .old)
        try stage.replace(stage.paths[0], by: "1.0")
        #expect(try stage.swap(held: held).look() == .unknown(.nothingMatches))
        #expect(throws: ReplacementError.self) { try stage.swap(held: held).forward() }
        #expect(stage.versions == SwapStage.before)
    }

    @Test("A look at a folder whose inode is known reads nothing and looks nowhere else")
    func cost() throws {
        let stage = try SwapStage()
        let calls = Mutex<[String]>([])
        var files = WatchedFileSystem()
        files.hooks.look = { (operation, path) throws(FileError) in
            calls.withLock { $0.append("\(operation) \(path)") }
        }
        #expect(try stage.swap(files).look() == .old)
        #expect(calls.withLock { $0 } == ["attributes \(stage.place.live)"])
    }
}
