// SPDX-License-Identifier: Apache-2.0
import Packaging
import Platform
import SystemPackage
import TestSupport

let files = POSIXFileSystem()

extension TemporaryFolder {
    func link(_ path: String, to destination: String) throws {
        let file = self / path
        try files.makeDirectories(file.removingLastComponent())
        try files.makeLink(at: file, to: destination)
    }
}

/// Bytes that do not compress, the same for the same seed.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    var words: [UInt64] = []
    words.reserveCapacity(count / 8 + 1)
    for _ in 0..<(count + 7) / 8 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        words.append(state)
    }
    return words.withUnsafeBytes { Array(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
}

/// A small application: programs, texts, an empty file, a symlink, an empty folder.
func makeApplication(in folder: TemporaryFolder, at name: String = "app") throws -> FilePath {
    try folder.write("\(name)/om-server", noise(30_000), permissions: 0o755)
    try folder.write("\(name)/VERSION", "1.0\n")
    try folder.write("\(name)/share/texts/it.txt", String(repeating: "buongiorno ", count: 900))
    try folder.write("\(name)/share/texts/empty.txt", "")
    try folder.write("\(name)/share-old/è.txt", "accent")
    try folder.link("\(name)/share/current", to: "texts/it.txt")
    try files.makeDirectory(folder / "\(name)/backups", permissions: 0o700)
    return folder / name
}

struct Packed {
    var tree: Tree
    var pack: FilePath
}

/// Scans and packs `folder` with small frames, so that files lie across their borders.
func pack(_ source: FilePath, in folder: TemporaryFolder, named name: String = "pack") throws -> Packed {
    let scan = try TreeScanner(fileSystem: files).scan(source)
    let file = folder / name
    let written = try PackWriter(fileSystem: files, level: 3, frameBytes: 4096).write(scan, to: file)
    let tree = Tree(
        product: "om-business", release: "1.0", component: "server", platform: "linux-x86_64",
        entries: written.entries, pack: written.pack)
    return Packed(tree: tree, pack: file)
}

/// The code's name, for errors whose codes carry values that do not matter.
func codeName(_ error: any Error) -> String {
    guard let error = error as? PackagingError else { return "\(error)" }
    return "\(error.code)".prefix { $0 != "(" }.description
}

/// Runs `body`, which must fail with the code of that name.
func failure(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "no error"
    } catch {
        return codeName(error)
    }
}

func failure(_ body: () async throws -> Void) async -> String {
    do {
        try await body()
        return "no error"
    } catch {
        return codeName(error)
    }
}
