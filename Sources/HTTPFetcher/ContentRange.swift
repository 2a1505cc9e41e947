// SPDX-License-Identifier: Apache-2.0

/// The `Content-Range` of a 206 answer (RFC 9110, section 14.4): `bytes 10-19/100`, or `bytes 10-19/*`.
struct ContentRange: Equatable {
    var first: Int64
    var last: Int64
    /// `nil` when the server does not say.
    var total: Int64?

    init?(_ header: String) {
        let words = header.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
        let halves = words[1].split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]), first <= last else {
            return nil
        }
        if halves[1] == "*" {
            total = nil
        } else {
            guard let size = Self.number(halves[1]), last < size else { return nil }
            total = size
        }
        self.first = first
        self.last = last
    }

    var length: Int64 { last - first + 1 }

    /// Whether this is what was asked for: from `offset`, and as long as asked unless the file ends before.
    func answers(offset: Int64, length: Int64?) -> Bool {
        guard first == offset else { return false }
        let reachesEnd = total.map { last == $0 - 1 }
        guard let length else { return reachesEnd ?? true }
        return self.length == length || (self.length < length && reachesEnd == true)
    }

    /// Digits only: `Int64("+1")` would be accepted otherwise.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }
}
