// SPDX-License-Identifier: Apache-2.0

public import Packaging
public import Platform
public import SystemPackage

/// Makes the delta between two trees.
public struct DeltaWriter: Sendable {
    private let fileSystem: any FileSystem
    private let options: DeltaOptions

    public init(fileSystem: any FileSystem, options: DeltaOptions = DeltaOptions()) {
        self.fileSystem = fileSystem
        self.options = options
    }

    /// Writes the delta to `file`, which must not exist, and syncs it; `nil`, and no file, when the new tree has no
    /// content that the old one does not have. The folders hold exactly the trees' content, and stay as they are.
    ///
    /// Blocks until done. Memory is the old tree five times, up to `indexBytes` and the old tree, up to 512 MiB of new
    /// content, and about 500 MiB for each thread. Throws `changedWhileRead` when a file is shorter than its tree says;
    /// the caller removes `file` after every error.
    public func write(
        from old: [TreeEntry], in oldFolder: FilePath, to new: [TreeEntry], in newFolder: FilePath, as file: FilePath,
        progress: (DeltaProgress) -> Void = { _ in }
    ) throws(PackagingError) -> WrittenDelta? {
        let contents = try DeltaContents(from: old, to: new)
        guard !contents.carried.isEmpty else { return nil }
        let output = try DeltaSink(file, fileSystem: fileSystem)
        let buffer = try StreamBuffer(
            contents.old.map { ($0.path, 0, Int($0.size)) }, in: oldFolder, fileSystem: fileSystem)
        let parts = indexParts(buffer.bytes.count)
        if parts.count > 1 { progress(.split(parts: parts.count)) }
        var shared: SuffixIndex?
        var segments = 0
        var done: Int64 = 0
        var reads: Set<Int> = []
        for plan in GroupPlan.groups(contents.carried) {
            let new = try StreamBuffer(
                plan.parts.map { (contents.carried[$0.index].paths[0], $0.offset, $0.count) }, in: newFolder,
                fileSystem: fileSystem)
            var copies: [DeltaCopy] = []
            for (number, part) in parts.enumerated() {
                progress(.indexing(part: number + 1, of: parts.count))
                let index: SuffixIndex
                if let shared {
                    index = shared
                } else {
                    index = try SuffixIndex(.init(rebasing: buffer.typed[part]), offset: part.lowerBound)
                }
                if parts.count == 1 { shared = index }
                let found = try self.copies(of: new, in: buffer, index)
                copies = number == 0 ? found : better(copies, found, length: new.bytes.count)
            }
            var group = DeltaGroup(
                length: plan.length, images: images(plan, contents, new, buffer),
                copies: limited(copies))
            let before = done
            let frames = try encode(&group, new, buffer) { progress(.compressing(before + $0, contents.carriedBytes)) }
            segments += group.segments.count
            for copy in group.copies { reads.formUnion(contents.oldFiles(in: copy.old..<(copy.old + copy.length))) }
            try output.append(group, frames)
            done += plan.length
        }
        let paths = reads.map { contents.old[$0].path }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return try output.finish(segments: segments, reads: paths, indexParts: parts.count)
    }

