// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// The names of everything that a folder held when it was built or retired. A folder that is known only by its content
/// may be a copy in which somebody works: it is deleted no further than its list goes.
public struct FolderList: Sendable, Hashable {
    /// A folder with a longer list has none: some 700,000 entries.
    public static let maximumBytes = 64 << 20

    /// Relative paths as bytes, each with a zero at its end, in the order of a walk: the names in a folder ascending, what
    /// a folder holds right after it.
    private let bytes: [UInt8]

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// `tooLarge` when the list would be longer than ``maximumBytes``.
    public init(of folder: any Folder) throws(ReplacementError) {
        var bytes: [UInt8] = []
        try ReplacementError.files { () throws(FileError) in
            try folder.walk { entry throws(FileError) in
                bytes += entry.path
                bytes.append(0)
                guard bytes.count <= Self.maximumBytes else {
                    throw FileError(.tooLarge, operation: "list", path: folder.path)
                }
            }
        }
        self.bytes = bytes
    }

    /// What `folder` holds beyond the list, at most a hundred of it. A mount point in it counts, and so does a folder
    /// too deep to look into.
    public func beyond(in folder: any Folder) throws(ReplacementError) -> [FilePath] {
        var beyond: [FilePath] = []
        var rest = bytes[...]
        try ReplacementError.files { () throws(FileError) in
            try folder.walk { entry throws(FileError) in
                var isListed = false
                // Both are in the same order, so what comes before this path is not there any more.
                while let end = rest.firstIndex(of: 0), !comesBefore(entry.path, rest[..<end]) {
                    isListed = rest[..<end].elementsEqual(entry.path)
                    rest = rest[(end + 1)...]
                    if isListed { break }
                }
                if !isListed || entry.isClosed, beyond.count < 100 { beyond.append(FilePath(bytes: entry.path)) }
            }
        }
        return beyond
    }

    /// Durable when it returns.
    public func write(_ record: FolderRecord, in place: Place, fileSystem: any FileSystem) throws(ReplacementError) {
        let file = place.lists.appending(try record.fileName())
        try ReplacementError.files { () throws(FileError) in
            try fileSystem.makeDirectories(place.lists, permissions: 0o700)
            try fileSystem.replace(file, with: bytes, permissions: 0o600)
        }
    }

    /// `nil` when there is none.
    public static func read(
        _ record: FolderRecord, in place: Place, fileSystem: any FileSystem
    ) throws(ReplacementError) -> FolderList? {
        let file = place.lists.appending(try record.fileName())
        do throws(FileError) {
            return FolderList(bytes: try fileSystem.read(file, limit: maximumBytes))
        } catch  where error.code == .notFound {
            return nil
        } catch {
            throw ReplacementError(error)
        }
    }
}

/// In the order of a walk: a slash, which no name has, comes before every other byte.
private func comesBefore(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
    let slash = UInt8(ascii: "/")
    return a.lexicographicallyPrecedes(b) { ($0 == slash ? 0 : $0) < ($1 == slash ? 0 : $1) }
}

extension FilePath {
    fileprivate init(bytes: [UInt8]) { self.init(platformString: bytes.map { CChar(bitPattern: $0) } + [0]) }
}
