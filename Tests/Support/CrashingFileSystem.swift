// SPDX-License-Identifier: Apache-2.0
public import Platform
internal import Synchronization
public import SystemPackage

/// A file system that dies, or fails once, at the n-th change.
///
/// Only operations that change something count: dying before a read is dying after the change before it. From a crash
/// on, every operation throws ``crashed`` and changes nothing, and locks are free, as if the process had been
/// killed. A write or copy at which it crashes is half done.
public final class CrashingFileSystem: FileSystem {
    public enum Fault: Sendable, Hashable {
        case none
        /// The n-th change (from 1) is the one at which the process dies: it does not happen, or half.
        case crash(at: Int)
        /// The n-th change fails with this code; what follows works.
        case fail(at: Int, FileError.Code)
        /// The n-th change (from 1) of those that begin and end like this, such as `replace` and `/journal.json`, fails with
        /// this code, or is the one at which the process dies when there is none.
        case at(prefix: String, suffix: String, number: Int, FileError.Code?)
        /// From the n-th change on, all that need space fail.
        case full(from: Int)
        /// Every change that ends like one of these, such as `/journal.json`, fails with this code.
        case every(suffixes: [String], FileError.Code)
    }

    /// The code of every operation after the crash.
    public static let crashed = FileError.Code.other(-1)

    private struct State {
        var fault: Fault
        var changes: [String] = []
        var isDead = false
        var locks: [any HeldLock] = []
    }

    private let base: any FileSystem
    private let state: Mutex<State>

    public init(_ base: any FileSystem = POSIXFileSystem(), fault: Fault = .none) {
        self.base = base
        state = Mutex(State(fault: fault))
    }

    /// Each change that was asked for, as `operation path`; the crashing one included.
    public var changes: [String] { state.withLock { $0.changes } }
    public var hasCrashed: Bool { state.withLock { $0.isDead } }

    /// What goes wrong from now on.
    public func set(_ fault: Fault) { state.withLock { $0.fault = fault } }

    private enum Verdict {
        case go
        case fail(FileError.Code)
        case dieNow
    }

    private func judge(_ state: inout State, _ operation: String, _ path: FilePath, needsSpace: Bool) -> Verdict {
        if state.isDead { return .fail(Self.crashed) }
        state.changes.append("\(operation) \(path)")
        switch state.fault {
        case .crash(at: state.changes.count):
            state.isDead = true
            for lock in state.locks { lock.release() }
            state.locks = []
            return .dieNow
        case .fail(at: state.changes.count, let code): return .fail(code)
        case .at(let prefix, let suffix, let number, let code):
            let isMeant = { (change: String) in change.hasPrefix(prefix) && change.hasSuffix(suffix) }
            guard isMeant("\(operation) \(path)"), state.changes.count(where: isMeant) == number else { return .go }
            if let code { return .fail(code) }
            state.isDead = true
            for lock in state.locks { lock.release() }
            state.locks = []
            return .dieNow
        case .every(let suffixes, let code) where suffixes.contains { path.string.hasSuffix($0) }: return .fail(code)
        case .full(let from) where needsSpace && state.changes.count >= from: return .fail(.noSpace)
        default: return .go
        }
    }

    /// Counts a change, makes it unless the fault says otherwise; `half` happens instead when this is the crash.
    fileprivate func change<Value>(
        _ operation: String, _ path: FilePath, needsSpace: Bool = false, half: () -> Void = {},
        _ body: () throws(FileError) -> Value
    ) throws(FileError) -> Value {
        switch state.withLock({ judge(&$0, operation, path, needsSpace: needsSpace) }) {
        case .go: return try body()
        case .fail(let code): throw FileError(code, operation: operation, path: path.string)
        case .dieNow:
            half()
            throw FileError(Self.crashed, operation: operation, path: path.string)
        }
    }

    fileprivate func look<Value>(_ path: FilePath, _ body: () throws(FileError) -> Value) throws(FileError) -> Value {
        guard !hasCrashed else { throw FileError(Self.crashed, operation: "look at", path: path.string) }
        return try body()
    }

    // MARK: - Looking

    public func attributes(of path: FilePath) throws(FileError) -> FileAttributes? {
        try look(path) { () throws(FileError) in try base.attributes(of: path) }
    }

    public func folder(_ path: FilePath) throws(FileError) -> any Folder {
        try look(path) { () throws(FileError) in WatchedFolder(try base.folder(path), hooks) }
    }

    private var hooks: FolderHooks {
        FolderHooks(
            look: { (_, path) throws(FileError) in try self.look(path) { () throws(FileError) in } },
            change: { (change, half) throws(FileError) in
                try self.change(change.operation, change.path, needsSpace: change.needsSpace, half: half) {
                    () throws(FileError) in
                }
            })
    }

    public func entries(of directory: FilePath) throws(FileError) -> [String] {
        try look(directory) { () throws(FileError) in try base.entries(of: directory) }
    }

    public func read(_ file: FilePath, limit: Int) throws(FileError) -> [UInt8] {
        try look(file) { () throws(FileError) in try base.read(file, limit: limit) }
    }

    public func destination(ofLink link: FilePath) throws(FileError) -> String {
        try look(link) { () throws(FileError) in try base.destination(ofLink: link) }
    }

    public func openForReading(_ file: FilePath) throws(FileError) -> any OpenFile {
        try look(file) { () throws(FileError) in
            CrashingFile(try base.openForReading(file), at: file, in: self)
        }
    }

