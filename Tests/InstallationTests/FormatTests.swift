// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Installation
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

@Suite("What agents of before have written")
struct FormatTests {
    /// As `installed.json` was: no record of the live folder, `_old` by device and inode.
    private func writeInstalled(_ place: Place, previous: FileAttributes?) throws {
        var text = """
            {"component": "server", "platform": "linux-x86_64", "product": "om-business", "version": "1.0",
             "tree": "\(try place.vendor.tree("1.0").contentSHA256)"
            """
        if let previous {
            text += """
                , "previous": {"version": "0.9", "until": "2036-01-01T00:00:00Z",
                  "folder": {"device": \(previous.device), "inode": \(previous.inode)}}
                """
        }
        try write("installed.json", text + "}", in: place.layout.state)
    }

    @Test("An installation of format 1 is updated, and its _old is known", arguments: [true, false])
    func installed(hasOld: Bool) async throws {
        let place = try Place { $0.retentionSeconds = 3600 }
        if hasOld { try write("VERSION", "0.9", in: place.layout.old) }
        try writeInstalled(place, previous: try POSIXFileSystem().attributes(of: place.layout.old))
        let run = await place.update()
        #expect(run.outcome == .updated, "\(run.failure?.happened ?? "")")
        #expect(text("VERSION", in: place.layout.old) == "1.0")
        let kept = try #require(try InstalledRelease.load(place.layout, TestFileSystem()))
        #expect(kept.folder != nil)
        #expect(kept.retained.map(\.record.version) == (hasOld ? ["1.0", "0.9"] : ["1.0"]))
    }

    @Test("A folder that was made since, and was given the inode of an _old of format 1, is its maker's")
    func inodeGivenAgain() async throws {
        let place = try Place()
        try write("precious", "somebody's", in: place.layout.old)
        try writeInstalled(place, previous: try POSIXFileSystem().attributes(of: place.layout.old))
        try FileManager.default.setAttributes(
            [.modificationDate: Date().addingTimeInterval(-3600)], ofItemAtPath: place.layout.installed.string)
        let run = await place.update()
        #expect(run.failure?.code == "folder-in-the-way")
        #expect(text("precious", in: place.layout.old) == "somebody's")
        #expect(place.service.stops == 0)
    }

    @Test("A live folder of format 1 that is none of its release is left alone")
    func stranger() async throws {
        let place = try Place()
        try POSIXFileSystem().removeTree(place.layout.live)
        try write("precious", "somebody's", in: place.layout.live)
        try writeInstalled(place, previous: nil)
        let run = await place.update()
        #expect(run.failure?.code == "folder-unknown")
        #expect(text("precious", in: place.layout.live) == "somebody's")
        #expect(place.service.stops == 0)
    }

    @Test("A newer format is refused, never misread")
    func newer() async throws {
        let place = try Place()
        try write(
            "installed.json",
            #"{"format": 3, "component": "server", "platform": "x", "product": "p", "version": "1.0", "tree": ""}"#,
            in: place.layout.state)
        #expect(throws: UpdateFailure.self) { try InstalledRelease.load(place.layout, TestFileSystem()) }
    }
}
