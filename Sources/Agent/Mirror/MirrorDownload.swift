// SPDX-License-Identifier: Apache-2.0
import Crypto
import Platform
import SystemPackage
import TUF

/// Brings one target or pack from the vendor into a file, and says whether it is what its name says. A connection that
/// breaks off after it brought something is taken up again at once, where it broke.
struct MirrorDownload {
    /// What a fetch has brought so far.
    struct Progress: Sendable {
        var hash = SHA256()
        var count: Int64 = 0
    }

    /// As for an agent's own downloads: a line that breaks more often is not worth holding on to.
    static let maximumAttempts = 20

    let url: String
    let sha256: String
    let limit: Int64
    /// The length that signed metadata gives; `nil` where there is none.
    let exact: Int64?
    let fetcher: any Fetcher
    let file: any OpenFile
    let grew: @Sendable (Int64) -> Void

    /// Returns when all is there and verified; what came until it throws stays in the file and in `progress`.
    func run(_ progress: inout Progress) async throws(FetchError) {
        var attempts = 0
        while progress.count < exact ?? .max {
            attempts += 1
            let before = progress.count
            do throws(FetchError) {
                try await fetchRest(&progress)
                guard progress.count > before, exact != nil, attempts < Self.maximumAttempts else { break }
            } catch {
                let isWorthRepeating =
                    switch error.code {
                    case .unreachable, .stalled: progress.count > before && attempts < Self.maximumAttempts
                    default: false
                    }
                guard isWorthRepeating else { throw error }
            }
        }
        guard exact.map({ $0 == progress.count }) ?? true, Secret.hex(progress.hash.finalize()) == sha256 else {
            throw FetchError(.tooLong, url: url, reason: "its content is not what its name says")
        }
    }

    /// A server that knows no ranges sends all of it again: what is there already is read by somebody, and stays.
    private func fetchRest(_ progress: inout Progress) async throws(FetchError) {
        do {
            try await fetch(from: progress.count, &progress)
        } catch {
            guard case .rangeNotSupported = error.code, progress.count > 0 else { throw error }
            try await fetch(from: 0, &progress)
        }
    }

    private func fetch(from offset: Int64, _ progress: inout Progress) async throws(FetchError) {
        var known = progress
        defer { progress = known }
        var toSkip = known.count - offset
        try await fetcher.fetch(FetchRequest(url: url, offset: offset)) { chunk in
            let skipped = Int(min(toSkip, Int64(chunk.count)))
            toSkip -= Int64(skipped)
            let chunk = chunk.dropFirst(skipped)
            guard !chunk.isEmpty else { return }
            guard known.count + Int64(chunk.count) <= limit else {
                throw FetchError(.tooLong, url: url, reason: "more than \(limit) bytes")
            }
            try file.write(chunk)
            chunk.withUnsafeBytes { known.hash.update(bufferPointer: $0) }
            known.count += Int64(chunk.count)
            grew(known.count)
        }
    }
}
