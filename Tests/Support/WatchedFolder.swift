// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// What a ``WatchedFolder`` asks before each of its calls; whoever answers may throw, and then it does not happen.
public struct FolderHooks: Sendable {
    /// Before looking at something: the operation and its path.
    public var look: @Sendable (String, FilePath) throws(FileError) -> Void
    /// Before changing something; `half` is what a process leaves behind that dies in the middle of it.
    public var change: @Sendable (FolderChange, () -> Void) throws(FileError) -> Void

    /// What is told of what is at a path instead of what was found.
    public var found: @Sendable (FilePath, FileAttributes) -> FileAttributes

    public init(
        look: @escaping @Sendable (String, FilePath) throws(FileError) -> Void = { (_, _) throws(FileError) in },
        change: @escaping @Sendable (FolderChange, () -> Void) throws(FileError) -> Void = { (_, _) throws(FileError) in
        },
        found: @escaping @Sendable (FilePath, FileAttributes) -> FileAttributes = { $1 }
    ) {
        self.look = look
        self.change = change
        self.found = found
    }
}

public struct FolderChange: Sendable {
    public var operation: String
    public var path: FilePath
    public var needsSpace: Bool
}

/// A folder by descriptor that tells of each call before it is made, and of those on what is opened through it.
public final class WatchedFolder: Folder {
    private let base: any Folder
    private let hooks: FolderHooks

    public init(_ base: any Folder, _ hooks: FolderHooks) {
        self.base = base
        self.hooks = hooks
    }

    public var path: FilePath { base.path }
    public var descriptor: Int32 { base.descriptor }

    private func look<Value>(
        _ operation: String, _ name: FilePath.Component? = nil, _ body: () throws(FileError) -> Value
    ) throws(FileError) -> Value {
        try hooks.look(operation, name.map { path.appending($0) } ?? path)
        return try body()
    }

    private func change<Value>(
        _ operation: String, _ path: FilePath, needsSpace: Bool = false, half: () -> Void = {},
        _ body: () throws(FileError) -> Value
    ) throws(FileError) -> Value {
        try hooks.change(FolderChange(operation: operation, path: path, needsSpace: needsSpace), half)
        return try body()
    }

    public func attributes() throws(FileError) -> FileAttributes {
        try look("attributes") { () throws(FileError) in hooks.found(path, try base.attributes()) }
    }

    public func attributes(of name: FilePath.Component) throws(FileError) -> FileAttributes? {
        try look("attributes", name) { () throws(FileError) in
            try base.attributes(of: name).map { hooks.found(path.appending(name), $0) }
        }
    }

    public func list() throws(FileError) -> FolderListing {
        try look("list") { () throws(FileError) in
            let listing = try base.list()
            return FolderListing(
                listing.indices.map {
                    let name = listing.component($0)
                    return (name, hooks.found(path.appending(name), listing.attributes[$0]))
                })
        }
    }

    public func folder(_ name: FilePath.Component) throws(FileError) -> any Folder {
        try look("folder", name) { () throws(FileError) in WatchedFolder(try base.folder(name), hooks) }
    }

    public func ownFolder(_ name: FilePath.Component) throws(FileError) -> any Folder {
        try look("folder", name) { () throws(FileError) in WatchedFolder(try base.ownFolder(name), hooks) }
    }

    public func openForReading(_ name: FilePath.Component) throws(FileError) -> any OpenFile {
        try look("openForReading", name) { () throws(FileError) in try base.openForReading(name) }
    }

    public func destination(ofLink name: FilePath.Component) throws(FileError) -> FilePath {
        try look("destination", name) { () throws(FileError) in try base.destination(ofLink: name) }
    }

    public func leadsToFolder(_ name: FilePath.Component) throws(FileError) -> Bool {
        try look("leadsToFolder", name) { () throws(FileError) in try base.leadsToFolder(name) }
    }

    public func metadata() throws(FileError) -> FileMetadata {
        try look("metadata") { () throws(FileError) in try base.metadata() }
    }

