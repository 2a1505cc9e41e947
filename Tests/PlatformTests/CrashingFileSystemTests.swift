// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage
import Testing
import TestSupport

/// The double is tested too: one that lies makes every test that uses it worthless.
@Suite struct CrashingFileSystemTests {
    let folder: TemporaryFolder
    let real = POSIXFileSystem()

    init() throws { folder = try TemporaryFolder() }

    /// Four changes: a folder, a file, a write, a rename.
    private func work(_ files: CrashingFileSystem) throws {
        try files.makeDirectory(folder.path.appending("d"), permissions: 0o755)
        let file = try files.openForWriting(folder.path.appending("d/f"), permissions: 0o644, resume: false)
        try file.write([1, 2, 3, 4][...])
        try files.rename(folder.path.appending("d/f"), to: folder.path.appending("d/g"))
    }

    @Test("Without a fault it is the file system below, and counts changes only")
    func transparent() throws {
        let files = CrashingFileSystem()
        try work(files)
        _ = try files.entries(of: folder.path)
        #expect(
            files.changes.map { $0.split(separator: " ")[0] } == ["makeDirectory", "openForWriting", "write", "rename"])
        #expect(try real.read(folder.path.appending("d/g"), limit: 10) == [1, 2, 3, 4])
        #expect(!files.hasCrashed)
    }

    @Test("It dies at exactly the n-th change, and nothing happens after it", arguments: 1...4)
    func crash(at n: Int) throws {
        let files = CrashingFileSystem(fault: .crash(at: n))
        #expect(throws: FileError.self) { try work(files) }
        #expect(files.hasCrashed && files.changes.count == n)
        #expect(throws: FileError.self) { try files.remove(folder.path.appending("d")) }
        #expect(throws: FileError.self) { try files.attributes(of: folder.path) }
        #expect(try real.exists(folder.path.appending("d")) == (n > 1))
        #expect(try real.exists(folder.path.appending("d/f")) == (n > 2))
        #expect(try !real.exists(folder.path.appending("d/g")))
        // The write it dies in is half done.
        if n == 3 { #expect(try real.read(folder.path.appending("d/f"), limit: 10) == [1, 2]) }
        if n == 4 { #expect(try real.read(folder.path.appending("d/f"), limit: 10) == [1, 2, 3, 4]) }
    }

    @Test("A failing change fails once, with the code asked for")
    func fail() throws {
        let files = CrashingFileSystem(fault: .fail(at: 1, .readOnly))
        #expect { try work(files) } throws: { ($0 as? FileError)?.code == .readOnly }
        try work(files)
        #expect(!files.hasCrashed)
    }

    @Test("A full disk refuses what needs space and lets go of what is there")
    func full() throws {
        try folder.write("old", "x")
        let files = CrashingFileSystem(fault: .full(from: 1))
        #expect { try work(files) } throws: { ($0 as? FileError)?.code == .noSpace }
        try files.remove(folder.path.appending("old"))
        #expect(try real.entries(of: folder.path) == [])
    }

    @Test("A crash frees the locks, as the kernel does")
    func locks() throws {
        let files = CrashingFileSystem(fault: .crash(at: 1))
        let lock = folder.path.appending("lock")
        let held = try files.lock(lock)
        #expect(held != nil)
        #expect(try real.lock(lock) == nil)
        #expect(throws: FileError.self) { try work(files) }
        #expect(try real.lock(lock) != nil)
    }

    @Test("A crash inside a replacement leaves the old content and a temporary file")
    func replace() throws {
        let file = try folder.write("f", "old")
        let files = CrashingFileSystem(fault: .crash(at: 1))
        #expect(throws: FileError.self) { try files.replace(file, with: [1, 2], permissions: 0o600) }
        #expect(try real.read(file, limit: 10) == Array("old".utf8))
        #expect(try real.entries(of: folder.path).count == 2)
    }
}
