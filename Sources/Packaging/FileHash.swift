// SPDX-License-Identifier: Apache-2.0
internal import Crypto
internal import Platform

/// SHA-256 of what goes by, in lower-case hex at the end.
struct RunningHash {
    static let chunk = 1 << 20

    private var hash = SHA256()
    private(set) var count: Int64 = 0

    mutating func update(_ bytes: some ContiguousBytesSource) {
        bytes.withBytes { hash.update(bufferPointer: $0) }
        count += Int64(bytes.byteCount)
    }

    var hex: String { Hex.lower(hash.finalize()) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bufferPointer: bytes)
        count += Int64(bytes.count)
    }

    /// All of `file`.
    mutating func update(_ file: any OpenFile) throws(FileError) {
        // Small enough to be still in the processor's cache when it is hashed.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        var position: Int64 = 0
        while true {
            let read = try file.read(at: position, into: buffer)
            update(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
            position += Int64(read)
            if read < buffer.count { return }
        }
    }
}

/// Arrays and their slices, whose bytes lie in one piece.
protocol ContiguousBytesSource {
    var byteCount: Int { get }
    func withBytes(_ body: (UnsafeRawBufferPointer) -> Void)
}

extension Array: ContiguousBytesSource where Element == UInt8 {
    var byteCount: Int { count }
    func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) { withUnsafeBytes(body) }
}

extension ArraySlice: ContiguousBytesSource where Element == UInt8 {
    var byteCount: Int { count }
    func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) { withUnsafeBytes(body) }
}

/// SHA-256 of bytes in memory, in lower-case hex.
public enum ContentHash {
    public static func sha256(_ bytes: [UInt8]) -> String {
        var hash = RunningHash()
        hash.update(bytes)
        return hash.hex
    }
}
