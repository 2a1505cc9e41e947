// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// Names for what a run saves: its own, so that no other run's copy is ever taken for it. They fit into the 255 bytes that
/// file systems allow.
struct SnapshotName {
    static let maximum = 255
    private static let failed = Array("-failed".utf8)
    /// Room for `-failed-` and 16 digits.
    private static let reserved = 24

    private let suffix: [UInt8]

    init(installation: String, run: String) {
        suffix = Array(".ricambio-\(Self.short(installation))-\(Self.short(run))".utf8)
    }

    /// Of the copy of the data with this name: `.NAME.ricambio-INSTALLATION-RUN`.
    func copy(of name: FilePath.Component) -> FilePath.Component {
        let room = Self.maximum - Self.reserved - 1 - suffix.count
        var bytes = name.bytes
        if bytes.count > room {
            // Two long names may begin alike.
            let mark = Array("~\(sha256Hex(bytes).prefix(16))".utf8)
            bytes = Self.prefix(of: bytes, room - mark.count) + mark
        }
        return Self.component([UInt8(ascii: ".")] + bytes + suffix)
    }

    /// Where what stands in the copy's way goes: a name that nobody can have taken beforehand.
    static func newAside(of copy: FilePath.Component) -> FilePath.Component {
        component(copy.bytes + failed + Array("-\(randomName())".utf8))
    }

    /// What has been moved out of the copy's way, of those in its folder: one for each restoration that was interrupted, and data
    /// that appeared in the meantime.
    static func asides(of copy: FilePath.Component, in folder: any Folder) throws(FileError) -> [FilePath.Component] {
        let listing = try folder.list()
        let beginning = copy.bytes + failed
        return listing.indices.filter { listing.name($0).starts(with: beginning) }.map { listing.component($0) }
    }

    /// Letters, digits, `-` and `_` as they are, else a hash: it has to be part of a file's name.
    static func short(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            let scalar = UnicodeScalar(byte)
            return ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "-" || scalar == "_"
        }
        return isPlain && (1...40).contains(text.utf8.count) ? text : String(sha256Hex(Array(text.utf8)).prefix(32))
    }

    /// Not cut within a character: some file systems take UTF-8 only.
    private static func prefix(of bytes: [UInt8], _ count: Int) -> [UInt8] {
        var end = count
        while end > count - 4, bytes[end] & 0xc0 == 0x80 { end -= 1 }
        return Array(bytes[..<end])
    }

    private static func component(_ bytes: [UInt8]) -> FilePath.Component {
        // Made of names, to which nothing is added that a name may not have.
        guard let component = FilePath.Component(bytes: bytes) else { preconditionFailure("a name is no name") }
        return component
    }
}
