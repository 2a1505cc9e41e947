// SPDX-License-Identifier: Apache-2.0
import Crypto
import Platform
import TUF

enum FileHash {
    private static let piece: Int64 = 1 << 20

    /// Lower-case hex of a part of a file; `malformed` when the file ends before. Blocks.
    static func sha256(of file: any OpenFile, offset: Int64 = 0, length: Int64) throws(StoreError) -> String {
        var hash = SHA256()
        var position = offset
        while position < offset + length {
            let bytes: [UInt8]
            do {
                bytes = try file.read(at: position, count: Int(min(piece, offset + length - position)))
            } catch {
                throw StoreError(.file(error), "\(error)")
            }
            guard !bytes.isEmpty else { throw StoreError(.malformed, "a file became shorter while it was read") }
            hash.update(data: bytes)
            position += Int64(bytes.count)
        }
        return hex(hash.finalize())
    }
}
