// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Where the trusted metadata of one repository is kept between runs. One ``Updater`` at a time uses it.
public protocol MetadataStore: Sendable {
    /// `nil` when there is none. `role` is a role's name as in the metadata.
    func load(_ role: String) throws(FileError) -> [UInt8]?
    /// Atomic and durable.
    func save(_ role: String, _ bytes: [UInt8]) throws(FileError)
    /// Absent is fine.
    func remove(_ role: String) throws(FileError)
}

/// One `ROLE.json` per trusted role in one directory.
public struct FileMetadataStore: MetadataStore {
    /// More than any limit of ``UpdaterLimits``: what was accepted once must be readable.
    private static let limit = 1 << 30

    private let directory: FilePath
    private let fileSystem: any FileSystem

    public init(directory: FilePath, fileSystem: any FileSystem) {
        self.directory = directory
        self.fileSystem = fileSystem
    }

    public func load(_ role: String) throws(FileError) -> [UInt8]? {
        do {
            return try fileSystem.read(file(role), limit: Self.limit)
        } catch  where error.code == .notFound {
            return nil
        }
    }

    public func save(_ role: String, _ bytes: [UInt8]) throws(FileError) {
        try fileSystem.makeDurableDirectories(directory)
        try fileSystem.replace(file(role), with: bytes, permissions: 0o644)
    }

    public func remove(_ role: String) throws(FileError) {
        guard try fileSystem.attributes(of: file(role)) != nil else { return }
        try fileSystem.remove(file(role))
        try fileSystem.syncDirectory(directory)
    }

    private func file(_ role: String) -> FilePath { directory.appending("\(percentEncoded(role)).json") }
}

extension FileSystem {
    /// Makes the folder and those above it that are missing; a power loss afterwards does not undo it.
    package func makeDurableDirectories(_ path: FilePath) throws(FileError) {
        guard !path.isEmpty, try !exists(path) else { return }
        let above = path.removingLastComponent()
        if above != path { try makeDurableDirectories(above) }
        try makeDirectories(path)
        if !above.isEmpty, above != path { try syncDirectory(above) }
    }
}

/// As Python's `quote(name, safe="")`: letters, digits and `_.-~` stay, every other byte becomes `%XX`.
public func percentEncoded(_ name: String) -> String {
    var text = ""
    for byte in name.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "~"):
            text.unicodeScalars.append(UnicodeScalar(byte))
        default:
            text += "%" + hex([byte]).uppercased()
        }
    }
    return text
}
