// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage
import Testing

@testable import Replacement

@Suite("Keep rules name files of the customer")
struct KeptRulesTests {
    @Test(
        "What a pattern means",
        arguments: [
            ("preferences/**", "preferences/settings.yaml", true),
            ("preferences/**", "preferences/a/b/c", true),
            ("preferences/**", "preferences", true),
            ("preferences/**", "preferences2/a", false),
            ("preferences/**", "sub/preferences/a", false),
            ("backups", "backups/monday.zip", true),
            ("backups/", "backups/monday.zip", true),
            ("*.ini", "local.ini", true),
            ("*.ini", "sub/local.ini", false),
            ("**/*.ini", "sub/deep/local.ini", true),
            ("**/*.ini", "local.ini", true),
            ("a/**/z", "a/z", true),
            ("a/**/z", "a/b/c/z", true),
            ("a/**/z", "a/b/c/y", false),
            ("a/**/b/**/c", "a/b/x/b/y/c", true),
            ("a/**/b/**/c", "a/x/y/c", false),
            ("a/*/c", "a/b/b/c", false),
            ("cert?.pem", "cert1.pem", true),
            ("cert?.pem", "cert12.pem", false),
            ("cert?.pem", "cert.pem", false),
            ("*", "anything/at/all", true),
            ("**", "anything", true),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXbYY", false),
            ("größe/?", "größe/ß", true),
            ("a", "A", false),
            // A `?` is a whole character, also after a `*`.
            ("??", "ß", false), ("*??", "日", false), ("*?", "日", true), ("?*", "日本", true),
            // The same letter in its two Unicode forms is two names.
            ("caf\u{E9}", "cafe\u{301}", false),
        ])
    func matching(pattern: String, path: String, expected: Bool) {
        #expect((KeepRules([KeepRule(pattern)]).rule(for: FilePath(path)) != nil) == expected)
    }

    @Test("Names that are no UTF-8 are matched by their bytes, and `?` is one of them")
    func bytes() throws {
        let name = try #require(FilePath.Component(bytes: Array("contabilit".utf8) + [0xe0]))
        let path = FilePath("data").appending(name)
        for (pattern, expected) in [
            ("data/**", true), ("data/*", true), ("data/contabilit?", true), ("data/contabilit??", false),
            ("data/contabilità", false), ("data/contabilit*", true),
        ] {
            #expect((KeepRules([KeepRule(pattern)]).rule(for: path) != nil) == expected, "\(pattern)")
        }
    }

    @Test(
        "A pattern that leaves the folder, or says nothing, is none",
        arguments: ["", "/", "/etc/**", "../x", "a/../b", "./a"])
    func invalid(pattern: String) {
        #expect(!KeepRule(pattern).isValid)
        let rules = KeepRules([KeepRule(pattern)])
        #expect(rules.isEmpty)
        #expect(!rules.start.leadsOn)
    }

    @Test("Folders that cannot contain a match are not read")
    func pruning() {
        let start = KeepRules([KeepRule("a/b/*.txt")]).start
        #expect(start.leadsOn)
        #expect(start.entering("a").leadsOn)
        #expect(start.entering("a").entering("b").leadsOn)
        #expect(!start.entering("b").leadsOn)
        #expect(!start.entering("a").entering("c").leadsOn)
        #expect(start.entering("a").match == nil)
    }

    @Test("Below a folder that is kept, nothing is left to match, unless an immutable rule may follow")
    func everything() {
        let plain = KeepRules([KeepRule("backups/**"), KeepRule("**/*.ini")]).start.entering("backups")
        #expect(plain.everythingBelow == KeepRules.Match(immutable: false))
        let both = KeepRules([KeepRule("data/**"), KeepRule("data/*.zip", immutable: true)]).start.entering("data")
        #expect(both.match == KeepRules.Match(immutable: false))
        #expect(both.everythingBelow == nil)
        #expect(both.entering("x.zip").everythingBelow == KeepRules.Match(immutable: true))
        #expect(both.entering("x.txt").everythingBelow == KeepRules.Match(immutable: false))
    }

    @Test("When rules differ, one that says immutable is enough")
    func immutable() {
        let rules = KeepRules([KeepRule("backups/*", immutable: true), KeepRule("**/*.zip")])
        #expect(rules.rule(for: "backups/a.zip")?.immutable == true)
        #expect(rules.rule(for: "other/a.zip")?.immutable == false)
        #expect(rules.rule(for: "other/a.txt") == nil)
    }

    @Test("A pattern with many stars answers at once")
    func stars() {
        let names = KeepRules([KeepRule(String(repeating: "a*", count: 100) + "b")])
        #expect(names.rule(for: FilePath(String(repeating: "a", count: 250))) == nil)
        let folders = KeepRules([KeepRule(String(repeating: "**/a/", count: 100) + "b")])
        #expect(folders.rule(for: FilePath(String(repeating: "a/", count: 250) + "c")) == nil)
    }
}
