// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

@Suite("Which folder is it")
struct IdentityTests {
    let stage: SwapStage
    var records: [FolderRecord] { [stage.record.old, stage.record.new] }

    init() throws { stage = try SwapStage() }

    private func identify(_ files: any FileSystem = POSIXFileSystem()) throws -> Found {
        try Identifier(files).identify(stage.place.live, among: records)
    }

    /// The folder as another one with the same inode number would look, or one on other hardware.
    private func seen(_ change: @escaping @Sendable (inout FileAttributes) -> Void) -> WatchedFileSystem {
        WatchedFileSystem(
            hooks: FolderHooks(found: { _, found in
                var found = found
                change(&found)
                return found
            }))
    }

    @Test("The same folder is certain by inode and birth time, also under another device number")
    func inode() throws {
        #expect(try identify() == .known(stage.record.old, .inode))
        #expect(try identify(seen { $0.device += 7 }) == .known(stage.record.old, .inode))
    }

    @Test("A copy is known by its witnesses, and its record is renewed")
    func copy() throws {
        try stage.replace(stage.paths[0], by: "1.0")
        let there = try #require(try stage.files.attributes(of: stage.place.live))
        #expect(there.inode != stage.record.old.inode)
        let renewed = stage.record.old.renewed(there)
        #expect(try identify() == .known(renewed, .witnesses))
        #expect(try Identifier(stage.files).identify(stage.place.live, among: [renewed]) == .known(renewed, .inode))
    }

    @Test("A copy on another file system is known")
    func otherFileSystem() throws {
        let disk = try TemporaryFolder()
        try SwapStage.fill((disk / "App").string, "1.0")
        let found = try Identifier(stage.files).identify(disk / "App", among: records)
        guard case .known(let record, .witnesses) = found else { throw Failure(found) }
        #expect(record.id == stage.record.old.id)
    }

    struct Failure: Error {
        let found: Found
        init(_ found: Found) { self.found = found }
    }

    @Test("Another folder that got the same inode number later is not the same")
    func reusedInode() throws {
        try SwapStage.fill(stage.paths[0], "3.0")
        #expect(try identify(seen { $0.born += 1 }) == .unknown(.nothingMatches))
    }

    @Test(
        "A file that the customer edited does not hide a copy, a third release with one common file is none of the two")
    func edited() throws {
        try stage.replace(stage.paths[0], by: "1.0")
        try stage.scene.folder.write("App/VERSION", "edited")
        guard case .known(let record, .witnesses) = try identify() else { throw Failure(try identify()) }
        #expect(record.id == stage.record.old.id)

        var old = stage.record.old
        old.witnesses += (0..<3).map { Witness(path: "lib/\($0)", size: 3, sha256: sha256Hex(Array("abc".utf8))) }
        let found = try Identifier(stage.files).identify(stage.place.live, among: [old, stage.record.new])
        #expect(found == .unknown(.nothingMatches))
    }

    @Test("Files of both are mixed, files of neither nothing")
    func mixed() throws {
        try stage.replace(stage.paths[0], by: "1.0")
        try stage.scene.folder.write("App/VERSION", "2.0")
        #expect(try identify() == .unknown(.mixed))
        try stage.replace(stage.paths[0], by: "3.0")
        #expect(try identify() == .unknown(.nothingMatches))
    }

