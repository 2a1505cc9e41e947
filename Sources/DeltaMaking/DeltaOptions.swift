// SPDX-License-Identifier: Apache-2.0

/// How much to spend on a delta.
public struct DeltaOptions: Sendable, Hashable {
    /// zstd's, 1…22; from 18 on, its tables cover the whole prefix.
    public var level: Int
    /// At least 1.
    public var threads: Int
    /// Bytes that one suffix array, and what it indexes, may take; an old tree that needs more is indexed in parts.
    public var indexBytes: Int

    public init(level: Int = 19, threads: Int = 2, indexBytes: Int = 6 << 30) {
        self.level = level
        self.threads = threads
        self.indexBytes = indexBytes
    }
}

/// A delta that was written.
public struct WrittenDelta: Sendable, Hashable {
    /// Bytes.
    public var length: Int64
    /// Lower-case hex.
    public var sha256: String
    public var segments: Int
    /// Paths in the old tree that it reads, in order of their bytes.
    public var reads: [String]
    /// More than one when the old tree was indexed in parts, which finds a little less.
    public var indexParts: Int
}

/// What is being done, for people who wait.
public enum DeltaProgress: Sendable, Hashable {
    /// The old tree is indexed in so many parts, since it is too large for one.
    case split(parts: Int)
    case indexing(part: Int, of: Int)
    /// Bytes of new content compressed, and in all.
    case compressing(Int64, Int64)
}