    public func metadata(of name: FilePath.Component) throws(FileError) -> FileMetadata {
        try look("metadata", name) { () throws(FileError) in try base.metadata(of: name) }
    }

    public func metadata(
        of name: FilePath.Component, if attributes: FileAttributes
    ) throws(FileError) -> FileMetadata? {
        try look("metadata", name) { () throws(FileError) in try base.metadata(of: name, if: attributes) }
    }

    public func create(_ name: FilePath.Component, permissions: UInt16) throws(FileError) -> any OpenFile {
        try change("create", path.appending(name), needsSpace: true) { () throws(FileError) in
            try base.create(name, permissions: permissions)
        }
    }

    public func makeFolder(_ name: FilePath.Component, permissions: UInt16) throws(FileError) -> any Folder {
        try change("makeFolder", path.appending(name), needsSpace: true) { () throws(FileError) in
            WatchedFolder(try base.makeFolder(name, permissions: permissions), hooks)
        }
    }

    public func makeLink(_ name: FilePath.Component, to destination: FilePath) throws(FileError) {
        try change("makeLink", path.appending(name), needsSpace: true) { () throws(FileError) in
            try base.makeLink(name, to: destination)
        }
    }

    public func hardLink(
        _ name: FilePath.Component, as other: FilePath.Component, in folder: any Folder
    ) throws(FileError) {
        try change("hardLink", folder.path.appending(other)) { () throws(FileError) in
            try base.hardLink(name, as: other, in: folder)
        }
    }

    public func copyFile(
        _ name: FilePath.Component, as other: FilePath.Component, in folder: any Folder
    ) throws(FileError) -> CopiedFile {
        // The name is there, the content is not. Without the hooks, which speak of a process that is dead by now.
        let unwatched = (folder as? WatchedFolder)?.base ?? folder
        let half = { () -> Void in _ = try? unwatched.create(other, permissions: 0o600) }
        return try change("copyFile", folder.path.appending(other), needsSpace: true, half: half) {
            () throws(FileError) in try base.copyFile(name, as: other, in: folder)
        }
    }

    public func set(
        _ metadata: FileMetadata, of name: FilePath.Component
    ) throws(FileError) -> Set<FileMetadata.Part> {
        try change("set", path.appending(name)) { () throws(FileError) in try base.set(metadata, of: name) }
    }

    public func set(_ metadata: FileMetadata) throws(FileError) -> Set<FileMetadata.Part> {
        try change("set", path) { () throws(FileError) in try base.set(metadata) }
    }

    public func setPermissions(_ permissions: UInt16) throws(FileError) {
        try change("setPermissions", path) { () throws(FileError) in try base.setPermissions(permissions) }
    }

    public func setPermissions(_ permissions: UInt16, of name: FilePath.Component) throws(FileError) {
        try change("setPermissions", path.appending(name)) { () throws(FileError) in
            try base.setPermissions(permissions, of: name)
        }
    }

    public func rename(
        _ name: FilePath.Component, to other: FilePath.Component, in folder: any Folder
    ) throws(FileError) {
        try change("rename", folder.path.appending(other)) { () throws(FileError) in
            try base.rename(name, to: other, in: folder)
        }
    }

    public func rename(
        _ name: FilePath.Component, over other: FilePath.Component, in folder: any Folder
    ) throws(FileError) {
        try change("rename", folder.path.appending(other)) { () throws(FileError) in
            try base.rename(name, over: other, in: folder)
        }
    }

    public func exchange(
        _ name: FilePath.Component, with other: FilePath.Component, in folder: any Folder
    ) throws(FileError) {
        try change("exchange", path.appending(name)) { () throws(FileError) in
            try base.exchange(name, with: other, in: folder)
        }
    }

    public func remove(_ name: FilePath.Component) throws(FileError) {
        try change("remove", path.appending(name)) { () throws(FileError) in try base.remove(name) }
    }

    public func sync() throws(FileError) {
        try change("syncDirectory", path) { () throws(FileError) in try base.sync() }
    }
}
