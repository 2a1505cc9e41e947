// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import SystemPackage
import TUF

// Targets and packs: from the vendor into the cache.
extension Mirror {
    /// A pack's bytes while they come; everybody who asks meanwhile is given the same fetch, which goes on to its end
    /// even when all of them leave: the next workstation asks for it.
    func follow(pack sha256: String, length: Int64) async throws -> Body {
        let place = object(sha256)
        // It may have arrived since it was looked for.
        if let (lease, _) = cache.lease(place) { return .file(try fileSystem.openForReading(place), lease) }
        let growing = try growing[sha256] ?? start(pack: sha256, length: length)
        let lease = cache.join(place)
        // Opened now: it may have another name by the time that it begins.
        let file = try fileSystem.openForReading(growing.path)
        do {
            try await growing.begin()
        } catch is CancellationError where !Task.isCancelled {
            // The agent is told to stop.
            throw Refusal(.unexpected, 503)
        }
        return .growing(growing, file, lease)
    }

    private func start(pack sha256: String, length: Int64) throws -> GrowingFile {
        let (place, file) = (object(sha256), incoming.appending(sha256))
        var progress = left.removeValue(forKey: sha256) ?? .init()
        let isResumed =
            try progress.count > 0 && cache.leftover(place) == progress.count
            && fileSystem.attributes(of: file)?.size == progress.count
        if !isResumed {
            progress = .init()
            try fileSystem.remove(file)
        }
        try makeSpace(for: length - progress.count)
        let output = try fileSystem.openForWriting(file, permissions: 0o644, resume: isResumed)
        let lease = cache.reserve(place, in: file, size: length)
        let growing = GrowingFile(path: file, length: length, received: progress.count)
        let download = MirrorDownload(
            url: upstream + MirrorPath.pack(sha256: sha256).upstream, sha256: sha256, limit: length, exact: length,
            fetcher: fetcher, file: output
        ) { growing.grow(to: $0) }
        self.growing[sha256] = growing
        Task { await self.run(download, from: progress, growing, lease) }
        return growing
    }

    private func run(
        _ download: MirrorDownload, from start: MirrorDownload.Progress, _ growing: GrowingFile, _ lease: CacheLease
    ) async {
        let place = object(download.sha256)
        var progress = start
        do {
            do throws(FetchError) {
                try await download.run(&progress)
            } catch {
                throw refusal(error)
            }
            growing.verify()
            try await putInPlace(download.file, growing.path, place, length: progress.count)
        } catch {
            // What is not what it should be is thrown away; the rest of something else may still come.
            let isOfUse = (error as? Refusal)?.code != .packTampered && (1..<growing.length).contains(progress.count)
            if !isOfUse { try? fileSystem.remove(growing.path) }
            left[download.sha256] = isOfUse ? progress : nil
            cache.leave(place, size: isOfUse ? progress.count : 0)
            growing.fail(error)
        }
        try? download.file.close()
        self.growing[download.sha256] = nil
        withExtendedLifetime(lease) {}
    }

    func fetchTarget(_ path: MirrorPath, sha256: String) async throws {
        try makeSpace(for: 0)
        let (place, file) = (object(sha256), incoming.appending(Secret.identifier()))
        let output = try fileSystem.openForWriting(file, permissions: 0o644, resume: false)
        let lease = cache.reserve(place, in: file, size: 0)
        defer {
            try? output.close()
            withExtendedLifetime(lease) {}
        }
        let download = MirrorDownload(
            url: upstream + path.upstream, sha256: sha256, limit: Self.targetLimit, exact: nil, fetcher: fetcher,
            file: output
        ) { _ in }
        do {
            var progress = MirrorDownload.Progress()
            do throws(FetchError) {
                try await download.run(&progress)
            } catch {
                throw refusal(error)
            }
            try await putInPlace(output, file, place, length: progress.count)
        } catch {
            try? fileSystem.remove(file)
            cache.leave(place, size: 0)
            throw error
        }
    }

    /// Only what survives a power cut gets its name: nothing checks it again.
    private func putInPlace(
        _ output: any OpenFile, _ file: FilePath, _ place: FilePath, length: Int64
    ) async throws(FileError) {
        try await BlockingWork.run { () throws(FileError) in try output.sync() }
        try fileSystem.remove(place)
        try fileSystem.rename(file, to: place)
        try fileSystem.syncDirectory(place.removingLastComponent())
        cache.complete(place, size: length)
    }

    /// Where the disk is too full, what was not used for the longest time makes way.
    private func makeSpace(for bytes: Int64) throws {
        let needed = bytes + Self.spareBytes
        var free = try fileSystem.freeBytes(at: incoming)
        if free < needed {
            cache.free(needed - free)
            free = try fileSystem.freeBytes(at: incoming)
        }
        guard free >= needed else {
            throw Refusal(.notEnoughSpace, 507, ["path": folder.string, "free": "\(free)", "needed": "\(needed)"])
        }
    }

    private func refusal(_ error: FetchError) -> Refusal {
        switch error.code {
        case .notFound: .notFound
        case .tooLong: Refusal(.packTampered, 502, ["reason": error.reason])
        // It could not be written.
        case .receiver: Refusal(.fileFailed, 500, ["path": folder.string, "reason": error.reason])
        case .stalled: Refusal(.vendorUnreachable, 504, ["url": upstream, "reason": error.reason])
        default: Refusal(.vendorUnreachable, 502, ["url": upstream, "reason": error.reason])
        }
    }
}
