// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Replacement
import RicambioClient
import SystemPackage
import TestSupport
import Testing

@Suite("A person's own files come over")
struct KeptFilesTests {
    @Test(
        "Patterns mean what they say",
        arguments: [
            ("preferences/**", "preferences/a/b.yaml", true), ("preferences/**", "preferences", true),
            ("preferences/**", "preferences2/a", false), ("preferences/**", "x/preferences/a", false),
            ("**/local.yaml", "local.yaml", true), ("**/local.yaml", "a/b/local.yaml", true),
            ("*.license", "a.license", true), ("*.license", "a/b.license", false), ("*.license", "license", false),
            ("a/*/c", "a/b/c", true), ("a/*/c", "a/b/b/c", false), ("a/?.txt", "a/x.txt", true),
            ("a/?.txt", "a/xy.txt", false), ("a*b*c", "aXbXbXc", true), ("a*b*c", "aXbXbX", false),
            ("**", "anything/at/all", true), ("", "a", false), ("a/**/z", "a/z", true), ("a/**/z", "a/b/c/z", true),
            ("größe/*", "größe/x", true), ("a", "A", false),
        ])
    func patterns(pattern: String, path: String, matches: Bool) {
        #expect((KeepRules([KeepRule(pattern)]).rule(for: FilePath(path)) != nil) == matches)
    }

    @Test("A pattern made to be slow is not")
    func slowPattern() {
        let rules = KeepRules([KeepRule(String(repeating: "a*", count: 100) + "b")])
        #expect(rules.rule(for: FilePath(String(repeating: "a", count: 250))) == nil)
    }

    @Test("The person's file wins, the release's is put beside it, and links are never written through")
    func carryOver() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let fileSystem = QuickFileSystem()
        let (live, staged, outside) = (temporary / "live", temporary / "staged", temporary / "outside")
        for folder in [live, staged, outside] { try fileSystem.makeDirectories(folder) }
        let write = { (folder: FilePath, path: String, text: String) in
            let file = folder.pushing(FilePath(path))
            try fileSystem.makeDirectories(file.removingLastComponent())
            try fileSystem.replace(file, with: Array(text.utf8), permissions: 0o640)
        }
        try write(live, "preferences/mine.yaml", "mine")
        try write(live, "preferences/same.yaml", "same")
        try write(live, "preferences/both.yaml", "mine")
        try write(live, "preferences/both.yaml.new", "of an earlier release")
        try write(live, "linked/secret", "mine")
        try write(live, "other", "dropped")
        try fileSystem.makeLink(at: live.appending("preferences").appending("link"), to: "mine.yaml")
        try write(staged, "preferences/same.yaml", "same")
        try write(staged, "preferences/both.yaml", "theirs")
        try fileSystem.makeLink(at: staged.appending("linked"), to: outside.string)
        let release = [
            Self.file("preferences/both.yaml", "theirs"), Self.file("preferences/same.yaml", "same"),
            ReleaseEntry(path: "linked", kind: .symlink(destination: outside.string)),
        ]
        let carryOver = CarryOver(rules: KeepRules(["preferences/**", "linked/**"]), release: release)
        let pass = try carryOver.pass(
            from: try fileSystem.folder(live), into: try fileSystem.folder(staged), durable: false)
        #expect(
            pass.kept == [
                "linked/secret", "preferences/both.yaml", "preferences/link", "preferences/mine.yaml",
                "preferences/same.yaml",
            ])
        let read = { (path: String) in try? String(contentsOfFile: "\(staged)/\(path)", encoding: .utf8) }
        #expect(read("preferences/mine.yaml") == "mine")
        #expect(read("preferences/link") == "mine")
        #expect(read("preferences/both.yaml") == "mine")
        #expect(read("preferences/both.yaml.new") == "theirs")
        #expect(read("preferences/same.yaml") == "same")
        #expect(read("preferences/same.yaml.new") == nil)
        #expect(read("linked/secret") == "mine")
        #expect(read("other") == nil)
        #expect(try fileSystem.entries(of: outside).isEmpty)
        #expect(try String(contentsOfFile: "\(live)/preferences/both.yaml", encoding: .utf8) == "mine")
    }

    private static func file(_ path: FilePath, _ text: String) -> ReleaseEntry {
        let kind = ReleaseEntry.Kind.file(
            size: Int64(text.utf8.count), sha256: sha256Hex(Array(text.utf8)), permissions: 0o640)
        return ReleaseEntry(path: path, kind: kind)
    }
}
