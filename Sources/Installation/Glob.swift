// SPDX-License-Identifier: Apache-2.0

/// A keep rule's pattern, matched against paths relative to the application folder, scalar by scalar: two names that
/// only look alike are two names.
struct Glob: Sendable, Hashable {
    private enum Segment: Sendable, Hashable {
        case anyFolders
        case name([Unicode.Scalar])
    }

    private let segments: [Segment]

    /// `nil` for a pattern that is empty, absolute or has `.` or `..` in it.
    init?(_ pattern: String) {
        guard !pattern.unicodeScalars.starts(with: "/".unicodeScalars) else { return nil }
        var segments: [Segment] = []
        for part in pattern.unicodeScalars.split(separator: "/") {
            let part = Array(part)
            switch String(String.UnicodeScalarView(part)) {
            case ".", "..": return nil
            case "**":
                if segments.last != .anyFolders { segments.append(.anyFolders) }
            default: segments.append(.name(part))
            }
        }
        // A folder's name means what is in it.
        if segments.last != .anyFolders, !segments.isEmpty { segments.append(.anyFolders) }
        guard !segments.isEmpty else { return nil }
        self.segments = segments
    }

    /// Whether the rule means `path` itself (a file, or a folder with all that is in it).
    func matches(_ path: String) -> Bool {
        Self.matches(segments[...], Self.names(of: path)[...], orBelow: false)
    }

    /// Whether the rule can mean something inside the folder at `path`, so that it is worth reading.
    func canMatch(below path: String) -> Bool {
        Self.matches(segments[...], Self.names(of: path)[...], orBelow: true)
    }

    private static func names(of path: String) -> [[Unicode.Scalar]] {
        path.unicodeScalars.split(separator: "/").map(Array.init)
    }

    private static func matches(
        _ segments: ArraySlice<Segment>, _ names: ArraySlice<[Unicode.Scalar]>, orBelow: Bool
    ) -> Bool {
        guard let first = segments.first else { return names.isEmpty }
        guard let name = names.first else {
            return orBelow || segments.allSatisfy { $0 == .anyFolders }
        }
        switch first {
        case .anyFolders:
            return matches(segments.dropFirst(), names, orBelow: orBelow)
                || matches(segments, names.dropFirst(), orBelow: orBelow)
        case .name(let pattern):
            return matches(pattern[...], name[...])
                && matches(segments.dropFirst(), names.dropFirst(), orBelow: orBelow)
        }
    }

    /// One name; goes back to the last `*` only, so that no pattern takes exponential time.
    private static func matches(_ pattern: ArraySlice<Unicode.Scalar>, _ name: ArraySlice<Unicode.Scalar>) -> Bool {
        var (p, n) = (pattern.startIndex, name.startIndex)
        var star: (pattern: Int, name: Int)?
        while n < name.endIndex {
            if p < pattern.endIndex, pattern[p] == "*" {
                star = (p, n)
                p += 1
            } else if p < pattern.endIndex, pattern[p] == "?" || pattern[p] == name[n] {
                p += 1
                n += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                p = last.pattern + 1
                n = last.name + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }
}
