// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import SystemPackage
internal import TUF

/// Brings one pack into a file. What has come so far is in `<file>.partial`, so that a later call, by this process
/// or the next, goes on where this one stopped; only what was verified is ever named `<file>`.
struct PackDownload {
    /// A fetch that broke off but brought something is taken up again at once, this many times in a row without
    /// any caller waiting in between; one that brought nothing is the caller's to repeat later.
    static let maximumAttempts = 20

    let sha256: String
    let length: Int64
    let url: String
    let file: FilePath
    let fileSystem: any FileSystem
    let fetcher: any Fetcher
    let progress: @Sendable (Int64, Int64) -> Void

    private var partial: FilePath { FilePath(file.string + ".partial") }

    func run() async throws(PackagingError) {
        if try await isVerified(file) {
            progress(length, length)
            return
        }
        let wasResumed = try size(of: partial) > 0
        do {
            try await complete()
        } catch {
            // What lay there from before may be what is wrong (written before a power cut, say): once more from the
            // start before the repository is blamed.
            guard case .tampered = error.code, wasResumed else { throw error }
            try await complete()
        }
    }

    /// Fetches what is missing, verifies all of it and gives it its name. After `tampered` the partial file is gone.
    private func complete() async throws(PackagingError) {
        let output = try PackagingError.files { () throws(FileError) in
            try fileSystem.openForWriting(partial, permissions: 0o644, resume: true)
        }
        var receiver = PackReceiver(output: output, length: length, progress: progress)
        try await receiver.resume(reading: fileSystem, from: partial)
        var attempts = 0
        while receiver.count < length {
            attempts += 1
            let before = receiver.count
            do throws(FetchError) {
                try await fetchRest(into: &receiver)
                guard receiver.count > before || receiver.wasRestarted else {
                    throw FetchError(.unreachable, url: url, reason: "the server sent nothing of the pack")
                }
            } catch {
                try keep(output)
                if case .tooLong = error.code {
                    try discard()
                    throw PackagingError(.tampered, "The pack is longer than its \(length) bytes.", at: url)
                }
                if let failure = receiver.failure { throw PackagingError(failure) }
                guard Self.isWorthRepeating(error, brought: receiver.count > before, attempts: attempts) else {
                    throw PackagingError(.fetch(error), "The pack cannot be fetched: \(error.description)", at: url)
                }
            }
        }
        try PackagingError.files { () throws(FileError) in
            try output.sync()
            try output.close()
        }
        guard receiver.hex == sha256 else {
            try discard()
            throw PackagingError(.tampered, "The pack's content is not what the signed tree says.", at: url)
        }
        try putInPlace()
    }

    /// - Parameter brought: whether the fetch that broke off brought something.
    static func isWorthRepeating(_ error: FetchError, brought: Bool, attempts: Int) -> Bool {
        switch error.code {
        case .unreachable, .stalled: brought && attempts < maximumAttempts && !Task.isCancelled
        default: false
        }
    }

    private func fetchRest(into receiver: inout PackReceiver) async throws(FetchError) {
        do {
            try await fetch(from: receiver.count, into: &receiver)
        } catch {
            guard case .rangeNotSupported = error.code, receiver.count > 0 else { throw error }
            try receiver.restart(url: url)
            try await fetch(from: 0, into: &receiver)
        }
    }

    private func fetch(from offset: Int64, into receiver: inout PackReceiver) async throws(FetchError) {
        var copy = receiver
        defer { receiver = copy }
        try await fetcher.fetch(FetchRequest(url: url, offset: offset)) { chunk in
            try copy.receive(chunk, url: url)
        }
    }

    /// What came before a break must survive a power cut no less than the break; failing to sync costs only that.
    private func keep(_ output: any OpenFile) throws(PackagingError) {
        try PackagingError.files { () throws(FileError) in try output.sync() }
    }

    private func discard() throws(PackagingError) {
        try PackagingError.files { () throws(FileError) in try fileSystem.remove(partial) }
    }

    private func putInPlace() throws(PackagingError) {
        try PackagingError.files { () throws(FileError) in
            // What is there was found not to be this pack.
            try fileSystem.remove(file)
            try fileSystem.rename(partial, to: file)
            try fileSystem.syncDirectory(file.removingLastComponent())
        }
    }

    private func size(of path: FilePath) throws(PackagingError) -> Int64 {
        try PackagingError.files { () throws(FileError) in try fileSystem.attributes(of: path)?.size ?? 0 }
    }

    private func isVerified(_ path: FilePath) async throws(PackagingError) -> Bool {
        guard
            let found = try PackagingError.files({ () throws(FileError) in try fileSystem.attributes(of: path) }),
            found.kind == .file, found.size == length
        else { return false }
        return try await RunningHash.of(path, fileSystem: fileSystem).hex == sha256
    }
}

/// Takes a pack's bytes in order, and knows what it has.
private struct PackReceiver {
    let output: any OpenFile
    let length: Int64
    let progress: @Sendable (Int64, Int64) -> Void
    private var hash = RunningHash()
    private(set) var wasRestarted = false
    /// Why a byte could not be stored.
    private(set) var failure: FileError?

    init(output: any OpenFile, length: Int64, progress: @escaping @Sendable (Int64, Int64) -> Void) {
        self.output = output
        self.length = length
        self.progress = progress
    }

    var count: Int64 { hash.count }
    var hex: String { hash.hex }

    mutating func resume(reading fileSystem: any FileSystem, from partial: FilePath) async throws(PackagingError) {
        let size = try PackagingError.files { () throws(FileError) in try output.attributes().size }
        if size > length {
            try PackagingError.files { () throws(FileError) in try output.truncate(to: 0) }
        } else if size > 0 {
            hash = try await RunningHash.of(partial, fileSystem: fileSystem)
        }
        progress(count, length)
    }

    mutating func restart(url: String) throws(FetchError) {
        do {
            try output.truncate(to: 0)
        } catch {
            failure = error
            throw FetchError(.receiver, url: url, reason: error.description)
        }
        hash = RunningHash()
        wasRestarted = true
    }

    mutating func receive(_ chunk: ArraySlice<UInt8>, url: String) throws {
        guard count + Int64(chunk.count) <= length else {
            throw FetchError(.tooLong, url: url, reason: "more than \(length) bytes")
        }
        do {
            try output.write(chunk)
        } catch {
            failure = error
            throw error
        }
        hash.update(chunk)
        progress(count, length)
    }
}

extension RunningHash {
    /// Of a whole file, giving way to other tasks between pieces.
    static func of(_ path: FilePath, fileSystem: any FileSystem) async throws(PackagingError) -> RunningHash {
        var hash = RunningHash()
        let file = try PackagingError.files { () throws(FileError) in try fileSystem.openForReading(path) }
        while true {
            let bytes = try PackagingError.files { () throws(FileError) in
                try file.read(at: hash.count, count: RunningHash.chunk)
            }
            guard !bytes.isEmpty else { break }
            hash.update(bytes)
            await Task.yield()
        }
        try PackagingError.files { () throws(FileError) in try file.close() }
        return hash
    }
}
