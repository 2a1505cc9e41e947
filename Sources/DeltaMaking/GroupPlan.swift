// SPDX-License-Identifier: Apache-2.0
internal import Packaging

/// Which files' content a group has. Groups end where files end, if files are not larger than a group.
struct GroupPlan {
    struct Part {
        /// Of the carried contents.
        var index: Int
        /// In the file.
        var offset: Int64
        var count: Int
        /// In the group.
        var start: Int64
    }

    var parts: [Part] = []
    var length: Int64 = 0

    /// Cut behind the file that reaches this, so that a group seldom gets full.
    private static let enough: Int64 = 256 << 20

    static func groups(_ carried: [DeltaContents.Carried]) -> [GroupPlan] {
        var groups: [GroupPlan] = []
        var current = GroupPlan()
        for (index, file) in carried.enumerated() where file.size > 0 {
            if current.length > 0, current.length + min(file.size, DeltaFormat.groupBytes) > DeltaFormat.groupBytes {
                groups.append(current)
                current = GroupPlan()
            }
            var offset: Int64 = 0
            while offset < file.size {
                let count = min(file.size - offset, DeltaFormat.groupBytes - current.length)
                current.parts.append(Part(index: index, offset: offset, count: Int(count), start: current.length))
                current.length += count
                offset += count
                if current.length == DeltaFormat.groupBytes || (offset == file.size && current.length >= enough) {
                    groups.append(current)
                    current = GroupPlan()
                }
            }
        }
        if current.length > 0 { groups.append(current) }
        return groups
    }

    /// The first ones and the last ones are small: while a reader decompresses the first, and while it writes the last, it has
    /// nothing else to do.
    static func segments(_ length: Int64) -> [Range<Int64>] {
        let smallest: Int64 = 2 << 20
        var segments: [Range<Int64>] = []
        var (start, largest) = (Int64(0), smallest)
        while start < length {
            let left = length - start
            let count = min(max(left / 2, smallest), largest)
            let end = left - count < Int64(DeltaFormat.smallestSegment) ? length : start + count
            segments.append(start..<end)
            start = end
            largest = min(2 * largest, Int64(DeltaFormat.segmentBytes))
        }
        return segments
    }
}

/// Finds which old executable a new one comes from.
struct ImagePairs {
    private var byPath: [String: Int] = [:]
    private var byName: [String: Int] = [:]
    private var byStem: [String: Int] = [:]

    init(_ old: [DeltaContents.Old]) {
        for (index, file) in old.enumerated() {
            byPath[file.path] = index
            // The first ones are those that the new tree does not have any more.
            let name = Self.name(file.path)
            if byName[name] == nil { byName[name] = index }
            if byStem[Self.stem(name)] == nil { byStem[Self.stem(name)] = index }
        }
    }

    func old(for path: String) -> Int? {
        let name = Self.name(path)
        return byPath[path] ?? byName[name] ?? byStem[Self.stem(name)]
    }

    private static func name(_ path: String) -> String {
        String(path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...])
    }

    /// Names of libraries often have a version or a hash at their end.
    private static func stem(_ name: String) -> String { String(name.prefix { $0 != "-" && $0 != "." }) }
}
