// SPDX-License-Identifier: Apache-2.0

/// An entity tag (RFC 9110, section 8.8.3).
package struct EntityTag: Sendable, Hashable {
    package var isWeak: Bool
    /// With its quotes.
    package var opaque: String

    /// A strong tag: the same tag is the same bytes.
    /// - Parameter value: what stands between the quotes; letters, digits and the like.
    package init(strong value: String) {
        isWeak = false
        opaque = "\"\(value)\""
    }

    private init(isWeak: Bool, opaque: String) {
        self.isWeak = isWeak
        self.opaque = opaque
    }

    /// As it stands in a field.
    package var text: String { isWeak ? "W/\(opaque)" : opaque }

    /// Strong comparison: for ranges, and for conditions of a change.
    package func isSameStrongly(as other: EntityTag) -> Bool { !isWeak && !other.isWeak && opaque == other.opaque }

    /// Weak comparison: for telling a cache that it has it.
    package func isSameWeakly(as other: EntityTag) -> Bool { opaque == other.opaque }

    /// The one tag that a field consists of; `nil` for anything else, dates among it.
    package init?(_ field: String) {
        guard case .tags(let tags) = EntityTagList(field), tags.count == 1, let tag = tags.first else { return nil }
        self = tag
    }

    /// Takes a tag from the front of `rest`. Tags may contain commas: they are read, not split.
    fileprivate init?(taking rest: inout Substring.UTF8View) {
        let quote = UInt8(ascii: "\"")
        var body = rest
        isWeak = body.starts(with: "W/".utf8)
        if isWeak { body = body.dropFirst(2) }
        guard body.first == quote else { return nil }
        let inner = body.dropFirst().prefix { $0 == 0x21 || (0x23...0x7E).contains($0) || $0 >= 0x80 }
        guard inner.endIndex < body.endIndex, body[inner.endIndex] == quote else { return nil }
        let end = body.index(after: inner.endIndex)
        opaque = String(Substring(body[..<end]))
        rest = body[end...]
    }
}

/// What `If-Match` and `If-None-Match` carry (RFC 9110, section 13.1).
package enum EntityTagList: Sendable, Hashable {
    /// `*`: whatever there is.
    case any
    case tags([EntityTag])

    /// `nil` for what is no list of tags.
    package init?(_ field: String) {
        let field = Substring(field).withoutOuterSpace
        guard field != "*" else {
            self = .any
            return
        }
        var (tags, rest): ([EntityTag], Substring.UTF8View) = ([], field.utf8)
        while true {
            // Empty elements are allowed, and count for nothing.
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: ",") }
            guard !rest.isEmpty else { break }
            guard let tag = EntityTag(taking: &rest) else { return nil }
            tags.append(tag)
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return nil }
        }
        guard !tags.isEmpty else { return nil }
        self = .tags(tags)
    }
}
