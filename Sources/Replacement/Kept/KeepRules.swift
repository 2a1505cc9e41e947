// SPDX-License-Identifier: Apache-2.0
internal import Platform
public import SystemPackage

/// Files that belong to the customer inside the application folder.
public struct KeepRule: Sendable, Hashable {
    /// Relative to the application folder: `*` and `?` stay within a name, `**` crosses folders, and a pattern that
    /// names a folder (`backups` or `backups/**`) means everything in it.
    public var pattern: String
    /// Its files are written once and never changed, so they are hard-linked instead of copied.
    public var immutable: Bool

    public init(_ pattern: String, immutable: Bool = false) {
        self.pattern = pattern
        self.immutable = immutable
    }

    /// Whether the pattern can mean anything: relative, no `.` or `..`, not empty.
    public var isValid: Bool { KeepRules.steps(of: self) != nil }
}

/// Keep rules, parsed once and matched against names as bytes: two names that only look alike are two names.
///
/// What a rule means is kept with everything below it, so matching is a walk: each folder's ``Position`` follows from
/// that of the folder it is in, and below a folder of the customer's there is nothing left to match.
public struct KeepRules: Sendable, Hashable {
    /// What the rules say of something kept.
    public struct Match: Sendable, Hashable {
        /// Files are written once; when rules differ, one that says so is enough.
        public var immutable: Bool

        public init(immutable: Bool) {
            self.immutable = immutable
        }
    }

    enum Step: Sendable, Hashable {
        case anyFolders
        case name(NamePattern)
        /// The rule means what has come to this, and all below.
        case end
    }

    /// The steps of all rules, one rule after the other.
    private let steps: [Step]
    /// For each step, whether its rule says so.
    private let immutable: [Bool]
    /// The first step of each rule.
    private let firsts: [Int]

    /// Invalid rules mean nothing.
    public init(_ rules: [KeepRule]) {
        var (steps, immutable, firsts): ([Step], [Bool], [Int]) = ([], [], [])
        for rule in rules {
            guard let own = Self.steps(of: rule) else { continue }
            firsts.append(steps.count)
            steps += own
            immutable += own.map { _ in rule.immutable }
        }
        (self.steps, self.immutable, self.firsts) = (steps, immutable, firsts)
    }

    public var isEmpty: Bool { firsts.isEmpty }

    /// `nil` for a pattern that is empty, absolute or has `.` or `..` in it.
    fileprivate static func steps(of rule: KeepRule) -> [Step]? {
        let bytes = Array(rule.pattern.utf8)
        guard bytes.first != UInt8(ascii: "/") else { return nil }
        var steps: [Step] = []
        for part in bytes.split(separator: UInt8(ascii: "/")) {
            if part.elementsEqual(".".utf8) || part.elementsEqual("..".utf8) { return nil }
            if part.elementsEqual("**".utf8) {
                if steps.last != .anyFolders { steps.append(.anyFolders) }
            } else {
                steps.append(.name(NamePattern(part)))
            }
        }
        guard !steps.isEmpty else { return nil }
        // A folder's name means what is in it, and so does `**` at the end.
        if steps.last == .anyFolders { steps.removeLast() }
        return steps + [.end]
    }

    /// What the rules say of a path relative to the application folder: of it itself, or of a folder that it is in.
    /// `nil` when it is not kept.
    public func rule(for path: FilePath) -> Match? {
        var position = start
        for name in path.components {
            if let everything = position.everythingBelow { return everything }
            guard position.leadsOn else { return nil }
            position = position.entering(name)
        }
        return position.match
    }

    /// Where a walk begins: the application folder itself.
    public var start: Position {
        var position = Position(rules: self)
        for step in firsts { position.reach(step) }
        position.settle()
        return position
    }

    /// How sure it is that a rule means this very folder to lead to what it keeps.
    enum Way: Sendable, Hashable, Comparable {
        /// `**` leads everywhere.
        case anyFolders
        case pattern
        case name
    }

