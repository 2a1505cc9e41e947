// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Reads a repository that is a folder of this machine, as its web server would.
public struct FolderFetcher: Fetcher {
    private static let piece = 1 << 20

    private let folder: FilePath
    private let url: String
    private let fileSystem: any FileSystem

    /// - Parameter url: what the addresses of files in `folder` begin with; ends with a slash.
    public init(_ folder: FilePath, url: String = "file:///", fileSystem: any FileSystem) {
        self.folder = folder
        self.url = url
        self.fileSystem = fileSystem
    }

    public func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        let path = try path(of: request.url)
        do {
            let file = try fileSystem.openForReading(path)
            var offset = request.offset
            let end = request.length.map { request.offset + $0 } ?? .max
            while offset < end {
                let bytes = try file.read(at: offset, count: Int(min(Int64(Self.piece), end - offset)))
                guard !bytes.isEmpty else { break }
                offset += Int64(bytes.count)
                try await receive(bytes[...])
            }
            try file.close()
        } catch let error as FetchError {
            throw error
        } catch let error as FileError {
            throw FetchError(error.code == .notFound ? .notFound : .unreachable, url: request.url, reason: "\(error)")
        } catch is CancellationError {
            throw FetchError(.cancelled, url: request.url, reason: "cancelled")
        } catch {
            throw FetchError(.receiver, url: request.url, reason: "\(error)")
        }
    }

    private func path(of address: String) throws(FetchError) -> FilePath {
        guard address.hasPrefix(url) else {
            throw FetchError(.unreachable, url: address, reason: "this is not below \(url)")
        }
        var path = folder
        for part in address.dropFirst(url.count).split(separator: "/", omittingEmptySubsequences: false) {
            guard let name = percentDecoded(part), !name.isEmpty, name != ".", name != "..", !name.contains("/"),
                !name.utf8.contains(0)
            else { throw FetchError(.notFound, url: address, reason: "it leads out of the folder") }
            path = path.appending(name)
        }
        return path
    }
}
