// SPDX-License-Identifier: Apache-2.0
internal import Platform
internal import Crypto
internal import TUF

/// Byte ranges of a full pack that carry some of a tree's files: whole frames. Ranges that lie close together are one, since
/// a few bytes more are cheaper than another request.
public struct PackRanges: Sendable, Hashable {
    /// Frames with less than this between them are fetched in one request. Bytes.
    static let gap: Int64 = 64 << 10

    public struct Range: Sendable, Hashable {
        /// In the pack.
        public var offset: Int64
        public var length: Int64
    }

    /// In ascending order, not touching.
    public let ranges: [Range]
    /// Indexes of every frame within the ranges, in order.
    let frames: [Int]

    /// What has to be fetched.
    public var bytes: Int64 { ranges.reduce(0) { $0 + $1.length } }
    public var count: Int { ranges.count }
    public var isEmpty: Bool { ranges.isEmpty }

    /// The frames in which files lie. `files` are indexes into the tree's entries.
    init(_ files: [Int], of tree: Tree) {
        var wanted: Set<Int> = []
        let map = FrameMap(tree.pack)
        let starts = tree.contentOffsets()
        for file in files { wanted.formUnion(map.frames(of: starts[file]..<(starts[file] + tree.entries[file].size))) }
        self.init(wanted.sorted(), of: tree.pack)
    }

    /// `wanted` are indexes of frames, in ascending order.
    init(_ wanted: [Int], of pack: PackReference) {
        var (ranges, frames): ([Range], [Int]) = ([], [])
        for index in wanted {
            let frame = pack.frames[index]
            if let last = ranges.last, frame.offset - (last.offset + last.length) <= Self.gap, let before = frames.last
            {
                ranges[ranges.count - 1].length = frame.offset + frame.length - last.offset
                frames += (before + 1)...index
            } else {
                ranges.append(Range(offset: frame.offset, length: frame.length))
                frames.append(index)
            }
        }
        (self.ranges, self.frames) = (ranges, frames)
    }

    /// Part of the name of the file that they are fetched into: other ranges must not go on where these stopped.
    var fingerprint: String {
        let text = ranges.map { "\($0.offset)+\($0.length)" }.joined(separator: ",")
        return String(hex(SHA256.hash(data: Array(text.utf8))).prefix(16))
    }
}

extension Tree {
    /// Where each entry's content starts in the pack's uncompressed stream, by index. Entries with one content share a place.
    func contentOffsets() -> [Int64] {
        var (offsets, position): ([Int64], Int64) = ([], 0)
        var known: [String: Int64] = [:]
        offsets.reserveCapacity(entries.count)
        for entry in entries {
            if case .file(let size, let sha256, _) = entry.kind, size > 0 {
                if let place = known[sha256] {
                    offsets.append(place)
                    continue
                }
                known[sha256] = position
            }
            offsets.append(position)
            position += entry.size
        }
        return offsets
    }
}

/// Finds the frames of a pack by positions in its uncompressed stream.
struct FrameMap {
    /// Where each frame's content starts; the end of the last one comes last.
    private let starts: [Int64]

    init(_ pack: PackReference) {
        var (starts, position): ([Int64], Int64) = ([0], 0)
        for frame in pack.frames {
            position += frame.uncompressedLength
            starts.append(position)
        }
        self.starts = starts
    }

    func start(of frame: Int) -> Int64 { starts[frame] }

    /// Empty for an empty range.
    func frames(of range: Range<Int64>) -> Range<Int> {
        guard !range.isEmpty else { return 0..<0 }
        let first = starts.partitioningIndex { $0 > range.lowerBound } - 1
        let end = starts.partitioningIndex { $0 >= range.upperBound }
        return first..<end
    }
}
