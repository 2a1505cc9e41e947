// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Makes the files of a new tree that a delta carries, from the delta and the old tree's folder.
///
/// Memory does not grow with the trees: one segment of 16 MiB is made while another is written, from a prediction and a
/// previous segment of as much; lists of files and of copies come on top. Uses two threads.
public struct DeltaApplier: Sendable {
    private let fileSystem: any FileSystem

    public init(fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
    }

    /// Writes the files of ``DeltaContents/carried`` into `folder`, where their directories are and they are not, and
    /// hashes each as it is written. Blocks until done; nothing is synced. `progress` gets bytes made and in all.
    ///
    /// `new` must have passed ``Tree/check()``. Throws `tampered` when the delta, or an old file that it uses, is not
    /// what it should be; `unsupported` for a newer format; `file` when a file cannot be read or written. No file with
    /// a wrong content is left; others may be, and the folder is the caller's to remove, as after every error.
    public func apply(
        _ delta: FilePath, from old: [TreeEntry], in oldFolder: FilePath, to new: [TreeEntry], into folder: FilePath,
        progress: (Int64, Int64) -> Void = { _, _ in }
    ) throws(PackagingError) {
        let contents = try DeltaContents(from: old, to: new)
        var input = try DeltaInput(delta, fileSystem: fileSystem)
        let output = DeltaOutput(contents, into: folder, fileSystem: fileSystem)
        do throws(PackagingError) {
            var decoder = try SegmentDecoder(source: OldStream(contents, in: oldFolder, fileSystem: fileSystem))
            var done: Int64 = 0
            while done < contents.carriedBytes {
                let group = try DeltaGroup(
                    decoding: try input.nextControl(), left: contents.carriedBytes - done, oldBytes: contents.oldBytes)
                decoder.begin(group)
                for (index, segment) in group.segments.enumerated() {
                    let frames = try input.next(segment.frames.reduce(0, +))
                    let bytes = try decoder.decode(index, frames: frames)
                    done += Int64(bytes.count)
                    try output.put(bytes)
                    progress(done, contents.carriedBytes)
                }
            }
            try input.checkEnd()
            try output.finish()
        } catch {
            output.abandon()
            throw error
        }
    }
}
