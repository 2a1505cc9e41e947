// SPDX-License-Identifier: Apache-2.0
import Crypto
package import Platform

/// SHA-256 of what goes by, in lower-case hex at the end.
package struct RunningHash: Sendable {
    package static let chunk = 1 << 20

    private var hash = SHA256()
    package private(set) var count: Int64 = 0

    package init() {}

    package var hex: String { TUF.hex(hash.finalize()) }

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
