// SPDX-License-Identifier: Apache-2.0
internal import CDivsufsort
internal import Packaging

/// Finds the longest match for new bytes in a part of the old stream: a suffix array, narrowed by its first three bytes.
///
/// @unchecked: its memory is written once, by the initialiser, and only read afterwards.
final class SuffixIndex: @unchecked Sendable {
    /// Bytes of memory for each byte that is indexed, the byte itself included.
    static let bytesPerByte = 5

    private let text: UnsafePointer<UInt8>
    private let count: Int
    /// Where the part starts in the old stream.
    let offset: Int
    private let suffixes: UnsafeMutablePointer<Int32>
    private let buckets: UnsafeMutablePointer<UInt32>
    private static let bucketCount = 1 << 24

    /// `text` must outlive the index; it has less than 2 GiB.
    init(_ text: UnsafeBufferPointer<UInt8>, offset: Int) throws(PackagingError) {
        guard let base = text.baseAddress, text.count > 0, text.count < Int(Int32.max) else {
            throw PackagingError(.unsupported, "A suffix array needs 1 byte to 2 GiB of content.")
        }
        self.text = base
        count = text.count
        self.offset = offset
        suffixes = .allocate(capacity: text.count)
        buckets = .allocate(capacity: Self.bucketCount + 2)
        buckets.initialize(repeating: 0, count: Self.bucketCount + 2)
        guard divsufsort(base, suffixes, Int32(text.count)) == 0 else {
            suffixes.deallocate()
            buckets.deallocate()
            throw PackagingError(.unsupported, "There is not enough memory for a suffix array.")
        }
        fillBuckets()
    }

    deinit {
        suffixes.deallocate()
        buckets.deallocate()
    }

    private func fillBuckets() {
        for position in 0..<max(count - 2, 0) { buckets[Self.key(text + position) + 1] += 1 }
        var sum: UInt32 = 0
        for bucket in 0...Self.bucketCount {
            sum += buckets[bucket]
            buckets[bucket] = sum
        }
        // The last two suffixes have no three bytes; they sort before all longer ones that begin like them.
        for tail in 1...2 where tail <= count {
            let first = Int(text[count - tail]) << 16
            let key = tail == 1 ? first : first | Int(text[count - 1]) << 8
            for bucket in key...Self.bucketCount { buckets[bucket] += 1 }
        }
    }

    @inline(__always)
    private static func key(_ bytes: UnsafePointer<UInt8>) -> Int {
        Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
    }

    /// Bytes that `new` and the text at `position` have in common.
    @inline(__always)
    private func common(_ position: Int, _ new: UnsafePointer<UInt8>, _ limit: Int, from start: Int) -> Int {
        commonPrefix(text + position, new, min(limit, count - position), from: start)
    }

    /// The longest match for the `limit` bytes at `new`: where it is in the old stream, and how long. Length 0 when
    /// fewer than three bytes match.
    func longestMatch(_ new: UnsafePointer<UInt8>, limit: Int) -> (position: Int, length: Int) {
        guard limit >= 3 else { return (0, 0) }
        let key = Self.key(new)
        var low = Int(buckets[key])
        var high = Int(buckets[key + 1]) - 1
        guard low <= high else { return (0, 0) }
        var lowCommon = common(Int(suffixes[low]), new, limit, from: 0)
        var highCommon = common(Int(suffixes[high]), new, limit, from: 0)
        var best = lowCommon >= highCommon ? (Int(suffixes[low]), lowCommon) : (Int(suffixes[high]), highCommon)
        while high - low > 1 {
            let middle = (low + high) / 2
            let suffix = Int(suffixes[middle])
            let length = common(suffix, new, limit, from: min(lowCommon, highCommon))
            if length > best.1 { best = (suffix, length) }
            if length == limit || (suffix + length < count && text[suffix + length] > new[length]) {
                high = middle
                highCommon = length
            } else {
                low = middle
                lowCommon = length
            }
        }
        return (offset + best.0, best.1)
    }
}

/// Length of the common prefix of `a` and `b`, at most `limit`; the first `start` bytes are known to be the same.
@inline(__always)
func commonPrefix(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ limit: Int, from start: Int = 0) -> Int {
    let a = UnsafeRawPointer(a)
    let b = UnsafeRawPointer(b)
    var length = start
    while length + 8 <= limit {
        let difference =
            a.loadUnaligned(fromByteOffset: length, as: UInt64.self).littleEndian
            ^ b.loadUnaligned(fromByteOffset: length, as: UInt64.self).littleEndian
        if difference != 0 { return length + difference.trailingZeroBitCount >> 3 }
        length += 8
    }
    while length < limit,
        a.load(fromByteOffset: length, as: UInt8.self) == b.load(fromByteOffset: length, as: UInt8.self)
    {
        length += 1
    }
    return length
}
