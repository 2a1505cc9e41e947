// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage
internal import TUF

/// Reads a served folder as its web server would.
struct FolderSource: Fetcher {
    /// What addresses begin with.
    static let url = "file:///"
    private static let piece = 1 << 20

    let folder: FilePath
    let fileSystem: any FileSystem

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        let names = request.url.dropFirst(Self.url.count).split(separator: "/", omittingEmptySubsequences: false)
        guard names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw FetchError(.notFound, url: request.url, reason: "it leads out of the folder")
        }
        let path = names.reduce(folder) { $0.appending(String($1)) }
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
        } catch {
            throw FetchError(.receiver, url: request.url, reason: "\(error)")
        }
    }
}
