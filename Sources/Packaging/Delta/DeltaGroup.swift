// SPDX-License-Identifier: Apache-2.0

/// New bytes that are predicted by old ones.
package struct DeltaCopy: Sendable, Hashable {
    /// Where they go, from the start of the group.
    package var new: Int64
    /// Where the prediction lies in the old stream.
    package var old: Int64
    package var length: Int64

    package init(new: Int64, old: Int64, length: Int64) {
        self.new = new
        self.old = old
        self.length = length
    }
}

/// How a segment is coded.
package enum DeltaMode: UInt8, Sendable {
    /// One frame of the segment, whose prefix is the prediction.
    case prefix = 0
    /// A frame of differences from the prediction, and one of what is not predicted.
    case difference = 1
}

package struct DeltaSegment: Sendable, Hashable {
    /// Of the group's new content.
    package var range: Range<Int64>
    package var mode: DeltaMode
    /// Compressed bytes of its one or two frames.
    package var frames: [Int]

    package init(_ range: Range<Int64>, mode: DeltaMode, frames: [Int]) {
        self.range = range
        self.mode = mode
        self.frames = frames
    }
}

/// Up to 512 MiB of new content: what predicts it, and how its segments are coded.
package struct DeltaGroup: Sendable, Hashable {
    /// Bytes of new content.
    package var length: Int64
    package var images: [DeltaImage]
    /// In the order of the new content, without overlap.
    package var copies: [DeltaCopy]
    package var segments: [DeltaSegment]

    package init(length: Int64, images: [DeltaImage], copies: [DeltaCopy], segments: [DeltaSegment] = []) {
        self.length = length
        self.images = images
        self.copies = copies
        self.segments = segments
    }

    package func encoded() -> [UInt8] {
        var output = DeltaBytes()
        output.number(length)
        output.number(Int64(images.count))
        for image in images { image.encode(into: &output) }
        output.number(Int64(copies.count))
        var end: Int64 = 0
        for copy in copies {
            output.number(copy.new - end)
            end = copy.new + copy.length
        }
        for copy in copies { output.number(copy.length) }
        var shift: Int64 = 0
        for copy in copies {
            output.signed(copy.old - copy.new - shift)
            shift = copy.old - copy.new
        }
        for segment in segments {
            output.number(Int64(segment.range.count))
            output.byte(segment.mode.rawValue)
            for frame in segment.frames { output.number(Int64(frame)) }
        }
        return output.bytes
    }

    /// `left` is what the delta still has to make, `oldBytes` what it may refer to.
    package init(decoding bytes: [UInt8], left: Int64, oldBytes: Int64) throws(PackagingError) {
        var input = DeltaReader(bytes)
        length = try input.number(upTo: min(left, DeltaFormat.groupBytes))
        guard length > 0 else { throw DeltaFormat.tampered("A part of the delta is empty.") }
        images = []
        for _ in 0..<(try input.number(upTo: Int64(DeltaFormat.images))) {
            images.append(try DeltaImage(decoding: &input, newBytes: length, oldBytes: oldBytes))
        }
        try DeltaImage.check(images)
        copies = try Self.copies(&input, length: length, oldBytes: oldBytes)
        segments = try Self.segments(&input, length: length)
        guard input.isAtEnd else { throw DeltaFormat.tampered("The delta's control is too long.") }
    }

    private static func segments(
        _ input: inout DeltaReader, length: Int64
    ) throws(PackagingError) -> [DeltaSegment] {
        var segments: [DeltaSegment] = []
        var start: Int64 = 0
        while start < length {
            let end = start + (try input.number(upTo: min(Int64(DeltaFormat.segmentBytes), length - start)))
            // So there are not many of them, whatever a delta says.
            guard end - start >= Int64(DeltaFormat.smallestSegment) || end == length else {
                throw DeltaFormat.tampered("The delta has a segment that is too short.")
            }
            guard let mode = DeltaMode(rawValue: try input.byte()) else {
                throw DeltaFormat.tampered("The delta has a segment of an unknown kind.")
            }
            var frames: [Int] = []
            for _ in 0..<(mode == .prefix ? 1 : 2) {
                frames.append(Int(try input.number(upTo: Int64(DeltaFormat.frameBytes))))
            }
            segments.append(DeltaSegment(start..<end, mode: mode, frames: frames))
            start = end
        }
        return segments
    }

    private static func copies(
        _ input: inout DeltaReader, length: Int64, oldBytes: Int64
    ) throws(PackagingError) -> [DeltaCopy] {
        let count = Int(try input.number(upTo: Int64(DeltaFormat.copies)))
        var copies: [DeltaCopy] = []
        // No more is reserved than was really there.
        for _ in 0..<count { copies.append(DeltaCopy(new: try input.number(upTo: length), old: 0, length: 0)) }
        for index in copies.indices {
            copies[index].length = try input.number(upTo: length)
            guard copies[index].length > 0 else { throw DeltaFormat.tampered("The delta copies nothing.") }
        }
        var end: Int64 = 0
        var shift: Int64 = 0
        for index in copies.indices {
            let copied = copies[index].length
            let new = end + copies[index].new
            shift &+= try input.signed()
            let old = new &+ shift
            guard new <= length, copied <= length - new, old >= 0, old <= oldBytes, copied <= oldBytes - old else {
                throw DeltaFormat.tampered("The delta refers to something outside the old tree or the new one.")
            }
            copies[index].new = new
            copies[index].old = old
            end = new + copied
        }
        return copies
    }
}
