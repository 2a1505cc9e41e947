// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import SystemPackage
import TUF
import TUFRepository
import TestSupport

/// A vendor's machine: a repository in a temporary folder, and customers who read it.
struct Vendor {
    let folder: TemporaryFolder
    let clock = ManualClock()
    var fileSystem: any FileSystem = POSIXFileSystem()

    init() throws { folder = try TemporaryFolder() }

    var path: FilePath { folder / "repository" }
    var layout: RepositoryLayout { RepositoryLayout(path) }
    var keys: KeyStore { KeyStore(directory: layout.keys, fileSystem: fileSystem) }

    func create(_ options: RepositoryOptions = RepositoryOptions()) throws(RepositoryError) {
        try RepositoryEditor.create(at: path, keys: keys, options: options, clock: clock, fileSystem: fileSystem)
    }

    func open() throws(RepositoryError) -> RepositoryEditor {
        try RepositoryEditor(opening: path, keys: keys, clock: clock, fileSystem: fileSystem)
    }

    /// Names below the served folder's `metadata`.
    func metadataNames() throws -> [String] { try POSIXFileSystem().entries(of: layout.metadata) }

    func customer(store: MemoryMetadataStore = MemoryMetadataStore()) throws -> Updater {
        Updater(
            store: store, trustedRoot: try POSIXFileSystem().read(layout.firstRoot, limit: 1 << 20),
            metadataURL: "file/metadata/", targetsURL: "file/targets/",
            fetcher: FolderFetcher(folder: layout.served), clock: clock)
    }
}

/// Serves a folder as a static web server does.
struct FolderFetcher: Fetcher {
    let folder: FilePath

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        let parts = request.url.split(separator: "/").dropFirst()
        let file = parts.reduce(folder) { $0.appending(String($1)) }
        do {
            try await receive(try POSIXFileSystem().read(file, limit: 1 << 30)[...])
        } catch let error as FetchError {
            throw error
        } catch {
            throw FetchError(.notFound, url: request.url, reason: "404")
        }
    }
}

func refusal(_ body: () throws(RepositoryError) -> Void) -> RepositoryError.Code? {
    do {
        try body()
        return nil
    } catch {
        return error.code
    }
}
