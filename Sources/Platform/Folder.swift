// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// A folder held open. What is done through it happens in that very folder, whatever becomes of its path meanwhile;
/// names are bytes, as the file system has them; symlinks are never followed. Everything that walks through folders
/// of an application goes this way: the application may put a symlink in the place of a folder at any moment.
///
/// All calls block; nothing is durable before ``sync()``.
public protocol Folder: AnyObject, Sendable {
    /// Where it was when it was opened: for errors and people, never for another call.
    var path: FilePath { get }
    /// Valid for as long as the folder is referenced.
    var descriptor: Int32 { get }

    func attributes() throws(FileError) -> FileAttributes
    /// `nil` when nothing has that name.
    func attributes(of name: FilePath.Component) throws(FileError) -> FileAttributes?
    /// What vanishes while it is read is left out.
    func list() throws(FileError) -> FolderListing
    /// `isSymlink` or `notDirectory` when it is none.
    func folder(_ name: FilePath.Component) throws(FileError) -> any Folder
    /// The same; where its owner may not list, enter or change it, they may from here on. Given through what was opened, never
    /// by name, and without its set-ID bits, since something else may bear the name a moment later.
    func ownFolder(_ name: FilePath.Component) throws(FileError) -> any Folder
    func openForReading(_ name: FilePath.Component) throws(FileError) -> any OpenFile
    func destination(ofLink name: FilePath.Component) throws(FileError) -> FilePath
    /// Whether a symlink is one to a folder, through others too: the one look that follows links.
    func leadsToFolder(_ name: FilePath.Component) throws(FileError) -> Bool
    func metadata() throws(FileError) -> FileMetadata
    func metadata(of name: FilePath.Component) throws(FileError) -> FileMetadata
    /// `nil` when what bears the name is another than the one that these are of, or has changed since.
    func metadata(of name: FilePath.Component, if attributes: FileAttributes) throws(FileError) -> FileMetadata?

    /// Fails with `exists` when something is there.
    func create(_ name: FilePath.Component, permissions: UInt16) throws(FileError) -> any OpenFile
    /// Fails with `exists` when something is there.
    func makeFolder(_ name: FilePath.Component, permissions: UInt16) throws(FileError) -> any Folder
    func makeLink(_ name: FilePath.Component, to destination: FilePath) throws(FileError)
    func hardLink(
        _ name: FilePath.Component, as other: FilePath.Component, in folder: any Folder
    ) throws(FileError)
    /// The whole file: content with its holes (shared where the file system can), owner, group, mode, ACL, extended
    /// attributes, times, all as they are when the content has been read: a capability that a later writer lost is not in the
    /// copy. Answers what the copy is, and what could not be carried; the mode is never wider for anybody than it was. Fails with `exists` when something is at the other end.
    func copyFile(
        _ name: FilePath.Component, as other: FilePath.Component, in folder: any Folder
    ) throws(FileError) -> CopiedFile
    /// Gives a file, folder or symlink these; answers what could not be set.
    func set(_ metadata: FileMetadata, of name: FilePath.Component) throws(FileError) -> Set<FileMetadata.Part>
    /// The same for this folder itself.
    func set(_ metadata: FileMetadata) throws(FileError) -> Set<FileMetadata.Part>
    func setPermissions(_ permissions: UInt16) throws(FileError)
    func setPermissions(_ permissions: UInt16, of name: FilePath.Component) throws(FileError)
    /// Fails with `exists` instead of replacing.
    func rename(
        _ name: FilePath.Component, to other: FilePath.Component, in folder: any Folder
    ) throws(FileError)
    /// What is at the other end is replaced: a file by a file, an empty folder by a folder. `exists` or `notEmpty` for a
    /// folder that has something in it.
    func rename(
        _ name: FilePath.Component, over other: FilePath.Component, in folder: any Folder
    ) throws(FileError)
    /// The two change places in one step; `notSupported` where the file system cannot.
    func exchange(
        _ name: FilePath.Component, with other: FilePath.Component, in folder: any Folder
    ) throws(FileError)
    /// Removes a file, symlink or empty folder; absent is fine.
    func remove(_ name: FilePath.Component) throws(FileError)
    func sync() throws(FileError)
}

