// SPDX-License-Identifier: Apache-2.0

/// Makes a segment of a delta from its frames and what predicts it.
struct SegmentDecoder {
    private let zstd: DeltaDecompressor
    /// Differences and, behind them, what is not predicted; empty until it is needed.
    private var scratch: [UInt8] = []

    init() throws(PackagingError) { zstd = try DeltaDecompressor() }

    /// The segment, with absolute operands, into the first half of `output`. `frames` are as they lie in the delta, `prefix`
    /// has the prediction.
    mutating func decode(
        _ segment: PlannedSegment, frames: [UInt8], prefix: SegmentBuffer, into output: SegmentBuffer
    ) throws(PackagingError) {
        let bytes = prefix.prefix(hasPrevious: segment.index > 0, predicted: segment.predicted)
        let content = output.content(segment.length)
        switch segment.coding.mode {
        case .prefix:
            try zstd.decompress(frames[...], prefix: bytes, into: content)
        case .difference:
            if scratch.count < segment.length { scratch = [UInt8](repeating: 0, count: segment.length) }
            let first = segment.coding.frames[0]
            try scratch.withUnsafeMutableRaw { (scratch: UnsafeMutableRawBufferPointer) throws(PackagingError) in
                let differences = UnsafeMutableRawBufferPointer(rebasing: scratch[..<segment.predicted])
                let rest = UnsafeMutableRawBufferPointer(rebasing: scratch[segment.predicted..<segment.length])
                try zstd.decompress(frames[..<first], prefix: .init(rebasing: bytes[..<0]), into: differences)
                try zstd.decompress(frames[first...], prefix: bytes, into: rest)
                Self.merge(
                    differences, rest, segment.copies, prefix.prediction(segment.predicted), into: content)
            }
        }
    }

    /// What is predicted lies at the copies' places, the rest between them.
    private static func merge(
        _ differences: UnsafeMutableRawBufferPointer, _ rest: UnsafeMutableRawBufferPointer, _ copies: [DeltaCopy],
        _ prediction: UnsafeMutableRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) {
        var at = 0
        var taken = 0
        var predicted = 0
        for copy in copies {
            let gap = Int(copy.new) - at
            UnsafeMutableRawBufferPointer(rebasing: output[at..<(at + gap)])
                .copyMemory(from: .init(rebasing: rest[taken..<(taken + gap)]))
            taken += gap
            at += gap
            let count = Int(copy.length)
            add(
                differences, prediction, at: predicted,
                into: UnsafeMutableRawBufferPointer(rebasing: output[at..<(at + count)]))
            predicted += count
            at += count
        }
        UnsafeMutableRawBufferPointer(rebasing: output[at...]).copyMemory(from: .init(rebasing: rest[taken...]))
    }

    /// Bytewise, modulo 256, eight at a time: builds without optimisation have to be usable too.
    private static func add(
        _ a: UnsafeMutableRawBufferPointer, _ b: UnsafeMutableRawBufferPointer, at start: Int,
        into sum: UnsafeMutableRawBufferPointer
    ) {
        let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
        var index = 0
        while index + 8 <= sum.count {
            let x = a.loadUnaligned(fromByteOffset: start &+ index, as: UInt64.self)
            let y = b.loadUnaligned(fromByteOffset: start &+ index, as: UInt64.self)
            // The highest bit of each byte is added without its carry, which would be the next byte's.
            sum.storeBytes(of: ((x & low) &+ (y & low)) ^ ((x ^ y) & ~low), toByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        while index < sum.count {
            sum[index] = a[start &+ index] &+ b[start &+ index]
            index &+= 1
        }
    }
}

extension [UInt8] {
    /// As `withUnsafeMutableBytes`, for what throws errors of this library.
    mutating func withUnsafeMutableRaw(
        _ body: (UnsafeMutableRawBufferPointer) throws(PackagingError) -> Void
    ) throws(PackagingError) {
        var failure: PackagingError?
        withUnsafeMutableBytes { bytes in
            do throws(PackagingError) { try body(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
