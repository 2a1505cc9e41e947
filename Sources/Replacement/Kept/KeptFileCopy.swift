// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage

/// Puts files and symlinks of the customer's into the staged folder. Remembers which of them are one file under several
/// names.
struct KeptFileCopy {
    /// What lies in the staged folder now.
    struct Copied {
        /// Of what was copied.
        var attributes: FileAttributes
        var marks: KeptFolder.Marks = []
        var lost: Set<FileMetadata.Part> = []
    }

    fileprivate struct FileID: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    private struct FirstName {
        var folder: FilePath
        var name: FilePath.Component
        var copied: Copied
        /// Names that may still follow.
        var others: UInt64
    }

    let began: Int64
    private let top: any Folder
    private let durable: Bool
    private let check: CancellationCheck
    private(set) var copiedBytes: Int64 = 0
    private var firstNames: [FileID: FirstName] = [:]

    init(top: any Folder, began: Int64, durable: Bool, check: @escaping CancellationCheck) {
        (self.top, self.began, self.durable, self.check) = (top, began, durable, check)
    }

    /// `displaced` is whether the release's own lies beside: before, and afterwards, also when this throws.
    mutating func copy(
        _ name: FilePath.Component, _ attributes: FileAttributes, immutable: Bool, from live: any Folder,
        into staged: StagedFolder, at path: FilePath, _ displaced: inout Bool
    ) throws(ReplacementError) -> Copied {
        let isSame = try staged.release[name.bytes]?.isSame(as: name, attributes, in: live, check: check) ?? false
        do throws(FileError) {
            if isSame {
                if displaced { try staged.giveBack(name) }
                displaced = false
                if try isAlone(name, attributes, in: staged),
                    let copied = try adopt(name, attributes, from: live, in: staged)
                {
                    remember(name, at: path, copied)
                    return copied
                }
            }
            displaced = try staged.makeRoom(name, displaced: displaced)
            let copied = try put(name, attributes, immutable: immutable, from: live, into: staged, at: path)
            if isSame, displaced {
                try staged.clear(try staged.beside(name))
                displaced = false
            }
            return copied
        } catch {
            throw ReplacementError(error)
        }
    }

    // MARK: - The release's own, which holds the same

    /// Whether no other name would change with the release's own, and none has been copied that it should be one file with.
    private func isAlone(
        _ name: FilePath.Component, _ attributes: FileAttributes, in staged: StagedFolder
    ) throws(FileError) -> Bool {
        guard firstNames[FileID(attributes)] == nil else { return false }
        return try staged.folder.attributes(of: name)?.links == 1
    }

    /// Gives the release's own all but its content. `nil` when another file has come to the name since: what that one may do,
    /// the release's content must not.
    private func adopt(
        _ name: FilePath.Component, _ attributes: FileAttributes, from live: any Folder, in staged: StagedFolder
    ) throws(FileError) -> Copied? {
        guard let metadata = try live.metadata(of: name, if: attributes) else { return nil }
        let lost = try staged.folder.set(metadata, of: name)
        return try finish(name, attributes, lost, readFrom: began, in: staged)
    }

    // MARK: - The customer's

    private mutating func put(
        _ name: FilePath.Component, _ attributes: FileAttributes, immutable: Bool, from live: any Folder,
        into staged: StagedFolder, at path: FilePath
    ) throws(FileError) -> Copied {
        if attributes.kind == .symlink { return try putLink(name, attributes, from: live, into: staged) }
        if immutable, let linked = try link(name, from: live, into: staged) { return linked }
        if let first = try repeated(name, attributes, in: staged) { return first }
        let copy = try live.copyFile(name, as: name, in: staged.folder)
        copiedBytes += copy.attributes.size
        let start = copy.attributes.born == 0 ? began : copy.attributes.born
        let copied = try finish(name, attributes, copy.lost, readFrom: start, in: staged, copy.attributes)
        remember(name, at: path, copied)
        return copied
    }

    private func putLink(
        _ name: FilePath.Component, _ attributes: FileAttributes, from live: any Folder, into staged: StagedFolder
    ) throws(FileError) -> Copied {
        let metadata = try live.metadata(of: name)
        try staged.folder.makeLink(name, to: try live.destination(ofLink: name))
        let lost = try staged.folder.set(metadata, of: name)
        return try finish(name, attributes, lost, readFrom: began, in: staged)
    }

    /// The live file itself. `nil` where that cannot be: some file systems have no links, some systems protect files of
    /// others; a copy does as well.
    private func link(
        _ name: FilePath.Component, from live: any Folder, into staged: StagedFolder
    ) throws(FileError) -> Copied? {
        do throws(FileError) {
            try live.hardLink(name, as: name, in: staged.folder)
        } catch {
            return nil
        }
        let made = try staged.folder.attributes(of: name)
        guard let made, made.kind == .file else {
            throw FileError(.notSupported, operation: "link as a file", path: live.path.appending(name))
        }
        return Copied(attributes: made, marks: .linked)
    }

    /// Another name of a file that is here already.
    private mutating func repeated(
        _ name: FilePath.Component, _ attributes: FileAttributes, in staged: StagedFolder
    ) throws(FileError) -> Copied? {
        let id = FileID(attributes)
        guard attributes.links > 1, var first = firstNames[id], let folder = try top.folder(at: first.folder) else {
            return nil
        }
        try folder.hardLink(first.name, as: name, in: staged.folder)
        first.others -= 1
        firstNames[id] = first.others == 0 ? nil : first
        // What the first name was copied from: had it changed before this one was listed, both must be copied again.
        return first.copied
    }

    private mutating func remember(_ name: FilePath.Component, at path: FilePath, _ copied: Copied) {
        guard copied.attributes.kind == .file, copied.attributes.links > 1 else { return }
        firstNames[FileID(copied.attributes)] = FirstName(
            folder: path, name: name, copied: copied, others: copied.attributes.links - 1)
    }

    private func finish(
        _ name: FilePath.Component, _ attributes: FileAttributes, _ lost: Set<FileMetadata.Part>, readFrom start: Int64,
        in staged: StagedFolder, _ made: FileAttributes? = nil
    ) throws(FileError) -> Copied {
        let end = if let made { made.changed } else { try staged.folder.attributes(of: name)?.changed }
        if durable, attributes.kind == .file { try staged.folder.openForReading(name).sync() }
        let isUnsure = attributes.mayChangeUnseen(readFrom: start, until: end)
        return Copied(attributes: attributes, marks: isUnsure ? .unsure : [], lost: lost)
    }
}

extension KeptFileCopy.FileID {
    fileprivate init(_ attributes: FileAttributes) {
        self.init(device: attributes.device, inode: attributes.inode)
    }
}
