// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Packaging
internal import Platform
internal import SystemPackage

internal import TUFRepository

/// The folder of a vendor's repository: what is served, what stays private.
struct VendorFolder {
    let path: FilePath
    let fileSystem: any FileSystem

    var layout: RepositoryLayout { RepositoryLayout(path) }
    /// To look at them.
    var keys: KeyStore { KeyStore(directory: layout.keys, fileSystem: fileSystem) }

    /// For changes, with the repository's lock.
    /// - Parameter keys: if not those that open without being asked for.
    func edit(clock: any WallClock, keys: KeyStore? = nil) throws -> RepositoryEditor {
        try RepositoryEditor(
            opening: path, keys: try keys ?? PassphraseOptions.keys(self), clock: clock, fileSystem: fileSystem)
    }

    /// To look at it; needs neither lock nor keys.
    func read(clock: any WallClock) throws -> RepositoryEditor {
        try RepositoryEditor(reading: path, clock: clock, fileSystem: fileSystem)
    }

    /// How names of packs begin that are being written.
    static let unfinished = ".unfinished-"

    func unfinishedPack() -> FilePath {
        layout.packs.appending("\(Self.unfinished)\(UInt64.random(in: 0 ... .max))")
    }

    /// Gives a pack that was written and synced its name; durable when it returns.
    func putInPlace(_ temporary: FilePath, as sha256: String, length: Int64) throws(FileError) {
        let final = layout.packs.appending(sha256)
        if try fileSystem.attributes(of: final)?.size == length {
            try fileSystem.remove(temporary)
        } else {
            try fileSystem.remove(final)
            try fileSystem.rename(temporary, to: final)
        }
        try fileSystem.syncDirectory(layout.packs)
    }

    /// Everything below what is served, relative, sorted.
    func servedFiles() throws(FileError) -> [String] { try fileSystem.files(below: layout.served) }

    /// Newest first.
    static func versions(of product: String, in editor: RepositoryEditor) throws -> [Version] {
        try editor.targets(of: product).compactMap { target in
            let parts = target.path.split(separator: "/")
            guard parts.count == 3, parts[2] == "release.json" else { return nil }
            return Version(String(parts[1]))
        }.sorted(by: >)
    }

    /// With all symlinks followed; the path itself when that cannot be done.
    static func resolved(_ path: FilePath) -> FilePath {
        path.withPlatformString { name in
            guard let resolved = realpath(name, nil) else { return path }
            defer { free(resolved) }
            return FilePath(platformString: resolved)
        }
    }
}
