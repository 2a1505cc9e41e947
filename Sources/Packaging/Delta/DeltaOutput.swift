// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Platform
internal import Synchronization
internal import SystemPackage

/// Makes operands relative again on one thread; writes the carried files on another, and hashes each as it is written.
final class DeltaOutput: Sendable {
    private static let ahead = 2

    private let files: Mutex<CarriedFiles>
    private let failure = Mutex<PackagingError?>(nil)
    private let operands = DispatchQueue(label: "delta.operands")
    private let queue = DispatchQueue(label: "delta.output")
    /// Take turns: one segment is being written while the next one is made ready.
    private let memory = (0..<ahead).map { _ in LargeMemory(count: DeltaFormat.segmentBytes) }
    private let space = DispatchSemaphore(value: ahead)
    /// Segments so far, of all groups.
    private let count = Mutex(0)

    init(_ contents: DeltaContents, into folder: FilePath, fileSystem: any FileSystem) {
        files = Mutex(CarriedFiles(contents.carried, folder: folder, fileSystem: fileSystem))
    }

    /// The first half of `buffer` is the writer's until the next segment is put. Throws what went wrong with an earlier one.
    func put(_ segment: PlannedSegment, in buffer: SegmentBuffer) throws(PackagingError) {
        operands.sync {}
        space.wait()
        if let failure = failure.withLock({ $0 }) {
            space.signal()
            throw failure
        }
        let turn = count.withLock { count in
            defer { count += 1 }
            return count % Self.ahead
        }
        operands.async { [self] in
            let bytes = UnsafeMutableRawBufferPointer(rebasing: memory[turn].bytes[..<segment.length])
            bytes.copyMemory(from: UnsafeRawBufferPointer(buffer.content(segment.length)))
            segment.prediction.rewrite(bytes, at: segment.range.lowerBound, toAbsolute: false)
            queue.async { [self] in
                let bytes = UnsafeRawBufferPointer(rebasing: memory[turn].bytes[..<segment.length])
                attempt { (files: inout CarriedFiles) throws(PackagingError) in try files.write(bytes) }
                space.signal()
            }
        }
    }

    /// Waits until everything is written, and checks that it was everything.
    func finish() throws(PackagingError) {
        settle()
        attempt { (files: inout CarriedFiles) throws(PackagingError) in try files.finish() }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    /// Removes the file that is not complete.
    func abandon() {
        settle()
        files.withLock { $0.abandon() }
    }

    private func settle() {
        operands.sync {}
        queue.sync {}
    }

    /// Nothing more is written after the first failure.
    private func attempt(_ work: (inout CarriedFiles) throws(PackagingError) -> Void) {
        guard failure.withLock({ $0 }) == nil else { return }
        files.withLock { files in
            do throws(PackagingError) {
                try work(&files)
            } catch {
                files.abandon()
                failure.withLock { $0 = error }
            }
        }
    }
}

/// Cuts the delta's stream into files.
private struct CarriedFiles {
    private let carried: [DeltaContents.Carried]
    private let folder: FilePath
    private let fileSystem: any FileSystem
    private var index = 0
    private var current: (any OpenFile)?
    private var hash = RunningHash()
    /// Made by this run and not known to be right.
    private var doubtful: FilePath?

    init(_ carried: [DeltaContents.Carried], folder: FilePath, fileSystem: any FileSystem) {
        self.carried = carried
        self.folder = folder
        self.fileSystem = fileSystem
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(PackagingError) {
        var position = 0
        while position < bytes.count {
            try finishComplete()
            guard index < carried.count else { throw DeltaFormat.tampered("The delta has too much content.") }
            let output = try opened()
            // Small enough to be still in the processor's cache when it is hashed.
            let count = min(bytes.count - position, Int(min(256 << 10, carried[index].size - hash.count)))
            let part = UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
            try PackagingError.files { () throws(FileError) in try output.write(contentsOf: part) }
            hash.update(part)
            position += count
        }
        try finishComplete()
    }

    mutating func finish() throws(PackagingError) {
        try finishComplete()
        guard index == carried.count else { throw DeltaFormat.tampered("The delta has too little content.") }
    }

    mutating func abandon() {
        current = nil
        // It may be gone already, and the error that led here is the one to report.
        if let doubtful { try? fileSystem.remove(doubtful) }
        doubtful = nil
    }

    private mutating func opened() throws(PackagingError) -> any OpenFile {
        if let current { return current }
        let path = folder.appending(carried[index].paths[0])
        let permissions = carried[index].permissions[0]
        let file = try PackagingError.files { () throws(FileError) in
            try fileSystem.openForWriting(path, permissions: permissions, resume: false)
        }
        doubtful = path
        current = file
        return file
    }

    /// All files from the current one on whose content is complete, empty ones included.
    private mutating func finishComplete() throws(PackagingError) {
        while index < carried.count, hash.count == carried[index].size {
            let file = carried[index]
            let output = try opened()
            guard hash.hex == file.sha256 else {
                throw PackagingError(.tampered, "The delta's content is not what the tree says.", at: file.paths[0])
            }
            let first = folder.appending(file.paths[0])
            try PackagingError.files { () throws(FileError) in
                try output.close()
                try fileSystem.setPermissions(file.permissions[0], of: first)
            }
            doubtful = nil
            for (path, permissions) in zip(file.paths, file.permissions).dropFirst() {
                let copy = folder.appending(path)
                try PackagingError.files { () throws(FileError) in
                    try fileSystem.copyFile(first, to: copy)
                    try fileSystem.setPermissions(permissions, of: copy)
                }
            }
            current = nil
            hash = RunningHash()
            index += 1
        }
    }
}
