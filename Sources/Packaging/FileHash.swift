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

    /// The rest of `file` from `offset` on, or up to `limit` bytes of it.
    mutating func update(_ file: any OpenFile, from offset: Int64 = 0, limit: Int64 = .max) throws(FileError) {
        var position = offset
        while position - offset < limit {
            let bytes = try file.read(at: position, count: Int(min(Int64(Self.chunk), limit - (position - offset))))
            guard !bytes.isEmpty else { return }
            update(bytes)
            position += Int64(bytes.count)
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
