// SPDX-License-Identifier: Apache-2.0

/// A GET or HEAD for a file that has one strong entity tag, and a date only for people: what its fields ask for, and
/// what RFC 9110 makes of them. Dates in conditions never count, since no `Last-Modified` is sent (sections 13.1.3 to
/// 13.1.5).
package struct FileRequest: Sendable, Hashable {
    package enum Answer: Sendable, Hashable {
        /// 200.
        case whole
        /// 206.
        case part(Range<Int64>)
        /// 304.
        case notModified
        /// 412.
        case preconditionFailed
        /// 416.
        case unsatisfiable
    }

    package var isHead: Bool
    package var ifMatch: String?
    package var ifNoneMatch: String?
    package var ifRange: String?
    package var range: String?

    package init(
        isHead: Bool = false, ifMatch: String? = nil, ifNoneMatch: String? = nil, ifRange: String? = nil,
        range: String? = nil
    ) {
        self.isHead = isHead
        self.ifMatch = ifMatch
        self.ifNoneMatch = ifNoneMatch
        self.ifRange = ifRange
        self.range = range
    }

    /// In the order of section 13.2.2.
    package func answer(tag: EntityTag, length: Int64) -> Answer {
        if let ifMatch, !Self.matches(ifMatch, { tag.isSameStrongly(as: $0) }) { return .preconditionFailed }
        if let ifNoneMatch, Self.matches(ifNoneMatch, { tag.isSameWeakly(as: $0) }) { return .notModified }
        // A range means something with GET only (section 14.2).
        guard !isHead, range != nil, isRangeWanted(tag) else { return .whole }
        switch ByteRange(range, length: length) {
        case .whole: return .whole
        case .part(let bytes): return .part(bytes)
        case .unsatisfiable: return .unsatisfiable
        }
    }

    /// What cannot be read as a list of tags is a condition that is not true.
    private static func matches(_ field: String, _ isSame: (EntityTag) -> Bool) -> Bool {
        switch EntityTagList(field) {
        case .any: true
        case .tags(let tags): tags.contains(where: isSame)
        case nil: false
        }
    }

    private func isRangeWanted(_ tag: EntityTag) -> Bool {
        guard let ifRange else { return true }
        return EntityTag(ifRange).map { tag.isSameStrongly(as: $0) } ?? false
    }
}