    @Test("With one record alone, half of its files prove nothing")
    func single() throws {
        try stage.replace(stage.paths[0], by: "1.0")
        let identifier = Identifier(stage.files)
        guard case .known = try identifier.identify(stage.place.live, among: [stage.record.old]) else {
            throw Failure(.absent)
        }
        try stage.scene.folder.write("App/VERSION", "x")
        #expect(
            try identifier.identify(stage.place.live, among: [stage.record.old]) == .unknown(.nothingMatches))
    }

    @Test("Records that differ in no file cannot be told apart")
    func noDifference() throws {
        try stage.replace(stage.paths[0], by: "1.0")
        var (a, b) = (stage.record.old, stage.record.new)
        b.witnesses = a.witnesses
        #expect(try Identifier(stage.files).identify(stage.place.live, among: [a, b]) == .unknown(.noDifference))
        (a.witnesses, b.witnesses) = ([], [])
        #expect(try Identifier(stage.files).identify(stage.place.live, among: [a, b]) == .unknown(.noDifference))
    }

    @Test("Records of one release, with other witnesses each: a copy is known, and is the first of them")
    func sameRelease() throws {
        var again = stage.record.old
        again.id = "again"
        again.inode = 1
        again.witnesses = [Witness(path: "VERSION", size: 3, sha256: sha256Hex(Array("1.0".utf8)))]
        try #require(again.tree == stage.record.old.tree && !again.tree.isEmpty)
        let records = [stage.record.old, again, stage.record.new]
        try stage.replace(stage.paths[0], by: "1.0")
        guard
            case .known(let record, .witnesses) = try Identifier(stage.files).identify(
                stage.place.live, among: records)
        else { throw Failure(try identify()) }
        #expect(record.id == stage.record.old.id)
        try stage.scene.folder.write("App/VERSION", "2.0")
        #expect(try Identifier(stage.files).identify(stage.place.live, among: records) == .unknown(.mixed))
    }

    @Test("Without birth times the inode alone is no proof: a witness has to say the same, if there are any")
    func withoutBirthTimes() throws {
        let files = seen { $0.born = 0 }
        var (old, new) = (stage.record.old, stage.record.new)
        (old.born, new.born) = (0, 0)
        func identify(_ records: [FolderRecord]) throws -> Found {
            try Identifier(files).identify(stage.place.live, among: records)
        }
        #expect(try identify([old, new]) == .known(old, .witnesses))
        var bare = old
        bare.witnesses = []
        #expect(try identify([bare, new]) == .known(bare, .witnesses))
        var alike = new
        alike.witnesses = []
        #expect(try identify([bare, alike]) == .unknown(.noDifference))
        try SwapStage.fill(stage.paths[0], "3.0")
        #expect(try identify([old, new]) == .unknown(.nothingMatches))
    }

    @Test("Nothing there is absent; a file, a symlink to the folder, a pipe are no folder")
    func noFolder() throws {
        let aside = "\(stage.paths[0]).aside"
        try FileManager.default.moveItem(atPath: stage.paths[0], toPath: aside)
        #expect(try identify() == .absent)
        try stage.files.makeLink(at: stage.place.live, to: aside)
        #expect(try identify() == .unknown(.noFolder))
        try FileManager.default.removeItem(atPath: stage.paths[0])
        mkfifo(stage.paths[0], 0o600)
        #expect(try identify() == .unknown(.noFolder))
        #expect(
            try Identifier(stage.files).identify(stage.scene.folder / "none/App", among: records) == .absent)
    }

    @Test("A symlink above the folder is followed")
    func linkAbove() throws {
        try stage.files.makeLink(at: stage.scene.folder / "link", to: stage.scene.folder.path.string)
        let path = stage.scene.folder / "link/App"
        #expect(try Identifier(stage.files).identify(path, among: records) == .known(stage.record.old, .inode))
    }

    @Test("A witness that has become a pipe, a symlink or a folder matches nothing, and nothing waits on it")
    func oddWitnesses() throws {
        try stage.replace(stage.paths[0], by: "1.0")
        for name in ["VERSION", "server"] { try FileManager.default.removeItem(atPath: "\(stage.paths[0])/\(name)") }
        mkfifo("\(stage.paths[0])/VERSION", 0o600)
        let outside = try stage.scene.folder.write("server", "program 1.0")
        try stage.files.makeLink(at: stage.place.live.appending("server"), to: outside.string)
        #expect(try identify() == .unknown(.nothingMatches))
    }

    @Test("An error is an error: not absent, not unknown", arguments: ["attributes", "folder", "openForReading"])
    func error(operation: String) throws {
        try stage.replace(stage.paths[0], by: "1.0")
        let files = WatchedFileSystem(
            hooks: FolderHooks(look: { asked, path throws(FileError) in
                if asked == operation { throw FileError(.other(5), operation: asked, path: path) }
            }))
        let error = #expect(throws: ReplacementError.self) { try identify(files) }
        guard case .file(let file) = error?.code else { throw Failure(.absent) }
        #expect(file.code == .other(5))
    }

    @Test("A record found at two places is where its inode is; without one it is nowhere")
    func together() throws {
        try stage.replace(stage.paths[1], by: "1.0")
        let places = [stage.place.live, stage.place.old, stage.place.staged]
        #expect(
            try Identifier(stage.files).identifyAll(places, among: records) == [
                .known(stage.record.old, .inode), .unknown(.atTwoPlaces), .known(stage.record.new, .inode),
            ])
        try stage.replace(stage.paths[0], by: "1.0")
        #expect(
            try Identifier(stage.files).identifyAll(places, among: records) == [
                .unknown(.atTwoPlaces), .unknown(.atTwoPlaces), .known(stage.record.new, .inode),
            ])
    }
}

