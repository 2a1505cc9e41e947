// SPDX-License-Identifier: Apache-2.0
import Platform
import TUF

enum FileHash {
    /// Lower-case hex of a part of a file; `malformed` when the file ends before. Blocks.
    static func sha256(of file: any OpenFile, offset: Int64 = 0, length: Int64) throws(StoreError) -> String {
        var hash = RunningHash()
        do {
            try hash.update(file, in: offset..<offset + length)
        } catch {
            throw StoreError(.file(error), "\(error)")
        }
        guard hash.count == length else { throw StoreError(.malformed, "a file became shorter while it was read") }
        return hash.hex
    }
}
