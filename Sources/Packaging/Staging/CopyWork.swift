// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Platform
internal import Synchronization
internal import SystemPackage

/// Files of a new tree that are copied from where their content is, each hashed after it was written. Several threads may work
/// on one list.
final class CopyWork: Sendable {
    struct File: Sendable {
        var source: FilePath
        var destination: FilePath
        /// In the tree.
        var path: String
        var size: Int64
        var sha256: String
        var permissions: UInt16
    }

    private struct State {
        var next = 0
        var bytes: Int64 = 0
        var failure: PackagingError?
    }

    private let files: [File]
    private let fileSystem: any FileSystem
    private let state = Mutex(State())
    private let helper = DispatchQueue(label: "staging.copies")

    init(_ files: [File], fileSystem: any FileSystem) {
        self.files = files
        self.fileSystem = fileSystem
    }

    /// Bytes copied so far.
    var bytes: Int64 { state.withLock { $0.bytes } }

    /// Begins on a thread of its own, which must be waited for.
    func begin() {
        if !files.isEmpty { helper.async { [self] in work() } }
    }

    /// Helps until everything is copied; throws what went wrong first on any thread.
    func finish(progress: () -> Void) throws(PackagingError) {
        work(progress)
        helper.sync {}
        if let failure = state.withLock({ $0.failure }) { throw failure }
        progress()
    }

    /// Nothing more is begun; waits for what was.
    func abandon() {
        state.withLock { $0.next = files.count }
        helper.sync {}
    }

    private func work(_ progress: () -> Void = {}) {
        while let file = take() {
            do throws(PackagingError) {
                try copy(file)
                state.withLock { $0.bytes += file.size }
                progress()
            } catch {
                state.withLock { state in
                    state.next = files.count
                    state.failure = state.failure ?? error
                }
            }
        }
    }

    private func take() -> File? {
        state.withLock { state in
            guard state.next < files.count else { return nil }
            defer { state.next += 1 }
            return files[state.next]
        }
    }

    /// Reflinked where the file system can.
    private func copy(_ file: File) throws(PackagingError) {
        var hash = RunningHash()
        try PackagingError.files { () throws(FileError) in
            try fileSystem.copyFile(file.source, to: file.destination)
            try fileSystem.setPermissions(file.permissions, of: file.destination)
            let written = try fileSystem.openForReading(file.destination)
            try hash.update(written)
            try written.close()
        }
        guard hash.count == file.size, hash.hex == file.sha256 else {
            throw PackagingError(.tampered, "What was copied is not what the tree says.", at: file.path)
        }
    }
}
