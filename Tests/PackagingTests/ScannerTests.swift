// SPDX-License-Identifier: Apache-2.0
import Glibc
import Packaging
import Platform
import SystemPackage
import TestSupport
import Testing

@Suite struct ScannerTests {
    private func scan(_ folder: FilePath) throws -> ScannedFolder { try TreeScanner(fileSystem: files).scan(folder) }

    @Test("A folder's entries come in the order of their paths' bytes")
    func order() throws {
        let folder = try TemporaryFolder()
        let paths = try scan(try makeApplication(in: folder)).entries.map(\.path)
        #expect(
            paths == [
                "VERSION", "backups", "om-server", "share", "share-old", "share-old/è.txt", "share/current",
                "share/texts", "share/texts/empty.txt", "share/texts/it.txt",
            ])
    }

    @Test(
        "A symlink that leads out of the folder is refused, directly or through another",
        arguments: ["/etc/passwd", "../secret", "share/../../secret", "share/up/../secret"])
    func escapingLink(destination: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("secret", "key")
        try folder.write("app/share/x", "x")
        try folder.link("app/share/up", to: "..")
        try folder.link("app/z", to: destination)
        #expect(failure { _ = try scan(folder / "app") } == "escapes")
    }

    @Test("A symlink to a folder outside is refused, not followed")
    func linkedFolder() throws {
        let folder = try TemporaryFolder()
        try folder.write("outside/secret", "key")
        try folder.write("app/x", "x")
        try folder.link("app/data", to: "../outside")
        #expect(failure { _ = try scan(folder / "app") } == "escapes")
    }

    @Test("Pipes and set-user-ID files are refused")
    func unsupported() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("app/x", "x")
        try files.setPermissions(0o4755, of: file)
        #expect(failure { _ = try scan(folder / "app") } == "unsupported")
        try files.setPermissions(0o755, of: file)
        _ = try scan(folder / "app")
        try #require(mkfifo((folder / "app/pipe").string, 0o600) == 0)
        #expect(failure { _ = try scan(folder / "app") } == "unsupported")
    }

    @Test("Names with control characters and names that are not UTF-8 are refused")
    func names() throws {
        let folder = try TemporaryFolder()
        try folder.write("app/x", "x")
        try folder.write("app/a\nb", "x")
        #expect(failure { _ = try scan(folder / "app") } == "malformed")
        try files.remove(folder / "app/a\nb")
        let name = (folder / "app/bad-").string.utf8.map { CChar(bitPattern: $0) } + [CChar(bitPattern: 0xFF), 0]
        let descriptor = try #require(Optional(open(name, O_CREAT | O_WRONLY, 0o600)))
        close(descriptor)
        #expect(failure { _ = try scan(folder / "app") } == "unsupported")
    }

    @Test("No folder, a file, a symlink and an empty folder are each refused")
    func noFolder() throws {
        let folder = try TemporaryFolder()
        try folder.write("file", "x")
        try files.makeDirectory(folder / "empty", permissions: 0o755)
        try folder.link("link", to: "empty")
        #expect(failure { _ = try scan(folder / "absent") } == "file")
        #expect(failure { _ = try scan(folder / "file") } == "file")
        #expect(failure { _ = try scan(folder / "link") } == "file")
        #expect(failure { _ = try scan(folder / "empty") } == "unsupported")
    }

    @Test("Names that clash where case does not matter are a warning")
    func caseClash() throws {
        let folder = try TemporaryFolder()
        try folder.write("app/Read.me", "a")
        try folder.write("app/read.ME", "b")
        #expect(try scan(folder / "app").warnings.count == 1)
        let quiet = try TemporaryFolder()
        #expect(try scan(try makeApplication(in: quiet)).warnings.isEmpty)
    }
}
