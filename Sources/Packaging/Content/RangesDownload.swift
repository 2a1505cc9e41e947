// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage
internal import TUF

/// Brings ranges of a pack into one file, one after the other. What has come so far is in `<file>.partial`, as with
/// ``PackDownload``; the ranges are not verified here, since no hash covers them: staging hashes every file that is made of them.
struct RangesDownload {
    let ranges: PackRanges
    let url: String
    let file: FilePath
    let fileSystem: any FileSystem
    let fetcher: any Fetcher
    /// Gets bytes done of these ranges.
    let progress: @Sendable (Int64) -> Void

    private var partial: FilePath { FilePath(file.string + ".partial") }

    func run() async throws(PackagingError) {
        let here = try PackagingError.files { () throws(FileError) in try fileSystem.attributes(of: file) }
        if here?.size == ranges.bytes { return progress(ranges.bytes) }
        let output = try PackagingError.files { () throws(FileError) in
            let output = try fileSystem.openForWriting(partial, permissions: 0o644, resume: true)
            if try output.attributes().size > ranges.bytes { try output.truncate(to: 0) }
            return output
        }
        var count = try PackagingError.files { () throws(FileError) in try output.attributes().size }
        progress(count)
        var attempts = 0
        while let (offset, length) = rest(after: count) {
            attempts += 1
            let before = count
            do throws(FetchError) {
                count = try await fetch(offset, length, into: output, from: count)
            } catch {
                count = try PackagingError.files { () throws(FileError) in
                    try output.sync()
                    return try output.attributes().size
                }
                guard PackDownload.isWorthRepeating(error, brought: count > before, attempts: attempts) else {
                    throw PackagingError(.fetch(error), "The pack cannot be fetched: \(error.description)", at: url)
                }
            }
        }
        try PackagingError.files { () throws(FileError) in
            try output.sync()
            try output.close()
            try fileSystem.remove(file)
            try fileSystem.rename(partial, to: file)
            try fileSystem.syncDirectory(file.removingLastComponent())
        }
    }

    /// Of the range that is incomplete, what is missing; `nil` when all are complete.
    private func rest(after count: Int64) -> (offset: Int64, length: Int64)? {
        var before: Int64 = 0
        for range in ranges.ranges {
            if count < before + range.length { return (range.offset + count - before, range.length - (count - before)) }
            before += range.length
        }
        return nil
    }

    private func fetch(
        _ offset: Int64, _ length: Int64, into output: any OpenFile, from count: Int64
    ) async throws(FetchError) -> Int64 {
        var come: Int64 = 0
        try await fetcher.fetch(FetchRequest(url: url, offset: offset, length: length)) { chunk in
            guard come + Int64(chunk.count) <= length else {
                throw FetchError(.tooLong, url: url, reason: "more than the \(length) bytes asked for")
            }
            try output.write(chunk)
            come += Int64(chunk.count)
            progress(count + come)
        }
        // A pack that ends early would be asked for without end.
        guard come == length else { throw FetchError(.unreachable, url: url, reason: "the range ended early") }
        return count + come
    }
}
