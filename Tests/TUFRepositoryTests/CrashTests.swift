// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage
import Synchronization
import TUF
import TUFRepository
import TestSupport
import Testing

@Suite("A publisher that is killed")
struct CrashTests {
    /// Publishes with a file system that stops at the n-th write, for every n; after each, a customer reads a whole
    /// release (the old or the new one) and the next run publishes.
    @Test("At every write: the repository stays valid, and the next run goes on")
    func everyWrite() async throws {
        var writes = 0
        var finished = false
        while !finished {
            try #require(writes < 50)
            var vendor = try Vendor()
            try vendor.create()
            try publish(vendor, "1.0")
            let files = StoppingFileSystem(allowed: writes)
            vendor.fileSystem = files
            do {
                try publish(vendor, "2.0")
                finished = true
            } catch let error as RepositoryError {
                guard case .file = error.code else { throw error }
            }
            vendor.fileSystem = POSIXFileSystem()
            let customer = try vendor.customer()
            let channel = try #require(try await customer.target("om/channels/stable.json"))
            let version = String(decoding: try await customer.download(channel), as: UTF8.self)
            #expect(version == (finished ? "2.0" : "1.0") || version == "2.0")
            let release = try #require(try await customer.target("om/\(version)/release.json"))
            #expect(try await customer.download(release) == Array(version.utf8))
            try publish(vendor, "3.0")
            let next = try vendor.customer()
            #expect(try await next.target("om/3.0/release.json") != nil)
            writes += 1
        }
        // A publication is two targets and four metadata files at least.
        #expect(writes > 5)
    }

    @Test("While it is being made: the next try makes it")
    func creation() async throws {
        var writes = 0
        while true {
            try #require(writes < 50)
            var vendor = try Vendor()
            vendor.fileSystem = StoppingFileSystem(allowed: writes)
            let stopped: Bool
            do {
                try vendor.create()
                stopped = false
            } catch {
                guard case .file = error.code else { throw error }
                stopped = true
            }
            guard stopped else { break }
            vendor.fileSystem = POSIXFileSystem()
            try vendor.create()
            try publish(vendor, "1.0")
            #expect(try await vendor.customer().target("om/1.0/release.json") != nil)
            writes += 1
        }
        #expect(writes > 10)
    }

    private func publish(_ vendor: Vendor, _ version: String) throws {
        var editor = try vendor.open()
        try editor.addProduct("om")
        try editor.addTarget(product: "om", path: "om/\(version)/release.json", bytes: Array(version.utf8))
        try editor.addTarget(product: "om", path: "om/channels/stable.json", bytes: Array(version.utf8))
        try editor.commit()
    }
}

/// The real file system until a number of files has been replaced; then every write fails, as if the process had
/// been killed there.
final class StoppingFileSystem: FileSystem {
    private let real = POSIXFileSystem()
    private let left: Mutex<Int>

    init(allowed: Int) { left = Mutex(allowed) }

    func replace(_ file: FilePath, with bytes: [UInt8], permissions: UInt16) throws(FileError) {
        let goesOn = left.withLock { left in
            left -= 1
            return left >= 0
        }
        guard goesOn else { throw FileError(.other(0), operation: "replace", path: file.string) }
        try real.replace(file, with: bytes, permissions: permissions)
    }

    func attributes(of path: FilePath) throws(FileError) -> FileAttributes? { try real.attributes(of: path) }
    func entries(of directory: FilePath) throws(FileError) -> [String] { try real.entries(of: directory) }
    func read(_ file: FilePath, limit: Int) throws(FileError) -> [UInt8] { try real.read(file, limit: limit) }
    func destination(ofLink link: FilePath) throws(FileError) -> String { try real.destination(ofLink: link) }
    func openForReading(_ file: FilePath) throws(FileError) -> any OpenFile { try real.openForReading(file) }
    func openForWriting(_ file: FilePath, permissions: UInt16, resume: Bool) throws(FileError) -> any OpenFile {
        try real.openForWriting(file, permissions: permissions, resume: resume)
    }
    func makeDirectory(_ path: FilePath, permissions: UInt16) throws(FileError) {
        try real.makeDirectory(path, permissions: permissions)
    }
    func makeLink(at path: FilePath, to destination: String) throws(FileError) {
        try real.makeLink(at: path, to: destination)
    }
    func hardLink(_ file: FilePath, as other: FilePath) throws(FileError) { try real.hardLink(file, as: other) }
    func copyFile(_ source: FilePath, to destination: FilePath) throws(FileError) {
        try real.copyFile(source, to: destination)
    }
    func setPermissions(_ permissions: UInt16, of path: FilePath) throws(FileError) {
        try real.setPermissions(permissions, of: path)
    }
    func rename(_ source: FilePath, to destination: FilePath) throws(FileError) {
        try real.rename(source, to: destination)
    }
    func exchange(_ a: FilePath, with b: FilePath) throws(FileError) { try real.exchange(a, with: b) }
    func remove(_ path: FilePath) throws(FileError) { try real.remove(path) }
    func syncDirectory(_ directory: FilePath) throws(FileError) { try real.syncDirectory(directory) }
    func syncFileSystem(containing path: FilePath) throws(FileError) {
        try real.syncFileSystem(containing: path)
    }
    func freeBytes(at path: FilePath) throws(FileError) -> Int64 { try real.freeBytes(at: path) }
    func lock(_ file: FilePath) throws(FileError) -> (any HeldLock)? { try real.lock(file) }
}
