// SPDX-License-Identifier: Apache-2.0
public import Platform
import SystemPackage
public import TUF

/// Fetches from wherever a repository may be: `file://` from a folder of this machine, the rest over HTTP.
public struct RepositoryFetcher: Fetcher {
    private static let scheme = "file:///"
    private let http: any Fetcher
    private let files: FolderFetcher

    public init(_ http: any Fetcher, fileSystem: any FileSystem) {
        self.http = http
        files = FolderFetcher(FilePath("/"), url: Self.scheme, fileSystem: fileSystem)
    }

    public func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        if request.url.hasPrefix(Self.scheme) {
            try await files.fetch(request, receive: receive)
        } else {
            try await http.fetch(request, receive: receive)
        }
    }
}