/// A file that ``Folder/copyFile(_:as:in:)`` made.
public struct CopiedFile: Sendable {
    public var attributes: FileAttributes
    public var lost: Set<FileMetadata.Part>

    public init(attributes: FileAttributes, lost: Set<FileMetadata.Part>) {
        self.attributes = attributes
        self.lost = lost
    }
}

/// What a folder holds, in ascending order of the names' bytes. Compact: some folders have 100,000 entries.
public struct FolderListing: Sendable {
    /// All names, one after the other.
    private var bytes: [UInt8] = []
    private var ends: [UInt32] = []
    public private(set) var attributes: [FileAttributes] = []

    public init() {}

    public init(_ entries: [(name: FilePath.Component, attributes: FileAttributes)]) {
        for entry in entries.sorted(by: { $0.name.bytes.lexicographicallyPrecedes($1.name.bytes) }) {
            append(entry.name.bytes, entry.attributes)
        }
    }

    public var count: Int { ends.count }
    public var isEmpty: Bool { ends.isEmpty }
    public var indices: Range<Int> { ends.indices }

    /// The name's bytes.
    public func name(_ index: Int) -> ArraySlice<UInt8> {
        bytes[Int(index == 0 ? 0 : ends[index - 1])..<Int(ends[index])]
    }

    public func component(_ index: Int) -> FilePath.Component {
        // What the system lists is one name: never empty, without a slash or a zero.
        guard let component = FilePath.Component(bytes: name(index)) else {
            preconditionFailure("a listed name is no name")
        }
        return component
    }

    public func hasSameNames(as other: FolderListing) -> Bool { bytes == other.bytes && ends == other.ends }

    /// `nil` when no entry has the name.
    public func index(of name: some Collection<UInt8>) -> Int? {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self.name(middle).lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
        }
        return low < count && self.name(low).elementsEqual(name) ? low : nil
    }

    /// In order: the caller's part.
    public mutating func append(_ name: some Collection<UInt8>, _ attributes: FileAttributes) {
        bytes.append(contentsOf: name)
        ends.append(UInt32(bytes.count))
        self.attributes.append(attributes)
    }

    public mutating func reserve(_ count: Int) {
        ends.reserveCapacity(count)
        attributes.reserveCapacity(count)
        bytes.reserveCapacity(count * 16)
    }
}

extension FilePath.Component {
    /// As the file system has them.
    public var bytes: [UInt8] {
        withPlatformString { name in
            var bytes: [UInt8] = []
            var at = name
            while at.pointee != 0 {
                bytes.append(UInt8(bitPattern: at.pointee))
                at += 1
            }
            return bytes
        }
    }

    /// `nil` when it is empty or holds a slash or a zero.
    public init?(bytes: some Collection<UInt8>) {
        guard !bytes.isEmpty, !bytes.contains(0) else { return nil }
        let name = bytes.map { CChar(bitPattern: $0) } + [0]
        self.init(platformString: name)
    }
}

extension FilePath {
    /// The path as people can read it: bytes that are no UTF-8 are written as `\xHH`.
    public var readable: String {
        let bytes = withPlatformString { name in
            UnsafeBufferPointer(start: name, count: length).map { UInt8(bitPattern: $0) }
        }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = ""
        var rest = bytes[...]
        while let first = rest.first {
            let length = (1...4).first { $0 <= rest.count && String(validating: rest.prefix($0), as: UTF8.self) != nil }
            if let length {
                text += String(decoding: rest.prefix(length), as: UTF8.self)
                rest = rest.dropFirst(length)
            } else {
                text += "\\x" + hex([first])
                rest = rest.dropFirst()
            }
        }
        return text
    }
}
