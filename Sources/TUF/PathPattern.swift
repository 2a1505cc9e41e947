// SPDX-License-Identifier: Apache-2.0

/// Shell patterns (`*`, `?`, `[a-z]`, `[!a-z]`) that never match across a `/` (specification 4.5, PATHPATTERN). A `[` that
/// nothing closes stands for itself.
enum PathPattern {
    static func matches(_ path: String, pattern: String) -> Bool {
        let path = path.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false)
        let pattern = pattern.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false)
        return path.count == pattern.count
            && zip(path, pattern).allSatisfy { segmentMatches(Array($0), pattern: tokens(Array($1))) }
    }

    private enum Token {
        case star
        case any
        case one(UnicodeScalar)
        case set([ClosedRange<UnicodeScalar>], isNegated: Bool)

        func matches(_ scalar: UnicodeScalar) -> Bool {
            switch self {
            case .star: false
            case .any: true
            case .one(let own): own == scalar
            case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
            }
        }

        var isStar: Bool { if case .star = self { true } else { false } }
    }

    private static func tokens(_ pattern: [UnicodeScalar]) -> [Token] {
        var tokens: [Token] = []
        var index = 0
        while index < pattern.count {
            let scalar = pattern[index]
            index += 1
            switch scalar {
            case "*": tokens.append(.star)
            case "?": tokens.append(.any)
            case "[":
                guard let (set, end) = set(pattern, from: index) else {
                    tokens.append(.one(scalar))
                    continue
                }
                tokens.append(set)
                index = end
            default: tokens.append(.one(scalar))
            }
        }
        return tokens
    }

    /// Of the text behind a `[`; `nil` when no `]` closes it. A `]` that comes first is one of the set.
    private static func set(_ pattern: [UnicodeScalar], from start: Int) -> (Token, end: Int)? {
        var index = start
        let isNegated = index < pattern.count && pattern[index] == "!"
        if isNegated { index += 1 }
        let first = index
        var ranges: [ClosedRange<UnicodeScalar>] = []
        while index < pattern.count {
            if pattern[index] == "]", index > first { return (.set(ranges, isNegated: isNegated), index + 1) }
            let isRange = index + 2 < pattern.count && pattern[index + 1] == "-" && pattern[index + 2] != "]"
            let last = isRange ? index + 2 : index
            // One that goes backwards has nothing in it.
            if pattern[index] <= pattern[last] { ranges.append(pattern[index]...pattern[last]) }
            index = last + 1
        }
        return nil
    }

    /// Goes back to the last star only, so it takes time in the product of the lengths at most.
    private static func segmentMatches(_ text: [UnicodeScalar], pattern: [Token]) -> Bool {
        var (t, p) = (0, 0)
        var star: (pattern: Int, text: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p].isStar {
                star = (p, t)
                p += 1
            } else if p < pattern.count, pattern[p].matches(text[t]) {
                p += 1
                t += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                p = last.pattern + 1
                t = last.text + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy(\.isStar)
    }
}
