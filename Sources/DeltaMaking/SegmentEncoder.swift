// SPDX-License-Identifier: Apache-2.0
internal import CZstd
internal import Packaging

/// Codes one segment the way that makes it shorter.
struct SegmentEncoder {
    let prediction: DeltaPrediction
    /// All of the group.
    let segments: [Range<Int64>]
    let old: MemorySource
    /// The group's new content.
    let new: UnsafeRawBufferPointer
    let level: Int

    /// Groups up to this many bytes are coded both ways; of larger ones, segments that are predicted for the most part
    /// are coded as differences, the others with the prediction as a prefix. Measured: the wrong guess costs little.
    private static let smallGroup: Int64 = 32 << 20

    /// What goes into the control, and the frames one after the other.
    func encode(_ index: Int) throws(PackagingError) -> (segment: DeltaSegment, frames: [UInt8]) {
        let range = segments[index]
        let content = absolute(range)
        let copies = prediction.copies(in: range)
        var prefix = history(before: index)
        let previous = prefix.count
        let copied = copies.reduce(0) { $0 + Int($1.length) }
        prefix += [UInt8](repeating: 0, count: copied)
        try fill(&prefix, from: previous, copies, range.lowerBound)

        let zstd = DeltaCompressor()
        let isSmall = prediction.group.length <= Self.smallGroup
        let isPredicted = copied * 4 >= content.count * 3
        var best: (segment: DeltaSegment, frames: [UInt8])?
        if isSmall || !isPredicted {
            let frame = try zstd.compress(content, prefix: prefix, level: level)
            best = (DeltaSegment(range, mode: .prefix, frames: [frame.count]), frame)
        }
        if copied > 0, isSmall || isPredicted {
            let (differences, rest) = subtract(prefix[previous...], from: content, copies)
            let first = try zstd.compress(differences, prefix: [], level: level)
            let second = try zstd.compress(rest, prefix: prefix, level: level)
            if first.count + second.count < best?.frames.count ?? .max {
                best = (DeltaSegment(range, mode: .difference, frames: [first.count, second.count]), first + second)
            }
        }
        guard let best else { throw PackagingError(.unsupported, "A segment could not be coded.") }
        return best
    }

    private func absolute(_ segment: Range<Int64>) -> [UInt8] {
        var bytes = Array(new[Int(segment.lowerBound)..<Int(segment.upperBound)])
        bytes.withUnsafeMutableBytes { prediction.rewrite($0, at: segment.lowerBound, toAbsolute: true) }
        return bytes
    }

    /// As a reader has it: each segment's operands were made absolute by themselves.
    private func history(before index: Int) -> [UInt8] {
        let start = segments[index].lowerBound - Int64(DeltaFormat.historyBytes)
        return segments[..<index].filter { $0.upperBound > start }.flatMap { segment in
            absolute(segment).suffix(Int(min(segment.upperBound - start, Int64(segment.count))))
        }
    }

    private func fill(
        _ prefix: inout [UInt8], from start: Int, _ copies: [DeltaCopy], _ position: Int64
    ) throws(PackagingError) {
        var failure: PackagingError?
        var source = old
        prefix.withUnsafeMutableBytes { bytes in
            do throws(PackagingError) {
                _ = try prediction.predict(
                    copies, at: position, from: &source, into: .init(rebasing: bytes[start...]))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private func subtract(
        _ predicted: ArraySlice<UInt8>, from content: [UInt8], _ copies: [DeltaCopy]
    ) -> (differences: [UInt8], rest: [UInt8]) {
        var differences: [UInt8] = []
        var rest: [UInt8] = []
        differences.reserveCapacity(predicted.count)
        rest.reserveCapacity(content.count - predicted.count)
        var at = 0
        var next = predicted.startIndex
        for copy in copies {
            rest += content[at..<Int(copy.new)]
            let end = Int(copy.new + copy.length)
            for position in Int(copy.new)..<end {
                differences.append(content[position] &- predicted[next])
                next += 1
            }
            at = end
        }
        rest += content[at...]
        return (differences, rest)
    }
}

/// The old stream in memory.
struct MemorySource: DeltaSource, @unchecked Sendable {
    // @unchecked: nobody writes to it while a delta is made.
    let bytes: UnsafeRawBufferPointer

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) {
        buffer.copyMemory(from: .init(rebasing: bytes[Int(offset)..<(Int(offset) + buffer.count)]))
    }
}

/// zstd frames that lean on a prefix.
struct DeltaCompressor {
    func compress(_ bytes: [UInt8], prefix: [UInt8], level: Int) throws(PackagingError) -> [UInt8] {
        guard let context = ZSTD_createCCtx() else {
            throw PackagingError(.unsupported, "There is not enough memory to compress.")
        }
        defer { ZSTD_freeCCtx(context) }
        let total = max(bytes.count + prefix.count, 1)
        // The window must reach back to the prefix's start.
        let window = min(max(Int32(Int.bitWidth - (total - 1).leadingZeroBitCount), 10), 30)
        var parameters: [(ZSTD_cParameter, Int32)] = [
            (ZSTD_c_compressionLevel, Int32(level)), (ZSTD_c_windowLog, window), (ZSTD_c_contentSizeFlag, 0),
        ]
        if level >= 18 {
            // Small input leaves time for all that zstd has.
            if total <= 24 << 20 { parameters[0].1 = max(parameters[0].1, 22) }
            parameters += [
                (ZSTD_c_strategy, Int32(ZSTD_btultra2.rawValue)), (ZSTD_c_chainLog, min(window, 28)),
                (ZSTD_c_hashLog, min(window, 24)),
            ]
        }
        for (parameter, value) in parameters {
            guard ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value)) == 0 else {
                throw PackagingError(.unsupported, "Compression level \(level) is not one of zstd's.")
            }
        }
        var status = 0
        let frame = prefix.withUnsafeBytes { prefix in
            [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { output, count in
                if prefix.count > 0 { status = ZSTD_CCtx_refPrefix(context, prefix.baseAddress, prefix.count) }
                guard ZSTD_isError(status) == 0 else { return }
                status = ZSTD_compress2(context, output.baseAddress, output.count, bytes, bytes.count)
                count = ZSTD_isError(status) == 0 ? status : 0
            }
        }
        guard ZSTD_isError(status) == 0 else {
            throw PackagingError(.unsupported, "Compression failed: \(String(cString: ZSTD_getErrorName(status))).")
        }
        return frame
    }
}
