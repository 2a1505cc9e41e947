// SPDX-License-Identifier: Apache-2.0

/// What part of a representation a `Range` field asks for (RFC 9110, section 14).
package enum ByteRange: Sendable, Hashable {
    /// No range, one that is not understood, or several (they would have to be answered as multipart, which nobody
    /// here asks for): all of it is the right answer.
    case whole
    case part(Range<Int64>)
    /// 416.
    case unsatisfiable

    package init(_ field: String?, length: Int64) {
        self = .whole
        guard let field, let range = Self.only(in: field) else { return }
        let ends = range.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]) else { return }
        switch (first, last) {
        case (nil, nil): return
        case (nil, 0?): self = .unsatisfiable
        // Of nothing, the last bytes are all there is, and no `Content-Range` could say so.
        case (nil, let count?): self = length == 0 ? .whole : .part(max(0, length - count)..<length)
        case (let start?, nil): self = start < length ? .part(start..<length) : .unsatisfiable
        case (let start?, let end?):
            // A last position before the first makes the field invalid: it is ignored.
            guard !Self.isLess(ends[1], ends[0]) else { return }
            self = start < length ? .part(start..<(min(end, length - 1) + 1)) : .unsatisfiable
        }
    }

    /// The one range of a set of bytes; `nil` for several, for other units and for what is no set at all.
    private static func only(in field: String) -> Substring? {
        let halves = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, halves[0].lowercased() == "bytes" else { return nil }
        // Empty elements of a list count for nothing (section 5.6.1).
        let ranges = halves[1].split(separator: ",").map(\.withoutOuterSpace).filter { !$0.isEmpty }
        return ranges.count == 1 ? ranges[0] : nil
    }

    /// `nil` for what is not a number; an absent one for empty text. Numbers too large to count are the largest.
    private static func number(_ text: Substring) -> Int64?? {
        guard !text.isEmpty else { return .some(nil) }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return .some(Int64(text) ?? .max)
    }

    /// Compares written numbers, however many digits they have.
    private static func isLess(_ one: Substring, _ other: Substring) -> Bool {
        let (one, other) = (one.drop { $0 == "0" }, other.drop { $0 == "0" })
        return one.count == other.count ? one < other : one.count < other.count
    }
}

extension Substring {
    /// Without the optional white space that lists allow around their elements.
    var withoutOuterSpace: Substring {
        func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }
        var text = self.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return text
    }
}
