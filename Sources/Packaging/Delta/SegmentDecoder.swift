// SPDX-License-Identifier: Apache-2.0

/// Makes the segments of a delta, one after the other. Memory is the previous segment and the prediction, 32 MiB
/// together, besides what it returns.
struct SegmentDecoder<Source: DeltaSource> {
    private var source: Source
    private let zstd: DeltaDecompressor
    private var prediction = DeltaPrediction(DeltaGroup(length: 0, images: [], copies: []))
    /// The previous segment, with absolute operands, and behind it the prediction: zstd's prefix.
    private var prefix: [UInt8] = []
    private var previousCount = 0

    init(source: Source) throws(PackagingError) {
        self.source = source
        zstd = try DeltaDecompressor()
    }

    mutating func begin(_ group: DeltaGroup) {
        prediction = DeltaPrediction(group)
        previousCount = 0
    }

    /// The content of segment `index`, from its frames as they lie in the delta.
    mutating func decode(_ index: Int, frames: [UInt8]) throws(PackagingError) -> [UInt8] {
        let segment = prediction.group.segments[index]
        let length = prediction.group.segmentLength(index)
        let copies = prediction.copies(inSegment: index)
        let copied = copies.reduce(0) { $0 + Int($1.length) }
        let start = previousCount
        try predict(copies, ofSegment: index, from: start, count: copied)
        var content = try decompress(segment, length: length, prefixCount: start + copied, copies, frames)
        remember(content)
        let position = Int64(index) * Int64(DeltaFormat.segmentBytes)
        content.withUnsafeMutableBytes { prediction.rewrite($0, at: position, toAbsolute: false) }
        return content
    }

    private mutating func predict(
        _ copies: [DeltaCopy], ofSegment index: Int, from start: Int, count: Int
    ) throws(PackagingError) {
        if prefix.count < start + count { prefix += [UInt8](repeating: 0, count: start + count - prefix.count) }
        let prediction = prediction
        // Out of self for a while, so that the source can be changed beside it.
        var bytes: [UInt8] = []
        swap(&bytes, &prefix)
        var source = source
        var failure: PackagingError?
        bytes.withUnsafeMutableBytes { bytes in
            do throws(PackagingError) {
                _ = try prediction.predict(
                    copies, ofSegment: index, from: &source, into: .init(rebasing: bytes[start..<(start + count)]))
            } catch {
                failure = error
            }
        }
        swap(&bytes, &prefix)
        self.source = source
        if let failure { throw failure }
    }

    private mutating func remember(_ content: [UInt8]) {
        if prefix.count < content.count { prefix += [UInt8](repeating: 0, count: content.count - prefix.count) }
        previousCount = content.count
        prefix.withUnsafeMutableBytes { to in content.withUnsafeBytes { to.copyMemory(from: $0) } }
    }

    private func decompress(
        _ segment: DeltaSegment, length: Int, prefixCount: Int, _ copies: [DeltaCopy], _ frames: [UInt8]
    ) throws(PackagingError) -> [UInt8] {
        switch segment.mode {
        case .prefix:
            return try decompress(frames[...], count: length, prefixCount: prefixCount)
        case .difference:
            let copied = copies.reduce(0) { $0 + Int($1.length) }
            let differences = try decompress(frames[..<segment.frames[0]], count: copied, prefixCount: 0)
            let rest = try decompress(
                frames[segment.frames[0]...], count: length - copied, prefixCount: prefixCount)
            return merged(differences, rest, copies, length: length, predictionAt: prefixCount - copied)
        }
    }

    private func decompress(
        _ frame: ArraySlice<UInt8>, count: Int, prefixCount: Int
    ) throws(PackagingError) -> [UInt8] {
        var failure: PackagingError?
        let content = [UInt8](unsafeUninitializedCapacity: max(count, 1)) { output, initialized in
            prefix.withUnsafeBytes { prefix in
                do throws(PackagingError) {
                    try zstd.decompress(
                        frame, prefix: .init(rebasing: prefix[..<prefixCount]),
                        into: .init(start: output.baseAddress, count: count))
                    initialized = count
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        return content
    }

    /// What is predicted lies at the copies' places, the rest between them.
    private func merged(
        _ differences: [UInt8], _ rest: [UInt8], _ copies: [DeltaCopy], length: Int, predictionAt start: Int
    ) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: length) { output, initialized in
            var at = 0
            var taken = 0
            var predicted = 0
            rest.withUnsafeBufferPointer { rest in
                differences.withUnsafeBufferPointer { differences in
                    prefix.withUnsafeBufferPointer { prefix in
                        for copy in copies {
                            let gap = Int(copy.new) - at
                            _ = output[at..<(at + gap)].initialize(from: rest[taken..<(taken + gap)])
                            taken += gap
                            at += gap
                            let count = Int(copy.length)
                            for offset in 0..<count {
                                output[at &+ offset] =
                                    differences[predicted &+ offset] &+ prefix[start &+ predicted &+ offset]
                            }
                            predicted += count
                            at += count
                        }
                        _ = output[at..<length].initialize(from: rest[taken...])
                    }
                }
            }
            initialized = length
        }
    }
}