    /// What the rules can say of a path and of what is below it.
    public struct Position: Sendable, Hashable {
        private let rules: KeepRules
        /// Steps that what is below may take, ascending.
        private var open: [Int] = []
        /// What the rules say of the path itself; `nil` when it is not kept.
        public private(set) var match: Match?

        /// How the rules that lead on led here.
        private(set) var way = Way.anyFolders

        fileprivate init(rules: KeepRules, match: Match? = nil) {
            self.rules = rules
            self.match = match
        }

        /// Whether anything at or below the path can be kept.
        public var leadsOn: Bool { match != nil || !open.isEmpty }

        /// What the rules say of all that is below, when they say the same of all of it: nothing need be matched there.
        public var everythingBelow: Match? { open.isEmpty ? match : nil }

        /// The position of what has this name in the folder here.
        public func entering(_ name: ArraySlice<UInt8>) -> Position {
            var next = Position(rules: rules, match: match)
            for step in open {
                switch rules.steps[step] {
                case .anyFolders: next.reach(step)
                case .name(let pattern):
                    guard pattern.matches(name) else { continue }
                    next.way = max(next.way, pattern.isLiteral ? .name : .pattern)
                    next.reach(step + 1)
                case .end: break
                }
            }
            next.settle()
            return next
        }

        public func entering(_ name: FilePath.Component) -> Position { entering(name.bytes[...]) }

        fileprivate mutating func reach(_ step: Int) {
            switch rules.steps[step] {
            case .end:
                match = Match(immutable: rules.immutable[step] || match?.immutable == true)
            case .name:
                if !open.contains(step) { open.append(step) }
            case .anyFolders:
                if !open.contains(step) { open.append(step) }
                // They may be none.
                reach(step + 1)
            }
        }

        /// What is kept already needs no rule that would say the same.
        fileprivate mutating func settle() {
            guard let match else { return }
            open.removeAll { match.immutable || !rules.immutable[$0] }
        }
    }
}

/// A pattern for one name.
struct NamePattern: Sendable, Hashable {
    private static let any = UInt8(ascii: "*")
    private static let one = UInt8(ascii: "?")

    private let pattern: [UInt8]
    let isLiteral: Bool

    init(_ pattern: ArraySlice<UInt8>) {
        self.pattern = Array(pattern)
        isLiteral = !pattern.contains(Self.any) && !pattern.contains(Self.one)
    }

    /// Goes back to the last `*` only, so that no pattern takes more than the product of both lengths.
    func matches(_ name: ArraySlice<UInt8>) -> Bool {
        if isLiteral { return name.elementsEqual(pattern) }
        var (p, n) = (pattern.startIndex, name.startIndex)
        var star: (pattern: Int, name: Int)?
        while n < name.endIndex {
            if p < pattern.endIndex, pattern[p] == Self.any {
                p += 1
                star = (p, n)
            } else if p < pattern.endIndex, pattern[p] == Self.one {
                p += 1
                n += Self.characterLength(name[n...])
            } else if p < pattern.endIndex, pattern[p] == name[n] {
                p += 1
                n += 1
            } else if let last = star {
                // By whole characters: a `?` must not stand for the rest of one.
                n = last.name + Self.characterLength(name[last.name...])
                p = last.pattern
                star = (p, n)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == Self.any }
    }

    /// Bytes of the UTF-8 character at the start; 1 where there is none.
    private static func characterLength(_ bytes: ArraySlice<UInt8>) -> Int {
        guard let first = bytes.first, first >= 0xc2, first <= 0xf4, bytes.count >= 2 else { return 1 }
        let length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
        let second: ClosedRange<UInt8> =
            switch first {
            case 0xe0: 0xa0...0xbf
            case 0xed: 0x80...0x9f
            case 0xf0: 0x90...0xbf
            case 0xf4: 0x80...0x8f
            default: 0x80...0xbf
            }
        let start = bytes.startIndex
        guard bytes.count >= length, second.contains(bytes[start + 1]),
            bytes[start..<start + length].dropFirst(2).allSatisfy({ (0x80...0xbf).contains($0) })
        else { return 1 }
        return length
    }
}
