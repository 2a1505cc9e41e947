// SPDX-License-Identifier: Apache-2.0
import Platform
import Replacement
import SystemPackage
import TestSupport
import Testing

/// A folder that tests of this target play in.
struct Scene {
    let folder: TemporaryFolder
    let place: Place

    /// In memory unless told otherwise: tmpfs has birth times, extended attributes and an exchange.
    init(inMemory: Bool = true) throws {
        folder = try TemporaryFolder(inMemory: inMemory)
        place = Place(live: folder / "App", state: folder / ".ricambio/app")
        try POSIXFileSystem().makeDirectories(place.state)
    }
}

@Suite("A place")
struct PlaceTests {
    @Test("The old folder stands beside the live one under its name and _old, also where the name is no UTF-8")
    func old() throws {
        let name = try #require(FilePath.Component(bytes: Array("contabilit".utf8) + [0xe0]))
        let place = Place(live: FilePath("/opt").appending(name), state: "/opt/.ricambio/x")
        #expect(place.old.lastComponent?.bytes == name.bytes + Array("_old".utf8))
        #expect(place.old.removingLastComponent() == "/opt")
    }
}
