// SPDX-License-Identifier: Apache-2.0
internal import Packaging
internal import Platform
internal import SystemPackage

/// A stretch of files' content in memory.
///
/// @unchecked: filled by its initialiser, only read afterwards.
final class StreamBuffer: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    private let memory: UnsafeMutableRawBufferPointer

    /// Reads `parts` of files in `folder`, one after the other. Throws `changedWhileRead` when one is too short.
    init(
        _ parts: [(path: String, offset: Int64, count: Int)], in folder: FilePath, fileSystem: any FileSystem
    ) throws(PackagingError) {
        memory = .allocate(byteCount: max(parts.reduce(0) { $0 + $1.count }, 1), alignment: 16)
        bytes = UnsafeRawBufferPointer(rebasing: memory[..<parts.reduce(0) { $0 + $1.count }])
        var filled = 0
        for part in parts {
            let file: any OpenFile
            do {
                file = try fileSystem.openForReading(folder.appending(part.path))
                var done = 0
                while done < part.count {
                    let bytes = try file.read(at: part.offset + Int64(done), count: min(part.count - done, 4 << 20))
                    guard !bytes.isEmpty else { break }
                    UnsafeMutableRawBufferPointer(rebasing: memory[filled...]).copyBytes(from: bytes)
                    filled += bytes.count
                    done += bytes.count
                }
                try file.close()
                guard done == part.count else {
                    throw PackagingError(.changedWhileRead, "It is shorter than its tree says.", at: part.path)
                }
            } catch let error as FileError {
                throw PackagingError(error)
            } catch let error as PackagingError {
                throw error
            } catch {
                throw PackagingError(.unsupported, "It cannot be read: \(error).", at: part.path)
            }
        }
    }

    deinit { memory.deallocate() }

    var typed: UnsafeBufferPointer<UInt8> { bytes.assumingMemoryBound(to: UInt8.self) }
}
