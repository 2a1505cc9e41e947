// SPDX-License-Identifier: Apache-2.0

/// What part of a representation a `Range` header asks for (RFC 9110, section 14).
enum ByteRange: Sendable, Hashable {
    /// No range, one that is not understood, or several: all of it is the right answer.
    case whole
    case part(Range<Int64>)
    /// 416.
    case unsatisfiable

    init(header: String?, length: Int64) {
        self = .whole
        guard let header, length > 0 else { return }
        let halves = header.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, halves[0].lowercased() == "bytes" else { return }
        // Several ranges would have to be answered as multipart, which nobody here asks for.
        let set = halves[1].drop { $0 == " " || $0 == "\t" }
        guard !set.contains(",") else { return }
        let ends = set.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2 else { return }
        let last = ends[1].reversed().drop { $0 == " " || $0 == "\t" }.reversed()
        guard let first = Self.number(ends[0]), let last = Self.number(String(last)) else { return }
        switch (first, last) {
        case (nil, nil): return
        case (nil, let count?): self = count == 0 ? .unsatisfiable : .part(max(0, length - count)..<length)
        case (let start?, nil): self = start < length ? .part(start..<length) : .unsatisfiable
        case (let start?, let end?):
            guard start <= end else { return }
            self = start < length ? .part(start..<min(length, end == .max ? end : end + 1)) : .unsatisfiable
        }
    }

    /// `nil` for what is not a number; an absent one for empty text. Numbers too large to count are the largest.
    private static func number(_ text: some StringProtocol) -> Int64?? {
        guard !text.isEmpty else { return .some(nil) }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return .some(Int64(text) ?? .max)
    }
}

/// Entity tags in `If-None-Match` and `If-Range` (RFC 9110, sections 8.8.3, 13.1). Ours are strong.
enum EntityTag {
    /// Weak comparison over the header's list; `*` matches whatever there is.
    static func isListed(_ tag: String, in header: String) -> Bool {
        if header.trimming() == "*" { return true }
        return tags(in: header).contains { ($0.hasPrefix("W/") ? String($0.dropFirst(2)) : $0) == tag }
    }

    /// Tags may contain commas: they are read, not split.
    private static func tags(in header: String) -> [String] {
        var tags: [String] = []
        var rest = header[...]
        while let open = rest.firstIndex(of: "\"") {
            let isWeak = rest[..<open].hasSuffix("W/")
            let inner = rest.index(after: open)
            guard let close = rest[inner...].firstIndex(of: "\"") else { break }
            tags.append((isWeak ? "W/" : "") + rest[open...close])
            rest = rest[rest.index(after: close)...]
        }
        return tags
    }
}

extension String {
    fileprivate func trimming() -> Substring {
        self.drop { $0 == " " }.prefix { $0 != " " }
    }
}