@Suite("Witnesses")
struct IdentityWitnessesTests {
    private func file(_ path: String, _ size: Int64, _ hash: String) -> ReleaseEntry {
        ReleaseEntry(path: FilePath(path), kind: .file(size: size, sha256: hash, permissions: 0o644))
    }

    @Test("Are the smallest files in which the other release differs, not empty, not the customer's")
    func smallest() {
        let entries = [
            file("same", 1, "s"), file("empty", 0, "e"), file("big", 9, "b"), file("kept", 2, "k"),
            file("moved", 4, "m"), file("huge", 1 << 30, "h"), file("small", 3, "c"),
        ]
        let other = [file("same", 1, "s"), file("elsewhere", 4, "m"), file("small", 3, "other")]
        let chosen = Witnesses.choose(for: entries, against: other) { $0 != "kept" }
        #expect(chosen.map(\.path) == ["small", "moved", "big"])
        #expect(chosen[0] == Witness(path: "small", size: 3, sha256: "c"))
    }

    @Test("Are the single smallest one where all are large, and none where nothing differs")
    func large() {
        let entries = [file("a", 3 << 20, "a"), file("b", 2 << 20, "b")]
        #expect(Witnesses.choose(for: entries, against: []) { _ in true }.map(\.path) == ["b"])
        #expect(Witnesses.choose(for: entries, against: entries) { _ in true }.isEmpty)
    }

    @Test("Are at most 64, from all over the release where there is no other")
    func spread() {
        let entries = (100..<1100).map { file("f\($0)", Int64($0), "\($0)") }
        #expect(Witnesses.choose(for: entries, against: []) { _ in true }.map(\.path).last == "f163")
        let first = Witnesses.choose(for: entries, against: nil) { _ in true }
        #expect(first.count == 64 && Set(first).count == 64)
        #expect(first.filter { $0.size >= 600 }.count > 25)
    }
}

@Suite("Whereabouts")
struct IdentityWhereaboutsTests {
    @Test("A state folder is here with the same path on the same machine, or where one machine is not known")
    func here() throws {
        let folder = try TemporaryFolder()
        let id = try folder.write("id", "0123456789abcdef0123456789abcdef\n")
        let other = try folder.write("other", "f123456789abcdef0123456789abcdef\n")
        func at(_ path: String, _ file: FilePath) -> Whereabouts {
            .current(live: FilePath(path), fileSystem: POSIXFileSystem(), machineID: file)
        }
        let here = at("/opt/App", id)
        #expect(here.machine?.count == 16 && here.machine != "0123456789abcdef")
        #expect(here.isHere(at("/opt/x/../App", id)))
        #expect(!here.isHere(at("/opt/Copy", id)))
        #expect(!here.isHere(at("/opt/App", other)))
        for unset in ["", "uninitialized\n"] {
            let file = try folder.write("unset", unset)
            #expect(at("/opt/App", file).machine == nil)
            #expect(here.isHere(at("/opt/App", file)) && at("/opt/App", folder / "none").isHere(here))
        }
    }
}