    public func freeBytes(at path: FilePath) throws(FileError) -> Int64 {
        try look(path) { () throws(FileError) in try base.freeBytes(at: path) }
    }

    public func freeFiles(at path: FilePath) throws(FileError) -> Int64 {
        try look(path) { () throws(FileError) in try base.freeFiles(at: path) }
    }

    public func mountPoints(below folder: FilePath) throws(FileError) -> [FilePath] {
        try look(folder) { () throws(FileError) in try base.mountPoints(below: folder) }
    }

    public func lock(_ file: FilePath) throws(FileError) -> (any HeldLock)? {
        guard let lock = try look(file, { () throws(FileError) in try base.lock(file) }) else { return nil }
        state.withLock { $0.locks.append(lock) }
        return lock
    }

    // MARK: - Changing

    public func openForWriting(
        _ file: FilePath, permissions: UInt16, resume: Bool
    ) throws(FileError) -> any OpenFile {
        try change("openForWriting", file, needsSpace: true) { () throws(FileError) in
            let open = try base.openForWriting(file, permissions: permissions, resume: resume)
            return CrashingFile(open, at: file, in: self)
        }
    }

    public func makeDirectory(_ path: FilePath, permissions: UInt16) throws(FileError) {
        try change("makeDirectory", path, needsSpace: true) { () throws(FileError) in
            try base.makeDirectory(path, permissions: permissions)
        }
    }

    public func makeLink(at path: FilePath, to destination: String) throws(FileError) {
        try change("makeLink", path, needsSpace: true) { () throws(FileError) in
            try base.makeLink(at: path, to: destination)
        }
    }

    public func hardLink(_ file: FilePath, as other: FilePath) throws(FileError) {
        try change("hardLink", other) { () throws(FileError) in try base.hardLink(file, as: other) }
    }

    public func copyFile(_ source: FilePath, to destination: FilePath) throws(FileError) {
        let base = base
        let half = {
            guard (try? base.copyFile(source, to: destination)) != nil,
                let open = try? base.openForWriting(destination, permissions: 0o600, resume: true),
                let size = try? open.attributes().size
            else { return }
            try? open.truncate(to: size / 2)
        }
        try change("copyFile", destination, needsSpace: true, half: half) { () throws(FileError) in
            try base.copyFile(source, to: destination)
        }
    }

    public func setPermissions(_ permissions: UInt16, of path: FilePath) throws(FileError) {
        try change("setPermissions", path) { () throws(FileError) in
            try base.setPermissions(permissions, of: path)
        }
    }

    public func replace(_ file: FilePath, with bytes: [UInt8], permissions: UInt16) throws(FileError) {
        let base = base
        // What a kill before the rename leaves behind.
        let half = {
            let name = ".\(file.lastComponent?.string ?? "").crashed.tmp"
            let left = try? base.openForWriting(file.parent.appending(name), permissions: permissions, resume: true)
            try? left?.write(bytes.prefix(bytes.count / 2))
        }
        try change("replace", file, needsSpace: true, half: half) { () throws(FileError) in
            try base.replace(file, with: bytes, permissions: permissions)
        }
    }

    public func rename(_ source: FilePath, to destination: FilePath) throws(FileError) {
        try change("rename", destination) { () throws(FileError) in try base.rename(source, to: destination) }
    }

    public func exchange(_ a: FilePath, with b: FilePath) throws(FileError) {
        try change("exchange", a) { () throws(FileError) in try base.exchange(a, with: b) }
    }

    public func remove(_ path: FilePath) throws(FileError) {
        try change("remove", path) { () throws(FileError) in try base.remove(path) }
    }

    public func syncDirectory(_ directory: FilePath) throws(FileError) {
        try change("syncDirectory", directory) { () throws(FileError) in try base.syncDirectory(directory) }
    }

    public func syncFileSystem(containing path: FilePath) throws(FileError) {
        try change("syncFileSystem", path) { () throws(FileError) in
            try base.syncFileSystem(containing: path)
        }
    }
}

/// An open file whose changes count with those of its file system.
private final class CrashingFile: OpenFile {
    private let base: any OpenFile
    private let path: FilePath
    private let owner: CrashingFileSystem

    init(_ base: any OpenFile, at path: FilePath, in owner: CrashingFileSystem) {
        self.base = base
        self.path = path
        self.owner = owner
    }

    func read(at offset: Int64, count: Int) throws(FileError) -> [UInt8] {
        try owner.look(path) { () throws(FileError) in try base.read(at: offset, count: count) }
    }

    func write(_ bytes: ArraySlice<UInt8>) throws(FileError) {
        let half = { () -> Void in try? self.base.write(bytes.prefix(bytes.count / 2)) }
        try owner.change("write", path, needsSpace: true, half: half) { () throws(FileError) in
            try base.write(bytes)
        }
    }

    func attributes() throws(FileError) -> FileAttributes {
        try owner.look(path) { () throws(FileError) in try base.attributes() }
    }

    func truncate(to size: Int64) throws(FileError) {
        try owner.change("truncate", path) { () throws(FileError) in try base.truncate(to: size) }
    }

    func sync() throws(FileError) {
        try owner.change("sync", path) { () throws(FileError) in try base.sync() }
    }

    func close() throws(FileError) {
        try owner.look(path) { () throws(FileError) in try base.close() }
    }
}
