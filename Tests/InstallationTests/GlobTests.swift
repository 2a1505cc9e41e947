// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Installation

@Suite("Keep rules name files of the customer")
struct GlobTests {
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
            ("cert?.pem", "cert1.pem", true),
            ("cert?.pem", "cert12.pem", false),
            ("*", "anything/at/all", true),
            ("**", "anything", true),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXbYY", false),
            // The same letter in its two Unicode forms is two names.
            ("caf\u{E9}", "cafe\u{301}", false),
        ])
    func matching(pattern: String, path: String, expected: Bool) throws {
        let glob = try #require(Glob(pattern))
        #expect(glob.matches(path) == expected)
    }

    @Test(
        "A pattern that leaves the folder, or says nothing, is none",
        arguments: ["", "/", "/etc/**", "../x", "a/../b", "./a"])
    func invalid(pattern: String) {
        #expect(Glob(pattern) == nil)
        #expect(!KeepRule(pattern).isValid)
    }

    @Test("Folders that cannot contain a match are not read")
    func pruning() throws {
        let glob = try #require(Glob("a/b/*.txt"))
        #expect(glob.canMatch(below: "a"))
        #expect(glob.canMatch(below: "a/b"))
        #expect(!glob.canMatch(below: "b"))
        #expect(!glob.canMatch(below: "a/c"))
    }

    @Test("A pattern with many stars answers at once")
    func stars() throws {
        let glob = try #require(Glob(String(repeating: "a*", count: 40) + "b"))
        #expect(!glob.matches(String(repeating: "a", count: 500)))
    }
}