    /// The old stream in parts whose suffix arrays fit into the memory that is allowed; none when it is empty.
    private func indexParts(_ count: Int) -> [Range<Int>] {
        let most = max(min(options.indexBytes / SuffixIndex.bytesPerByte, Int(Int32.max) - 1), 1)
        guard count > 0 else { return [] }
        let parts = (count + most - 1) / most
        return (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
    }

    private static let pieceBytes = 4 << 20

    private func copies(
        of new: StreamBuffer, in old: StreamBuffer, _ index: SuffixIndex
    ) throws(PackagingError) -> [DeltaCopy] {
        let length = new.bytes.count
        // Where there is little, its control is little too.
        let isSmall = length <= 32 << 20
        let pieces = (length + Self.pieceBytes - 1) / Self.pieceBytes
        let found = inParallel(pieces, threads: options.threads) { piece in
            let matcher = Matcher(
                old: old.typed, new: new.typed, index: index, shortest: isSmall ? 32 : 64, step: isSmall ? 2 : 8)
            return matcher.copies(piece * Self.pieceBytes..<min((piece + 1) * Self.pieceBytes, length))
        }
        var copies: [DeltaCopy] = []
        for copy in found.joined() {
            if let last = copies.last, last.new + last.length == copy.new, last.old + last.length == copy.old {
                copies[copies.count - 1].length += copy.length
            } else {
                copies.append(copy)
            }
        }
        return copies
    }

    /// From copies found in different parts of the old tree, for each piece of new content those that predict more.
    private func better(_ first: [DeltaCopy], _ second: [DeltaCopy], length: Int) -> [DeltaCopy] {
        func pieces(_ copies: [DeltaCopy]) -> [[DeltaCopy]] {
            var pieces = [[DeltaCopy]](repeating: [], count: length / Self.pieceBytes + 1)
            for copy in copies {
                var rest = copy
                while rest.length > 0 {
                    let piece = Int(rest.new) / Self.pieceBytes
                    let count = min(rest.length, Int64((piece + 1) * Self.pieceBytes) - rest.new)
                    pieces[piece].append(DeltaCopy(new: rest.new, old: rest.old, length: count))
                    rest = DeltaCopy(new: rest.new + count, old: rest.old + count, length: rest.length - count)
                }
            }
            return pieces
        }
        return zip(pieces(first), pieces(second)).flatMap { first, second in
            let predicted = (first.reduce(0) { $0 + $1.length }, second.reduce(0) { $0 + $1.length })
            return predicted.0 >= predicted.1 ? first : second
        }
    }

    /// The format bounds the number of copies: the shortest go.
    private func limited(_ copies: [DeltaCopy]) -> [DeltaCopy] {
        guard copies.count > DeltaFormat.copies else { return copies }
        let shortest = copies.map(\.length).sorted(by: >)[DeltaFormat.copies]
        return copies.filter { $0.length > shortest }
    }

    private func images(
        _ plan: GroupPlan, _ contents: DeltaContents, _ new: StreamBuffer, _ old: StreamBuffer
    ) -> [DeltaImage] {
        let pairs = ImagePairs(contents.old)
        var images: [DeltaImage] = []
        var ranges = 0
        var span: Int64 = 0
        for part in plan.parts where part.count == contents.carried[part.index].size {
            let start = Int(part.start)
            let file = UnsafeRawBufferPointer(rebasing: new.bytes[start..<(start + part.count)])
            guard let newSide = ELFImage.side(of: file, at: part.start),
                let index = pairs.old(for: contents.carried[part.index].paths[0])
            else { continue }
            let source = contents.old[index]
            let oldFile = old.bytes[Int(source.start)..<Int(source.start + source.size)]
            let oldSide = ELFImage.side(of: .init(rebasing: oldFile), at: source.start)
            // Without an old image the operands can still be made absolute.
            let image = DeltaImage(old: oldSide ?? .init(low: 0, high: 0, ranges: []), new: newSide)
            ranges += image.old.ranges.count + image.new.ranges.count
            span += (image.old.high - image.old.low) + (image.new.high - image.new.low)
            guard images.count < DeltaFormat.images, ranges <= DeltaFormat.ranges, span <= DeltaFormat.groupSpan else {
                break
            }
            images.append(image)
        }
        return images
    }

    private func encode(
        _ group: inout DeltaGroup, _ new: StreamBuffer, _ old: StreamBuffer, progress: (Int64) -> Void
    ) throws(PackagingError) -> [[UInt8]] {
        let encoder = DeltaPrediction(group)
        let level = options.level
        var frames: [[UInt8]] = []
        let segments = GroupPlan.segments(group.length)
        let coded = try inParallel(segments.count, threads: options.threads) { index throws(PackagingError) in
            try SegmentEncoder(
                prediction: encoder, segments: segments, old: MemorySource(bytes: old.bytes), new: new.bytes,
                level: level
            ).encode(index)
        }
        for (segment, frame) in coded {
            group.segments.append(segment)
            frames.append(frame)
        }
        progress(group.length)
        return frames
    }
}
