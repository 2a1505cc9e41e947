// SPDX-License-Identifier: Apache-2.0

/// A release's version. Ordered like Semantic Versioning 2.0.0 (section 11), but with any number of numeric parts:
/// missing ones count as zero, so that `1.0` and `1.0.0` are the same version.
public struct Version: Sendable, Comparable, Hashable, CustomStringConvertible {
    public static let maximumLength = 64

    /// As the vendor wrote it.
    public let text: String
    private let numbers: [Identifier]
    /// `nil` for a release proper, which comes after all of its previews.
    private let preview: [Identifier]?

    /// `nil` unless the text starts with a digit and consists of letters, digits, `.`, `-` and `_` only, with no empty
    /// part: a version is also a folder's name in the repository and a part of URLs.
    public init?(_ text: String) {
        guard let first = text.utf8.first, Self.isDigit(first), text.utf8.count <= Self.maximumLength,
            text.utf8.allSatisfy(Self.isAllowed)
        else { return nil }
        let halves = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let numbers = Self.identifiers(halves[0]) else { return nil }
        var significant = numbers
        while significant.count > 1, significant.last == .number("0") { significant.removeLast() }
        if halves.count == 2 {
            guard let preview = Self.identifiers(halves[1]) else { return nil }
            self.preview = preview
        } else {
            preview = nil
        }
        self.text = text
        self.numbers = significant
    }

    public var description: String { text }

    public static func < (a: Version, b: Version) -> Bool {
        let length = max(a.numbers.count, b.numbers.count)
        for index in 0..<length {
            let left = index < a.numbers.count ? a.numbers[index] : .number("0")
            let right = index < b.numbers.count ? b.numbers[index] : .number("0")
            if left != right { return left < right }
        }
        switch (a.preview, b.preview) {
        case (nil, _): return false
        case (_, nil): return true
        case (let left?, let right?): return left.lexicographicallyPrecedes(right)
        }
    }

    /// Two spellings of one version are equal.
    public static func == (a: Version, b: Version) -> Bool {
        a.numbers == b.numbers && a.preview == b.preview
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(numbers)
        hasher.combine(preview)
    }

    /// Whether two texts say one version: `2.0.0` is `2.0`, and what is no version is the same only as itself.
    public static func isSame(_ a: String, _ b: String) -> Bool {
        if a == b { return true }
        guard let left = Version(a), let right = Version(b) else { return false }
        return left == right
    }

    private static func identifiers(_ text: Substring) -> [Identifier]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        return parts.map(Identifier.init)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    /// Numbers stay text, without leading zeros, because a date and time as a build number overflows integers
    /// sooner than one thinks.
    private enum Identifier: Sendable, Hashable, Comparable {
        case number(String)
        case text(String)

        init(_ part: Substring) {
            if part.utf8.allSatisfy(Version.isDigit) {
                let digits = part.drop { $0 == "0" }
                self = .number(digits.isEmpty ? "0" : String(digits))
            } else {
                self = .text(String(part))
            }
        }

        static func < (a: Identifier, b: Identifier) -> Bool {
            switch (a, b) {
            case (.number(let left), .number(let right)):
                left.utf8.count == right.utf8.count ? left < right : left.utf8.count < right.utf8.count
            case (.number, .text): true
            case (.text, .number): false
            case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
            }
        }
    }
}
