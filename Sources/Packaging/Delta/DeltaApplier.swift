// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Makes the files of a new tree that a delta carries, from the delta and the old tree's folder.
///
/// Memory does not grow with the trees: a segment of up to 8 MiB is predicted while the one before it is decompressed and the two
/// before that are written; lists of files and of copies come on top. Keeps two cores busy.
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
        let writer = DeltaOutput(contents, into: folder, fileSystem: fileSystem)
        let predictor = SegmentPredictor(source: OldStream(contents, in: oldFolder, fileSystem: fileSystem))
        do throws(PackagingError) {
            let decoder = try SegmentDecoder(input)
            let buffers = [SegmentBuffer(), SegmentBuffer()]
            var (turn, done): (Int, Int64) = (0, 0)
            while done < contents.carriedBytes {
                let group = try DeltaGroup(
                    decoding: try input.nextControl(), left: contents.carriedBytes - done, oldBytes: contents.oldBytes)
                let prediction = DeltaPrediction(group)
                var next = try PlannedSegment(0, of: prediction, from: &input)
                predictor.start(next, into: buffers[turn])
                for index in group.segments.indices {
                    let segment = next
                    let (prefix, output) = (buffers[turn], buffers[1 - turn])
                    // The writer let go of the segment that lay there when the last one was put.
                    try decoder.begin(segment, in: output)
                    try predictor.finish()
                    if index + 1 < group.segments.count {
                        next = try PlannedSegment(index + 1, of: prediction, from: &input)
                        predictor.start(next, into: output)
                        output.complete(next.history, before: segment.length, from: prefix)
                    }
                    try decoder.finish(segment, prefix: prefix, into: output)
                    try writer.put(segment, in: output)
                    done += Int64(segment.length)
                    progress(done, contents.carriedBytes)
                    turn = 1 - turn
                }
            }
            try input.checkEnd()
            try writer.finish()
        } catch {
            // Nobody may use what is let go of.
            try? predictor.finish()
            writer.abandon()
            throw error
        }
    }
}
