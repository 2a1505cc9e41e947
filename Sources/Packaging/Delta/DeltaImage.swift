// SPDX-License-Identifier: Apache-2.0

/// An executable or library that both trees have, as far as predicting addresses goes. Nothing in it is trusted: it only
/// changes what is predicted.
package struct DeltaImage: Sendable, Hashable {
    /// How addresses are written in a range.
    package enum Kind: UInt8, Sendable {
        /// Nothing is predicted, but the range has addresses.
        case plain = 0
        /// x86-64 instructions of a program that is loaded at its addresses: operands relative to the next instruction,
        /// and absolute ones of four bytes.
        case fixedX86 = 1
        /// Eight bytes, aligned, absolute.
        case words = 2
        /// Four bytes, aligned, relative to themselves.
        case relative = 3
        /// Four bytes, aligned, relative to the start of the range.
        case based = 4
        /// x86-64 instructions that run anywhere: operands relative to the next instruction.
        case x86 = 5

        var isCode: Bool { self == .x86 || self == .fixedX86 }
    }

    package struct Range: Sendable, Hashable {
        /// In the old stream, or from the start of the group's new content.
        package var offset: Int64
        package var length: Int64
        /// Address of its first byte; 0 when it is not loaded.
        package var address: Int64
        package var kind: Kind

        package init(offset: Int64, length: Int64, address: Int64, kind: Kind) {
            self.offset = offset
            self.length = length
            self.address = address
            self.kind = kind
        }

        var end: Int64 { offset + length }
    }

    /// One side of an image: ranges in ascending order, and the addresses that it takes when loaded.
    package struct Side: Sendable, Hashable {
        package var low: Int64
        package var high: Int64
        package var ranges: [Range]

        package init(low: Int64, high: Int64, ranges: [Range]) {
            self.low = low
            self.high = high
            self.ranges = ranges
        }
    }

    package var old: Side
    package var new: Side

    package init(old: Side, new: Side) {
        self.old = old
        self.new = new
    }

    func encode(into output: inout DeltaBytes) {
        for side in [old, new] {
            output.number(side.low)
            output.number(side.high - side.low)
            output.number(Int64(side.ranges.count))
            var end: Int64 = 0
            for range in side.ranges {
                output.number(range.offset - end)
                output.number(range.length)
                output.number(range.address)
                output.byte(range.kind.rawValue)
                end = range.end
            }
        }
    }

    init(decoding input: inout DeltaReader, newBytes: Int64, oldBytes: Int64) throws(PackagingError) {
        old = try Self.side(&input, bytes: oldBytes)
        new = try Self.side(&input, bytes: newBytes)
    }

    private static func side(_ input: inout DeltaReader, bytes: Int64) throws(PackagingError) -> Side {
        let low = try input.number(upTo: DeltaFormat.addresses)
        let span = try input.number(upTo: DeltaFormat.imageSpan)
        var side = Side(low: low, high: low + span, ranges: [])
        var end: Int64 = 0
        for _ in 0..<(try input.number(upTo: Int64(DeltaFormat.ranges))) {
            let offset = end + (try input.number(upTo: bytes - end))
            let length = try input.number(upTo: bytes - offset)
            let address = try input.number(upTo: DeltaFormat.addresses)
            // Empty ranges could be looked through for ever.
            guard let kind = Kind(rawValue: try input.byte()), length > 0 else {
                throw DeltaFormat.tampered("The delta has an address range that is empty or of an unknown kind.")
            }
            side.ranges.append(Range(offset: offset, length: length, address: address, kind: kind))
            end = offset + length
        }
        return side
    }

    static func check(_ images: [DeltaImage]) throws(PackagingError) {
        let ranges = images.reduce(0) { $0 + $1.old.ranges.count + $1.new.ranges.count }
        let span = images.reduce(0) { $0 + ($1.old.high - $1.old.low) + ($1.new.high - $1.new.low) }
        guard ranges <= DeltaFormat.ranges, span <= DeltaFormat.groupSpan else {
            throw DeltaFormat.tampered("The delta describes more addresses than are allowed.")
        }
        // So that looking through the copies of every image looks at each copy about once.
        var end: Int64 = 0
        for image in images {
            guard let first = image.new.ranges.first, let last = image.new.ranges.last else { continue }
            guard first.offset >= end else { throw DeltaFormat.tampered("Images in the delta overlap.") }
            end = last.end
        }
    }
}
