// SPDX-License-Identifier: Apache-2.0

/// The constants of the format, and the limits that bound a reader's memory whatever a delta says.
package enum DeltaFormat {
    /// `RICDELTA`, then the version.
    package static let magic: [UInt8] = Array("RICDELTA".utf8) + [1]
    /// Bytes of new content that are coded together, at most and at least; only a group's last segment is shorter.
    package static let segmentBytes = 8 << 20
    package static let smallestSegment = 1 << 20
    /// Bytes of new content before a segment that are part of its prefix.
    package static let historyBytes = 8 << 20
    /// Bytes of new content in a group at most.
    package static let groupBytes: Int64 = 512 << 20
    package static let copies = 1 << 20
    package static let images = 4096
    /// Address ranges of all images of a group, old and new.
    package static let ranges = 1 << 16
    /// Bytes of address space of one image, and of all images of a group.
    package static let imageSpan: Int64 = 1 << 32
    package static let groupSpan: Int64 = 1 << 33
    package static let addresses: Int64 = 1 << 62
    /// Bytes of a group's control, uncompressed: three numbers of a few bytes for each copy, and the images.
    package static let controlBytes = 24 << 20
    /// Bytes of a compressed frame; zstd adds little to what it cannot compress.
    package static let frameBytes = segmentBytes + (segmentBytes >> 6)

    static func tampered(_ reason: String) -> PackagingError { PackagingError(.tampered, reason, at: "delta") }
}

/// Reads numbers from a delta's control and never past its end.
struct DeltaReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() throws(PackagingError) -> UInt8 {
        guard position < bytes.count else { throw DeltaFormat.tampered("The delta's control is cut off.") }
        defer { position += 1 }
        return bytes[position]
    }

    /// Seven bits a byte, the lowest first; at most `limit`, in the fewest bytes.
    mutating func number(upTo limit: Int64 = .max) throws(PackagingError) -> Int64 {
        var value: UInt64 = 0
        for index in 0..<9 {
            let next = try byte()
            value |= UInt64(next & 0x7F) << UInt64(7 * index)
            guard next < 0x80 else { continue }
            guard value <= UInt64(limit), index == 0 || next != 0 else { break }
            return Int64(value)
        }
        throw DeltaFormat.tampered("A number in the delta is out of its range.")
    }

    /// The sign is the lowest bit.
    mutating func signed() throws(PackagingError) -> Int64 {
        let value = try number()
        return (value >> 1) ^ -(value & 1)
    }
}

/// Writes what ``DeltaReader`` reads.
struct DeltaBytes {
    private(set) var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    /// `value` is not negative.
    mutating func number(_ value: Int64) {
        var rest = UInt64(bitPattern: value)
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func signed(_ value: Int64) { number((value << 1) ^ (value >> 63)) }
}
