// SPDX-License-Identifier: Apache-2.0
internal import Crypto

private let hexDigits = Array("0123456789abcdef".utf8)

/// Lower-case hexadecimal.
public func hex(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
        text.append(hexDigits[Int(byte >> 4)])
        text.append(hexDigits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// Lower-case hexadecimal SHA-256.
public func sha256Hex(_ bytes: [UInt8]) -> String { hex(SHA256.hash(data: bytes)) }

/// SHA-256 of what goes by, in lower-case hex at the end.
package struct RunningHash: Sendable {
    package static let chunk = 1 << 20

    private var hash = SHA256()
    package private(set) var count: Int64 = 0

    package init() {}

    package var hex: String { hexadecimal(hash.finalize()) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bufferPointer: bytes)
        count += Int64(bytes.count)
    }

    package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }
    package mutating func update(_ bytes: ArraySlice<UInt8>) { bytes.withUnsafeBytes { update($0) } }

    /// What `file` has of `range`; ``count`` says how much that was.
    package mutating func update(_ file: any OpenFile, in range: Range<Int64> = 0..<Int64.max) throws(FileError) {
        // Small enough to be still in the processor's cache when it is hashed.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        var position = range.lowerBound
        while position < range.upperBound {
            let wanted = Int(min(Int64(buffer.count), range.upperBound - position))
            let read = try file.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
            update(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
            position += Int64(read)
            if read < wanted { return }
        }
    }
}

/// Within ``RunningHash`` the property has the function's name.
private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String { hex(bytes) }
