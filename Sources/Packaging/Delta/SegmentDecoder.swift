// SPDX-License-Identifier: Apache-2.0
internal import Platform

/// Makes a segment of a delta from its frames and what predicts it.
struct SegmentDecoder {
    private let input: DeltaInput
    private let zstd: DeltaDecompressor
    private let compressed = LargeMemory(count: DeltaFormat.frameBytes)
    /// What is not predicted: little, of most segments.
    private let rest = LargeMemory(count: DeltaFormat.segmentBytes)

    init(_ input: DeltaInput) throws(PackagingError) {
        self.input = input
        zstd = try DeltaDecompressor()
    }

    /// What needs no prediction: the differences from it, to the end of the segment's place in `output`.
    func begin(_ segment: PlannedSegment, in output: SegmentBuffer) throws(PackagingError) {
        guard segment.mode == .difference else { return }
        let place = output.content(segment.length)[(segment.length - segment.predicted)...]
        try zstd.decompress(
            try input.read(segment.frames[0], into: compressed), prefix: .init(start: nil, count: 0),
            into: UnsafeMutableRawBufferPointer(rebasing: place))
    }

    /// The segment, with absolute operands, to the end of the first half of `output`. `prefix` has the prediction.
    func finish(
        _ segment: PlannedSegment, prefix: SegmentBuffer, into output: SegmentBuffer
    ) throws(PackagingError) {
        let bytes = prefix.prefix(history: segment.history, predicted: segment.predicted)
        let content = output.content(segment.length)
        switch segment.mode {
        case .prefix:
            try zstd.decompress(try input.read(segment.frames[0], into: compressed), prefix: bytes, into: content)
        case .difference:
            let rest = UnsafeMutableRawBufferPointer(rebasing: rest.bytes[..<(segment.length - segment.predicted)])
            try zstd.decompress(try input.read(segment.frames[1], into: compressed), prefix: bytes, into: rest)
            Self.merge(rest, segment.copies, prefix.prediction(segment.predicted), into: content)
        }
    }

    /// `content` ends with the differences, and what is made of them there never overtakes them: what is predicted goes to the
    /// copies' places, the rest between them.
    private static func merge(
        _ rest: UnsafeMutableRawBufferPointer, _ copies: [DeltaCopy], _ prediction: UnsafeMutableRawBufferPointer,
        into content: UnsafeMutableRawBufferPointer
    ) {
        var (at, taken, predicted) = (0, 0, 0)
        func fill(_ count: Int) {
            UnsafeMutableRawBufferPointer(rebasing: content[at..<(at + count)])
                .copyMemory(from: .init(rebasing: rest[taken..<(taken + count)]))
            taken += count
            at += count
        }
        for copy in copies {
            fill(Int(copy.new) - at)
            let count = Int(copy.length)
            add(content, at: rest.count + predicted, prediction, at: predicted, count, into: at)
            predicted += count
            at += count
        }
        fill(content.count - at)
    }

    /// Bytewise, modulo 256. `target` is not behind `start`, so that nothing is overwritten before it was read.
    private static func add(
        _ content: UnsafeMutableRawBufferPointer, at start: Int, _ prediction: UnsafeMutableRawBufferPointer,
        at position: Int, _ count: Int, into target: Int
    ) {
        typealias Block = SIMD32<UInt8>
        var index = 0
        while index + Block.scalarCount <= count {
            let difference = content.loadUnaligned(fromByteOffset: start &+ index, as: Block.self)
            let predicted = prediction.loadUnaligned(fromByteOffset: position &+ index, as: Block.self)
            content.storeBytes(of: difference &+ predicted, toByteOffset: target &+ index, as: Block.self)
            index &+= Block.scalarCount
        }
        while index < count {
            content[target &+ index] = content[start &+ index] &+ prediction[position &+ index]
            index &+= 1
        }
    }
}
