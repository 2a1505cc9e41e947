// SPDX-License-Identifier: Apache-2.0
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

@Suite("A symlink on the way to kept files")
struct KeptLinkTests {
    private func failure(_ scene: KeptScene) throws -> ReplacementError? {
        let checked = #expect(throws: ReplacementError.self) {
            try scene.carryOver.checkLinks(in: try scene.folder(scene.live))
        }
        let before = try scene.content()
        let error = #expect(throws: ReplacementError.self) { try scene.pass() }
        #expect(error == checked)
        #expect(try scene.content() == before)
        return error
    }

    @Test(
        "Stays where the rule's files can be reached through it; the release's own folder makes room, and nothing is written through"
    )
    func kept() throws {
        let scene = try KeptScene([KeepRule("data/preferences/**")], release: ["data/preferences/settings": "vendor"])
        try scene.temporary.write("disk/preferences/settings", "mine")
        try scene.link("data", to: "../disk")
        try scene.carryOver.checkLinks(in: try scene.folder(scene.live))
        let pass = try scene.pass()
        let expected = ["data": "-> ../disk", "data.new/preferences/settings": "vendor"]
        #expect(try scene.files() == expected)
        #expect(pass.kept == ["data"])
        #expect(pass.beside == ["data.new"])
        try scene.pass(since: pass.index)
        try scene.pass()
        #expect(try scene.files() == expected)
        #expect(
            try scene.content(of: scene.temporary / "disk") == ["preferences": "/", "preferences/settings": "mine"])
        // The customer puts a folder there again.
        try scene.remove("data")
        try scene.write("data/preferences/settings", "mine again")
        try scene.pass(since: pass.index)
        #expect(
            try scene.files() == [
                "data/preferences/settings": "mine again", "data/preferences/settings.new": "vendor",
            ])
    }

    @Test("Is refused where it would hide a file of the release, which is named")
    func hides() throws {
        let scene = try KeptScene(
            [KeepRule("data/preferences/**")], release: ["data/preferences/a": "vendor", "data/schema/1.sql": "vendor"])
        try scene.temporary.write("disk/preferences/a", "mine")
        try scene.link("data", to: "../disk")
        let error = try failure(scene)
        #expect(error?.code == .linkHidesRelease)
        #expect(error?.path == "data")
        #expect(error?.reason == "data/schema/1.sql")
    }

    @Test("Is refused where it leads to no folder", arguments: ["../gone", "../file", "data"])
    func nowhere(destination: String) throws {
        let scene = try KeptScene([KeepRule("data/preferences/**")])
        try scene.temporary.write("file", "no folder")
        try scene.link("data", to: destination)
        #expect(try failure(scene)?.code == .linkLeadsNowhere)
    }

    @Test("Is none where only a pattern meets it by chance, or the release has a file or link there itself")
    func none() throws {
        let scene = try KeptScene(
            [KeepRule("**/*.ini"), KeepRule("*/conf/**"), KeepRule("lib/conf/**")], release: ["lib": "-> lib64"])
        try scene.write("lib64/a.ini", "mine")
        try scene.link("libx.so", to: "libx.so.1")
        try scene.link("lock", to: "host:1234")
        try scene.link("lib", to: "lib64")
        try scene.link("lib64/deep/everywhere", to: "..")
        let pass = try scene.pass()
        #expect(try scene.files() == ["lib": "-> lib64", "lib64/a.ini": "mine"])
        #expect(pass.kept == ["lib64/a.ini"])
    }
}
